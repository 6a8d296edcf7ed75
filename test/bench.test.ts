import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempFolder } from './support/temp-folder.ts';

/* The benchmark as `npm run bench` starts it, with a model of a megabyte: that it measures, not what. */

const TSC = join('node_modules', 'typescript', 'bin', 'tsc');
const SMALLEST = ['--scale', '0.0001', '--rounds', '1', '--source', 'node'];

let compiled: string;

beforeAll(async () => {
  await mkdir('build', { recursive: true });
  compiled = await mkdtemp(join('build', 'bench-test-'));
  await promisify(execFile)(process.execPath, [TSC, '-p', 'tsconfig.bench.json', '--outDir', compiled]);
});
afterAll(() => rm(compiled, { recursive: true }));

async function bench(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const main = join(compiled, 'bench', 'main.js');
  return promisify(execFile)(process.execPath, [main, ...args]);
}

test('a benchmark leaves a table, a picture and every figure of every run', async () => {
  const out = await tempFolder();
  const chosen = [
    '--scenario',
    '2g-sink',
    '--scenario',
    '2g-sink-tls',
    '--contender',
    'ours',
    '--contender',
    'relay',
  ];
  const { stdout } = await bench(...SMALLEST, ...chosen, '--out', out);
  expect(stdout).toContain('| 1 file of 2 GiB into a sink (× 0.0001) |');
  expect((await readdir(out)).sort()).toEqual(['performance.svg', 'results.json', 'results.md']);
  const { scenarios, machine } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
  expect(machine).toMatchObject({ cores: expect.any(Number), node: process.versions.node });
  const runs = scenarios.flatMap(({ runs }: { runs: object[] }) => runs);
  expect(runs).toHaveLength(4);
  for (const run of runs) {
    expect(run).toMatchObject({
      seconds: expect.any(Number),
      userSeconds: expect.any(Number),
      systemSeconds: expect.any(Number),
      registryRequests: expect.any(Number),
    });
  }
  expect(runs[0]).toMatchObject({ contender: 'ours', digest: expect.stringMatching(/^sha256:/) });
  expect(runs[1]).toMatchObject({ contender: 'relay', hubRequests: 1, registryRequests: 3 });
});

test('its help names every option, and its list every scenario', async () => {
  expect((await bench('--help')).stdout).toContain('--scenario NAME');
  expect((await bench('--list')).stdout).toContain('memory-100g');
});

test('a scenario that is not there is no reason to run all others', async () => {
  await expect(bench('--scenario', 'warp')).rejects.toThrow('there is no scenario warp');
});
