import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createLayoutReader } from '../../src/layout/layout-reader.ts';
import { type FakeHub, json, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type CliOptions, type CliRun, runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LARGE = 6 * 2 ** 20;

let hub: FakeHub;
let folder: string;
let state: string;

beforeEach(async () => {
  const config = { 'config.json': json({ model_type: 'tiny' }) };
  const large = Object.fromEntries(
    ['a', 'b', 'c'].map((name, seed) => [`${name}.safetensors`, synthetic({ size: LARGE, seed })]),
  );
  hub = await startFakeHub({
    repos: [
      { id: 'acme/tiny', files: { ...config, 'model.safetensors': text('tiny') } },
      { id: 'acme/large', files: { ...config, ...large } },
    ],
  });
  onTestFinished(() => hub.close());
  folder = join(await tempFolder(), 'layout');
  state = join(await tempFolder(), 'state.json');
});

function push(
  model: string,
  [tag, ...others]: readonly string[],
  kill?: CliOptions['kill'],
): Promise<CliRun> {
  const also = others.flatMap((other) => ['--also-tag', other]);
  return runCli(['push', model, `oci:${folder}:${tag}`, ...also, '--workers', '3'], {
    env: { HF_ENDPOINT: hub.endpoint, STATE_FILE: state },
    ...(kill && { kill }),
  });
}

const validate = (tag: string) => runCli(['validate', `oci:${folder}:${tag}`]);
const tags = async () => (await createLayoutReader(folder).listTags(new AbortController().signal)).toSorted();
const isUnfinished = (name: string) => name.includes('.unfinished-');
const unfinished = async () => (await readdir(folder).catch(() => [])).filter(isUnfinished);

/** The push has a part of each large layer in the folder, and waits for the Hub. */
async function stalled(): Promise<void> {
  const sizes = async () =>
    Promise.all((await unfinished()).map(async (name) => (await stat(join(folder, name))).size));
  await expect.poll(async () => (await sizes()).filter((size) => size > 0).length).toBe(3);
}

test('three pushes at once into one folder keep every tag of each, round after round', async () => {
  const expected: string[] = [];
  for (const round of [1, 2, 3]) {
    const names = ['x', 'y', 'z'].map((name) => [1, 2, 3, 4, 5, 6].map((tag) => `${name}${round}-${tag}`));
    const runs = await Promise.all(names.map((each) => push('acme/tiny', each)));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expected.push(...names.flat());
    expect(await tags()).toEqual(expected.toSorted());
  }
  expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
}, 120_000);

describe('while the Hub stalls', () => {
  beforeEach(() => {
    hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1_000_000, times: Number.POSITIVE_INFINITY });
  });

  test('a killed push leaves unfinished files, and the next push sweeps them', async () => {
    const killed = await push('acme/large', ['v1'], { signal: 'SIGKILL', when: stalled });
    expect([killed.code, (await unfinished()).length]).toEqual(['SIGKILL', 3]);

    hub.clearFaults();
    expect((await push('acme/large', ['v1'])).code).toBe(0);
    expect((await readdir(folder, { recursive: true })).filter(isUnfinished)).toEqual([]);
    expect((await validate('v1')).code).toBe(0);
  });

  test('a push leaves the unfinished files of a live push alone', async () => {
    const first = await push('acme/large', ['v1'], {
      signal: 'SIGTERM',
      async when() {
        await stalled();
        const before = await unfinished();
        expect((await push('acme/tiny', ['v2'])).code).toBe(0);
        expect(await unfinished()).toEqual(before);
      },
    });
    expect([first.code, await unfinished(), await tags()]).toEqual([143, [], ['v2']]);
  });
});

test('a push over a damaged config, manifest and layer, each of the right size, makes the image valid again', async () => {
  expect((await push('acme/large', ['v1'])).code).toBe(0);
  const blob = (digest: string) => join(folder, 'blobs', ...digest.split(':'));
  const { manifests } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  const { config, layers } = JSON.parse(await readFile(blob(manifests[0].digest), 'utf8'));
  for (const { digest } of [manifests[0], config, layers[0], layers[1]]) {
    await writeFile(blob(digest), Buffer.alloc((await stat(blob(digest))).size));
  }
  expect((await validate('v1')).code).toBe(5);
  expect((await push('acme/large', ['v2'])).code).toBe(0);
  expect([(await validate('v1')).code, (await validate('v2')).code]).toEqual([0, 0]);
});

test('the check before the manifest does not read again what the threads of the push wrote or hashed', async () => {
  const sent = 3 * LARGE;
  const runs: number[] = [];
  // The first push writes the blobs, the second one hashes what it finds.
  for (const model of ['acme/tiny', 'acme/large', 'acme/large']) {
    const { code, bytesRead } = await push(model, ['v1']);
    expect(code).toBe(0);
    if (bytesRead === undefined) return; // no Linux
    runs.push(bytesRead);
  }
  const [start = 0, written = 0, found = 0] = runs;
  expect((written - start) / sent).toBeLessThan(1.5);
  expect((found - start) / sent).toBeLessThan(1.5);
});
