import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { deferred } from '../support/deferred.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FILES = ['a', 'b', 'c', 'd', 'e', 'f'];
const SIZE = 300_000;
/** A session of the layer, in the file's own words. */
const D_IS_OPEN = '"sessions": {\n        "models/d.safetensors": {';

let hub: FakeHub;
let registry: FakeRegistry;
let state: string;

beforeEach(async () => {
  const files = Object.fromEntries(
    FILES.map((name, seed) => [`${name}.safetensors`, synthetic({ size: SIZE, seed })]),
  );
  hub = await startFakeHub({
    repos: [
      { id: 'acme/six', files },
      {
        id: 'acme/five',
        files: Object.fromEntries(Object.entries(files).filter(([name]) => name !== 'd.safetensors')),
      },
    ],
  });
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

/** What is written down; nothing while there is no file yet. */
async function jobs(): Promise<readonly { layers: object }[]> {
  const text = await readFile(state, 'utf8').catch(() => '{"jobs":{}}');
  return Object.values<{ layers: object }>(JSON.parse(text).jobs);
}

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

describe('a push that is killed', () => {
  const whenAsked = (file: string) => () =>
    expect.poll(() => hub.requests({ origin: 'cdn', file }).length).toBe(1);
  const whenRecorded =
    (...names: string[]) =>
    async () => {
      const layers = async () => Object.keys((await jobs()).flatMap(({ layers }) => layers)[0] ?? {}).sort();
      await expect.poll(layers).toEqual(names.map((name) => `models/${name}.safetensors`));
    };
  const stall = (name: string) =>
    hub.addFault({ on: 'cdn', path: `${name}.safetensors`, kind: 'stall', afterBytes: 1000, seconds: 120 });
  const killed = (when: () => Promise<unknown>, ...args: string[]) =>
    runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`, ...args], {
      env: env(),
      kill: { signal: 'SIGKILL', when },
    });
  const digestOfWhole = async () => {
    const whole = await startFakeRegistry();
    onTestFinished(() => whole.close());
    const run = await runCli(['push', 'acme/six', `${whole.host}/acme/six:v1`], {
      env: { HF_ENDPOINT: hub.endpoint },
    });
    return variablesOf(run).MANIFESTDIGEST;
  };

  test('sends the rest only when it is run again, and gives the digest of one that was not', async () => {
    stall('d');
    expect((await killed(whenAsked('d.safetensors'))).code).toBe('SIGKILL');
    expect(registry.tags('acme/six').size).toBe(0);

    hub.clearFaults();
    hub.clearLog();
    const again = await push();
    expect(read()).toEqual(['d.safetensors', 'e.safetensors', 'f.safetensors']);
    expect(variablesOf(again).MANIFESTDIGEST).toBe(await digestOfWhole());
  });

  test('with four layers under way loses only those', async () => {
    for (const name of ['b', 'd', 'f']) stall(name);
    expect((await killed(whenRecorded('a', 'c', 'e'), '--workers', '4')).code).toBe('SIGKILL');

    hub.clearFaults();
    hub.clearLog();
    const again = await push('--workers', '4');
    expect(read()).toEqual(['b.safetensors', 'd.safetensors', 'f.safetensors']);
    expect(variablesOf(again).MANIFESTDIGEST).toBe(await digestOfWhole());
  });

  test('beside another on the same state file loses nothing of what either has pushed', async () => {
    stall('d');
    const first = killed(whenAsked('d.safetensors'));
    const other = runCli(['push', 'acme/five', `${registry.host}/acme/five:v1`], { env: env() });
    expect([(await first).code, (await other).code]).toEqual(['SIGKILL', 0]);

    hub.clearFaults();
    hub.clearLog();
    const again = await push();
    expect(again.stderr).not.toContain('warning');
    expect(read()).toEqual(['d.safetensors', 'e.safetensors', 'f.safetensors']);
    expect(variablesOf(again).MANIFESTDIGEST).toBe(await digestOfWhole());
    expect((await jobs()).map(({ layers }) => Object.keys(layers).length).sort()).toEqual([5, 6]);
  });

  test('while it held the lock costs the next one neither its records nor a warning', async () => {
    const first = await push();
    await writeFile(`${state}.lock`, 'of a process that was killed');
    hub.clearLog();
    const again = await push();
    expect([again.code, read()]).toEqual([0, []]);
    expect(again.stderr).not.toContain('warning');
    expect(variablesOf(again)).toEqual(variablesOf(first));
  });

  test('with --force is not complete any more, whatever was written down before', async () => {
    await push();
    stall('d');
    hub.clearLog();
    expect((await killed(whenAsked('d.safetensors'), '--force')).code).toBe('SIGKILL');
    const { stdout } = await runCli(['status', '--json'], { env: env() });
    expect(JSON.parse(stdout)).toMatchObject({ jobs: [{ complete: false, tags: [] }] });

    hub.clearFaults();
    expect((await push()).code).toBe(0);
    const after = await runCli(['status', '--json'], { env: env() });
    expect(JSON.parse(after.stdout)).toMatchObject({ jobs: [{ complete: true, tags: ['v1'] }] });
  });
});

test('two pushes at once on one state file both end well, and both are written down', async () => {
  const one = push();
  const two = runCli(['push', 'acme/six', `${registry.host}/acme/other:v1`], { env: env() });
  expect((await Promise.all([one, two])).map(({ code }) => code)).toEqual([0, 0]);
  const layers = (await jobs()).map((job) => Object.keys(job.layers).length);
  expect(layers).toEqual([FILES.length, FILES.length]);
});

test('a push beside another of the same job leaves the upload of that one alone, and says so', async () => {
  hub.addFault({ on: 'cdn', path: 'd.safetensors', kind: 'stall', afterBytes: 200_000, seconds: 120 });
  const end = deferred();
  const first = runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: env(),
    kill: { signal: 'SIGKILL', when: () => end.promise },
  });
  await expect.poll(() => readFile(state, 'utf8').catch(() => '')).toContain(D_IS_OPEN);
  hub.clearFaults();
  const second = await push();
  end.resolve();
  expect([second.code, (await first).code]).toEqual([0, 'SIGKILL']);
  expect(second.stderr).toMatch(/warning: .*state\.json says that process \d+ is at the same push/);
  expect(second.stderr).not.toContain('resum');
  const uploads = registry.log.filter(({ pathClass }) => pathClass === 'upload-patch');
  expect(new Set(uploads.map(({ target }) => target.split('?')[0])).size).toBe(uploads.length);
  expect(registry.log.filter(({ pathClass }) => pathClass === 'upload-get')).toEqual([]);
  expect(await readFile(state, 'utf8')).not.toContain('"location"');
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

test('a full disk under the state directory costs a warning, not the push', async () => {
  const run = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: env(),
    filesForbidden: true,
  });
  expect(run.code).toBe(0);
  expect(run.stderr.match(/warning: cannot use .*state\.json, going on without it: EFBIG/g)).toHaveLength(1);
  expect(registry.tags('acme/six').has('v1')).toBe(true);
  expect(await readdir(dirname(state))).toEqual([]);
});

test('a state file that a power loss has torn costs a warning, and status says so before', async () => {
  await push();
  const torn = (await readFile(state)).subarray(0, 400);
  await writeFile(state, torn);
  const status = await runCli(['status'], { env: env() });
  expect(status).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('was cut short') });
  expect((await readFile(state)).equals(torn)).toBe(true);

  const again = await push();
  expect(again.code).toBe(0);
  expect(again.stderr.match(/warning: .*state\.json was cut short/g)).toHaveLength(1);
  const [aside = ''] = (await readdir(dirname(state))).filter((name) => name.includes('.damaged-'));
  expect((await readFile(join(dirname(state), aside))).equals(torn)).toBe(true);
  expect((await runCli(['status'], { env: env() })).stdout).toContain('complete');
});

test('a record planted in a state file that others can write puts no other layer into the image', async () => {
  const first = await push();
  const text = await readFile(state, 'utf8');
  const [a, b] = Object.values(JSON.parse(text).jobs)
    .flatMap((job) => Object.values<{ digest: string }>(Object(job).layers))
    .map(({ digest }) => digest);
  await writeFile(state, text.replace(String(a), String(b)));
  await chmod(state, 0o666);
  const again = await push();
  expect(variablesOf(again)).toEqual(variablesOf(first));
  expect(
    again.stderr.match(/warning: cannot use .*state\.json, .*: every user can write to it/g),
  ).toHaveLength(1);
  const status = await runCli(['status'], { env: env() });
  expect(status).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('chmod go-w') });
});

test('a state file that is a folder stops the push before anything moves', async () => {
  await mkdir(state);
  const run = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], { env: env() });
  expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is a folder') });
  expect(registry.bytesReceived).toBe(0);
});

test('a damaged state file stops the push before anything moves', async () => {
  const run = await runCli(['push', 'acme/six', `${registry.host}/acme/six:v1`], {
    env: { ...env(), STATE_FILE: COMMAND },
  });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect([run.stderr, registry.bytesReceived]).toEqual([expect.stringContaining('damaged, or not ours'), 0]);
});
