import { LFS_FROM, type ModelSpec, type Scenario } from './scenario.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const ONE: ModelSpec = { files: 1, size: 2 * GIB, bytes: 'random' };
const SMALL: ModelSpec = { files: 1000, size: 20 * 1024, bytes: 'random' };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: '2g-sink',
    about: '1 file of 2 GiB into a sink',
    model: ONE,
    target: 'sink',
    tls: false,
    workers: 1,
    contenders: ['ours', 'relay', 'python-0.4.1'],
  },
  {
    name: '2g-sink-tls',
    about: '1 file of 2 GiB into a sink, TLS on both sides',
    model: ONE,
    target: 'sink',
    tls: true,
    workers: 1,
    contenders: ['ours', 'relay', 'python-0.4.1'],
  },
  {
    name: '2g-registry',
    about: '1 file of 2 GiB into docker-registry',
    model: ONE,
    target: 'docker-registry',
    tls: false,
    workers: 1,
    contenders: ['ours', 'relay', 'python-0.4.1', 'python-1.3.0', 'skopeo'],
  },
  {
    name: '2g-registry-tls',
    about: '1 file of 2 GiB into docker-registry, TLS on both sides',
    model: ONE,
    target: 'docker-registry',
    tls: true,
    workers: 1,
    contenders: ['ours', 'relay', 'python-0.4.1'],
  },
  {
    name: '1000x20k-registry',
    about: '1000 files of 20 KiB into docker-registry',
    model: SMALL,
    target: 'docker-registry',
    tls: false,
    workers: 1,
    contenders: ['ours', 'python-0.4.1'],
  },
];

/** The same with less: large files get smaller, but stay in LFS; of small files there are fewer. */
export function scaled(scenario: Scenario, factor: number): Scenario {
  const { files, size, bytes } = scenario.model;
  const large = size >= LFS_FROM;
  const smaller = (value: number, least: number) => Math.max(least, Math.round(value * factor));
  const model = large
    ? { files, size: Math.min(size, smaller(size, MIB)), bytes }
    : { files: Math.min(files, smaller(files, 10)), size, bytes };
  return { ...scenario, model };
}
