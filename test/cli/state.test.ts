import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FILES = ['a', 'b', 'c', 'd', 'e', 'f'];
const SIZE = 300_000;

let hub: FakeHub;
let registry: FakeRegistry;
let state: string;

beforeEach(async () => {
  const files = Object.fromEntries(
    FILES.map((name, seed) => [`${name}.safetensors`, synthetic({ size: SIZE, seed })]),
  );
  hub = await startFakeHub({ repos: [{ id: 'acme/six', files }] });
  registry = await startFakeRegistry({ personality: 'dist3' });
  state = join(await tempFolder(), 'state.json');
  onTestFinished(async () => {
    await Promise.all([hub.close(), registry.close()]);
  });
});

const env = () => ({ HF_ENDPOINT: hub.endpoint, STATE_FILE: state });
const push = (...args: string[]) =>
  runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`, ...args], { env: env() });

/** Names of the files whose bytes the Hub has sent since the log was last cleared. */
const read = () => [...new Set(hub.requests({ origin: 'cdn' }).map(({ file }) => file))].sort();

describe('a push that is run again', () => {
  test('sends nothing of what is there, asks for each layer, and gives the same digest', async () => {
    const first = await push();
    const sent = registry.bytesReceived;
    hub.clearLog();
    const again = await push('--workers', '4');
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(variablesOf(again)).toEqual(variablesOf(first));
    expect([registry.bytesReceived - sent, read()]).toEqual([0, []]);
    expect(again.stderr).toContain('was there models/a.safetensors');
  });

  test('sends again what a clean-up of the registry has removed', async () => {
    const first = await push();
    const where = ({ method }: { method: string }) => method === 'HEAD';
    registry.addFault({ on: 'blob-head', where, answer: { status: 404 } });
    hub.clearLog();
    expect(variablesOf(await push())).toEqual(variablesOf(first));
    expect(read()).toHaveLength(1);
  });

  test('--force sends everything, whatever was written down', async () => {
    await push();
    hub.clearLog();
    expect((await push('--force')).code).toBe(0);
    expect(read()).toHaveLength(FILES.length);
  });

  test('adds a tag without sending a layer', async () => {
    await push();
    hub.clearLog();
    expect((await push('--also-tag', 'latest')).code).toBe(0);
    expect([registry.tags('acme/six').has('latest'), read()]).toEqual([true, []]);
  });
});

test('a push that was killed sends the rest only, and gives the digest of one that was not', async () => {
  hub.addFault({ on: 'cdn', path: 'd.safetensors', kind: 'stall', afterBytes: 1000, seconds: 120 });
  const asked = () => hub.requests({ origin: 'cdn', file: 'd.safetensors' }).length;
  const killed = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: env(),
    kill: { signal: 'SIGKILL', when: () => expect.poll(asked, { timeout: 20_000 }).toBe(1) },
  });
  expect(killed.code).toBe('SIGKILL');
  expect(registry.tags('acme/six').size).toBe(0);

  hub.clearFaults();
  hub.clearLog();
  const again = await push();
  expect(read()).toEqual(['d.safetensors', 'e.safetensors', 'f.safetensors']);
  const whole = await startFakeRegistry();
  onTestFinished(() => whole.close());
  const other = await runCli(['push', 'acme/six', `${whole.host}/acme/six:v1`], { env: env() });
  expect(variablesOf(again).MANIFESTDIGEST).toBe(variablesOf(other).MANIFESTDIGEST);
});

test('two pushes at once on one state file both end well, and both are written down', async () => {
  const one = push();
  const two = runCli(['push', 'acme/six', `${registry.host}/acme/other:v1`], { env: env() });
  expect((await Promise.all([one, two])).map(({ code }) => code)).toEqual([0, 0]);
  const { jobs } = JSON.parse(await readFile(state, 'utf8'));
  const layers = Object.values<{ layers: object }>(jobs).map((job) => Object.keys(job.layers).length);
  expect(layers).toEqual([FILES.length, FILES.length]);
});

test('a dry run writes nothing down', async () => {
  await push('--dry-run');
  await expect(readFile(state)).rejects.toThrow('ENOENT');
});

test('a state directory that cannot be written costs a warning, not the push', async () => {
  const run = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: { ...env(), STATE_FILE: '/dev/null/state.json' },
  });
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('warning: cannot use /dev/null/state.json');
});

test('a damaged state file stops the push before anything moves', async () => {
  const run = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: { ...env(), STATE_FILE: COMMAND },
  });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect([run.stderr, registry.bytesReceived]).toEqual([expect.stringContaining('damaged, or not ours'), 0]);
});
