import { type ContenderName, LFS_FROM, type ModelSpec, type Scenario } from './scenario.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const ONE: ModelSpec = { files: 1, size: 2 * GIB, bytes: 'random' };
const EIGHT: ModelSpec = { files: 8, size: 512 * MIB, bytes: 'random' };
const EIGHT_SMALLER: ModelSpec = { files: 8, size: 64 * MIB, bytes: 'random' };
const THOUSAND: ModelSpec = { files: 1000, size: 20 * KIB, bytes: 'random' };
const HUNDRED: ModelSpec = { files: 100, size: 20 * KIB, bytes: 'random' };

const STREAMING: readonly ContenderName[] = ['ours', 'relay', 'python-0.4.1'];
const ALL: readonly ContenderName[] = [...STREAMING, 'python-1.3.0', 'skopeo'];
/** For a small file the relay is four processes: no measure of anything. */
const TOOLS: readonly ContenderName[] = ['ours', 'python-0.4.1'];

type Rest = Partial<Scenario> & Pick<Scenario, 'model' | 'target'>;

function scenario(name: string, about: string, rest: Rest): Scenario {
  return { name, about, tls: false, workers: 1, contenders: STREAMING, ...rest };
}

function eight(target: Scenario['target'], workers: number, rest: Partial<Scenario> = {}): Scenario {
  const short = target === 'sink' ? 'sink' : 'registry';
  const where = target === 'sink' ? 'a sink' : target;
  const name = `8x512m-${short}-${workers}w${rest.tls ? '-tls' : ''}`;
  const about = `8 files of 512 MiB into ${where}, ${counted(workers)}${rest.tls ? ', TLS' : ''}`;
  return scenario(name, about, { model: EIGHT, target, workers, ...rest });
}

function thousand(target: Scenario['target'], workers: number, rest: Partial<Scenario> = {}): Scenario {
  const short = target === 'sink' ? 'sink' : 'registry';
  const where = target === 'sink' ? 'a sink' : target;
  const name = `1000x20k-${short}-${workers}w${rest.tls ? '-tls' : ''}`;
  const about = `1000 files of 20 KiB into ${where}, ${counted(workers)}${rest.tls ? ', TLS' : ''}`;
  return scenario(name, about, { model: THOUSAND, target, workers, contenders: TOOLS, ...rest });
}

function counted(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`;
}

/** The default takes some twenty minutes on two cores, with what is marked as extra twice that. */
export const SCENARIOS: readonly Scenario[] = [
  scenario('2g-sink', '1 file of 2 GiB into a sink', { model: ONE, target: 'sink', headline: true }),
  scenario('2g-sink-tls', '1 file of 2 GiB into a sink, TLS', {
    model: ONE,
    target: 'sink',
    tls: true,
    headline: true,
  }),
  scenario('2g-registry', '1 file of 2 GiB into docker-registry', {
    model: ONE,
    target: 'docker-registry',
    contenders: ALL,
    headline: true,
  }),
  scenario('2g-registry-tls', '1 file of 2 GiB into docker-registry, TLS', {
    model: ONE,
    target: 'docker-registry',
    tls: true,
  }),
  eight('sink', 1, { contenders: ['ours'] }),
  eight('sink', 2, { contenders: ['ours'] }),
  eight('sink', 4, { headline: true }),
  eight('sink', 4, { tls: true, extra: true }),
  eight('sink', 8, { contenders: ['ours'] }),
  eight('docker-registry', 1, { extra: true }),
  eight('docker-registry', 2, { contenders: ALL, extra: true }),
  eight('docker-registry', 4, { headline: true }),
  thousand('docker-registry', 1),
  thousand('docker-registry', 4, { headline: true }),
  thousand('sink', 4, { tls: true, extra: true }),
  ...[1, 4].map((workers) =>
    scenario(`far-8x64m-${workers}w`, `8 files of 64 MiB into a sink 50 ms away, ${counted(workers)}`, {
      model: EIGHT_SMALLER,
      target: 'sink',
      workers,
      registryRttMs: 50,
      ...(workers === 1 ? { extra: true } : { headline: true }),
    }),
  ),
  scenario('far-100x20k-4w', '100 files of 20 KiB into a sink 50 ms away, 4 workers', {
    model: HUNDRED,
    target: 'sink',
    workers: 4,
    registryRttMs: 50,
    contenders: TOOLS,
  }),
  scenario('slow-hub-2g', '1 file of 2 GiB from a Hub at 40 MB/s a connection', {
    model: ONE,
    target: 'sink',
    hubBytesPerSecond: 40e6,
    contenders: ['ours', 'relay'],
    rounds: 1,
    headline: true,
  }),
  ...[1, 4].map((workers) =>
    scenario(
      `slow-hub-8x64m-${workers}w`,
      `8 files of 64 MiB from a Hub at 40 MB/s a connection, ${counted(workers)}`,
      {
        model: EIGHT_SMALLER,
        target: 'sink',
        workers,
        hubBytesPerSecond: 40e6,
        ...(workers === 1 ? { extra: true } : { headline: true }),
      },
    ),
  ),
  ...[1, 10, 100].map((size) =>
    scenario(`memory-${size}g`, `1 file of ${size} GiB into a sink`, {
      model: { files: 1, size: size * GIB, bytes: 'zeros' },
      target: 'sink',
      contenders: ['ours'],
      rounds: 1,
      extra: size === 100,
    }),
  ),
];

/** What is played with --quick. */
export const QUICK: readonly string[] = [
  '2g-sink',
  '2g-sink-tls',
  '2g-registry',
  '8x512m-sink-4w',
  '1000x20k-registry-4w',
  'far-8x64m-4w',
  'memory-1g',
];

/** The same with less: large files get smaller, but stay in LFS; of small files there are fewer. */
export function scaled(original: Scenario, factor: number): Scenario {
  const { files, size, bytes } = original.model;
  const less = (value: number, least: number) => Math.min(value, Math.max(least, Math.round(value * factor)));
  const model =
    size >= LFS_FROM ? { files, size: less(size, LFS_FROM), bytes } : { files: less(files, 10), size, bytes };
  const about = `${original.about} (× ${factor})`;
  return { ...original, about, model };
}
