import { expect, test } from 'vitest';
import type { Results, Run, ScenarioResult } from '../results.ts';
import type { ContenderName, Scenario } from '../scenario.ts';
import { report } from './report.ts';

function good(contender: ContenderName, round: number, seconds: number): Run {
  const costs = { userSeconds: seconds / 2, systemSeconds: seconds / 2, peakRssBytes: 80e6 };
  return { contender, round, seconds, ...costs, hubRequests: 4, registryRequests: 9, digest: undefined };
}

const SCENARIO: Scenario = {
  name: '1g',
  about: '1 file of 1 GB & more',
  model: { files: 1, size: 1e9, bytes: 'random' },
  target: 'sink',
  tls: false,
  workers: 1,
  contenders: ['ours', 'relay', 'python-0.4.1'],
};

function results(...scenarios: readonly ScenarioResult[]): Results {
  return {
    date: '2026-11-25',
    commit: '0123456789ab',
    machine: { cpu: 'A <fast> one', cores: 2, memoryBytes: 24 * 2 ** 30, system: 'Linux 6', node: '20.18.1' },
    source: 'nginx',
    contenders: { ours: 'oci-modelcar 1' },
    notes: ['skopeo: not on this machine'],
    scenarios,
  };
}

const PLAYED: ScenarioResult = {
  scenario: SCENARIO,
  runs: [
    ...[2, 9, 1].map((seconds, round) => good('ours', round, seconds)),
    good('relay', 0, 1),
    { contender: 'python-0.4.1', round: 0, failure: 'no image |\nunder the tag' },
  ],
};

test('the table has the ratio of the medians before all figures, and what was left out', () => {
  const { 'results.md': table = '' } = report(results(PLAYED));
  expect(table).toContain('| 1 file of 1 GB & more | 0.50 × (2.00 ×) |  |');
  expect(table).toContain(
    '| ours | 2.00 (1.00–9.00) | 500 | 0.50 |  | 2.00 (1.00 + 1.00) | 2.00 |  | 80 MB | 4 + 9 |',
  );
  expect(table).toContain('- skopeo: not on this machine');
});

test('a run that failed is named as failed, without a figure', () => {
  const { 'results.md': table = '', 'performance.svg': picture = '' } = report(results(PLAYED));
  expect(table).toContain('| python-0.4.1 | failed: no image under the tag |  |');
  expect(picture).toContain('>failed</text>');
});

test('of small files the files are counted, not their bytes', () => {
  const scenario: Scenario = { ...SCENARIO, model: { files: 1000, size: 100, bytes: 'random' } };
  const { 'results.md': table = '' } = report(results({ ...PLAYED, scenario }));
  expect(table).toContain('files/s');
  expect(table).toContain('CPU s/1000 files');
});

test('the picture names the machine and the day, and nothing in it is taken for markup', () => {
  const { 'performance.svg': picture = '' } = report(results(PLAYED));
  expect(picture).toContain('A &lt;fast&gt; one');
  expect(picture).toContain('2026-11-25');
  expect(picture).toContain('1 file of 1 GB &amp; more');
});

test('where nothing was compared there is no picture', () => {
  expect(report(results())['performance.svg']).toBeUndefined();
  expect(report(results())['memory.svg']).toBeUndefined();
});
