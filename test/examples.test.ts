import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { synthetic } from './fakes/hub/fake-hub.ts';
import { capture } from './support/captures.ts';
import { type LocalPush, localPush } from './support/local-push.ts';
import { hubToken } from './support/secrets.ts';
import { tempFolder } from './support/temp-folder.ts';

/* The programs of examples/, compiled against the types of the built package and run as a user would run them. */

const TSC = join('node_modules', 'typescript', 'bin', 'tsc');
const FILES = { 'config.json': synthetic({ size: 20 }), 'model.safetensors': synthetic({ size: 300_000 }) };
const REPOS = ['acme/llama', 'acme/gemma'].map((id) => ({ id, files: FILES }));
const TOKEN = hubToken('hub token');

let compiled: string;

beforeAll(async () => {
  // Below the package, so that `oci-modelcar` is this package (Node: self-referencing a package using its name).
  await mkdir('build', { recursive: true });
  compiled = await mkdtemp(join('build', 'examples-'));
  await promisify(execFile)(process.execPath, [TSC, '-p', 'tsconfig.examples.json', '--outDir', compiled]);
});
afterAll(() => rm(compiled, { recursive: true }));

interface ExampleRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(name: string, { hub }: LocalPush, ...args: string[]): Promise<ExampleRun> {
  const folder = await tempFolder();
  const child = spawn(process.execPath, [join(process.cwd(), compiled, `${name}.js`), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, HF_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  capture(name, stdout + stderr);
  return { code, stdout, stderr };
}

test('push-with-progress pushes, shows each layer, and prints the digest', async () => {
  const local = await localPush({ repos: REPOS, tokens: { [TOKEN]: { user: 'ada' } } });
  const done = await run('push-with-progress', local, 'acme/llama', `${local.registry.host}/acme/llama:v1`);
  const digest = local.registry.tags('acme/llama').get('v1');
  expect(done).toMatchObject({ code: 0, stdout: `${local.registry.host}/acme/llama@${digest}\n` });
  expect(done.stderr).toMatch(/models\/model\.safetensors: uploaded, sha256:/);
  expect(local.hub.requests({ origin: 'hub' }).every(({ hadAuthorization }) => hadAuthorization)).toBe(true);
});

test('push-several pushes one model after the other and tags both', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('push-several', local, `${local.registry.host}/acme`, 'acme/llama', 'acme/gemma');
  expect(done.code).toBe(0);
  expect(done.stdout.trim().split('\n')).toHaveLength(2);
  for (const name of ['acme/llama', 'acme/gemma']) {
    expect([...local.registry.tags(name).keys()]).toContain('latest');
  }
});

test('preflight prints the plan as JSON and stores nothing', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('preflight', local, 'acme/llama', `${local.registry.host}/acme/llama:v1`);
  expect(JSON.parse(done.stdout)).toMatchObject({
    commit: local.hub.commitOf('acme/llama'),
    image: `${local.registry.host}/acme/llama:v1`,
    files: [{ path: 'models/config.json' }, { path: 'models/model.safetensors' }],
  });
  expect([local.registry.blobs.size, local.registry.openSessions]).toEqual([0, 0]);
});

test('events prints every event, in order and to the last', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('events', local, 'acme/llama', `${local.registry.host}/acme/llama:v1`);
  const types = done.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  expect([types[0], types.at(-1)]).toEqual(['model-resolved', 'tag-pushed']);
  expect(types.filter((type) => type === 'layer-done')).toHaveLength(2);
});

test('events ends with the failure of the push', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('events', local, 'acme/nothing', `${local.registry.host}/acme/llama:v1`);
  expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_FOUND') });
});

test('cancel stops at its time limit: nothing is tagged, no upload is left open', async () => {
  const local = await localPush({ repos: REPOS }, { personality: 'dist3' });
  local.hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1000, seconds: 120 });
  const done = await run('cancel', local, 'acme/llama', `${local.registry.host}/acme/llama:v1`, '1');
  expect(done).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('timeout') });
  expect(local.registry.tags('acme/llama').size).toBe(0);
  await expect.poll(() => local.registry.openSessions).toBe(0);
});

test('errors gives a name that is not there no second try', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('errors', local, 'acme/nothing', `${local.registry.host}/acme/llama`);
  expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('Check the name') });
});

test('errors says with 75 that it may go well later', async () => {
  const local = await localPush({ repos: REPOS });
  const done = await run('errors', local, 'acme/llama', '127.0.0.1:9/acme/llama');
  expect(done.code).toBe(75);
});

test('docs/library.md shows each example as it is, and nothing else', async () => {
  const page = await readFile(join('docs', 'library.md'), 'utf8');
  const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const names = (await readdir('examples')).map((name) => basename(name));
  const files = await Promise.all(names.map((name) => readFile(join('examples', name), 'utf8')));
  expect(shown.sort()).toEqual(files.sort());
});

test('no example is longer than 60 lines', async () => {
  for (const name of await readdir('examples')) {
    const lines = (await readFile(join('examples', name), 'utf8')).split('\n').length;
    expect(lines, name).toBeLessThan(60);
  }
});
