import { cp, readFile, rm, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { ModelcarError, PushEvent } from '../../src/index.ts';
import { synthetic } from '../fakes/hub/fake-hub.ts';
import type { FakeRegistryOptions } from '../fakes/registry/fake-registry.ts';
import { builtLibrary as library } from '../support/built-library.ts';
import { localPush } from '../support/local-push.ts';
import { hubToken, secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NAME = 'acme/large';
const MIB = 2 ** 20;
const FILES = ['a.safetensors', 'b.safetensors', 'c.safetensors'];
/** Three files that are worth a thread each, and one that is not. */
const repos = [
  {
    id: NAME,
    files: Object.fromEntries([
      ...FILES.map((path, index) => [path, synthetic({ size: 9 * MIB + index })]),
      ['config.json', synthetic({ size: 1_000 })],
    ]),
  },
];
const start = (options: FakeRegistryOptions = {}) => localPush({ repos }, options, library);
const ofLayer = (events: readonly PushEvent[], path: string) =>
  events.filter((event) => 'path' in event && event.path === path && event.type !== 'layer-progress');

/** Worth a second thread for its hash, where one worker pushes it. */
const LARGE = 'acme/one';
const SIZE = 65 * MIB + 1;
const files = Object.fromEntries([
  ['a.safetensors', synthetic({ size: SIZE })],
  ...Array.from({ length: 20 }, (_, at) => [`part-${at}.json`, synthetic({ size: 1_000 + at })]),
]);
const startLarge = (options: FakeRegistryOptions = {}) =>
  localPush({ repos: [{ id: LARGE, files }] }, options, library);

/** How many threads were started while `work` ran. */
async function threadsOf(work: Promise<unknown>): Promise<number> {
  let threads = 0;
  const count = () => {
    threads += 1;
  };
  process.on('worker', count);
  await work.finally(() => process.off('worker', count));
  return threads;
}

describe.skipIf(availableParallelism() === 1)('one worker that pushes a large file', () => {
  test('hashes it beside the layer, in a second thread, and makes the same image as two', async () => {
    const { push, registry } = await startLarge();
    expect(await threadsOf(push(LARGE, { tag: 'one' }))).toBe(1);
    await push(LARGE, { tag: 'two', workers: 2 });
    expect(registry.tags(LARGE).get('one')).toBe(registry.tags(LARGE).get('two'));
  });

  test('finds a wrong byte, once more in what comes the second time, and tags nothing', async () => {
    const { push, hub, registry } = await startLarge();
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: SIZE - 1, times: 99 });
    await expect(push(LARGE)).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
    expect(registry.tags(LARGE).size).toBe(0);
    hub.clearFaults();
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: SIZE - 1 });
    await push(LARGE);
    expect(registry.tags(LARGE).size).toBe(1);
  });

  test('makes the same image where the Hub and the registry break off again and again', async () => {
    const { push, hub, registry } = await startLarge();
    const { manifestDigest } = await push(LARGE);
    for (const at of [3, 20, 40]) hub.addFault({ on: 'cdn', kind: 'reset', afterBytes: at * MIB });
    registry.addFault({ on: 'upload-patch', times: 3, cutAfter: 11 * MIB });
    const again = library.parseImageReference(`${registry.host}/acme/again`).location;
    expect((await push(LARGE, { target: again })).manifestDigest).toBe(manifestDigest);
  });

  test('does without the thread where it cannot be loaded', async () => {
    const folder = await tempFolder();
    await cp(new URL('../../dist', import.meta.url), `${folder}/dist`, { recursive: true });
    await cp(new URL('../../package.json', import.meta.url), `${folder}/package.json`);
    await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), `${folder}/node_modules`);
    await rm(`${folder}/dist/threads/hash-thread.js`);
    const alone = await import(pathToFileURL(`${folder}/dist/index.js`).href);
    const { push, registry } = await localPush({ repos: [{ id: LARGE, files }] }, {}, alone);
    await push(LARGE);
    expect(registry.tags(LARGE).size).toBe(1);
  });

  test('can be stopped in the middle', async () => {
    const { push, registry } = await startLarge();
    const gate = registry.gate();
    registry.addFault({ on: 'upload-patch', holdBody: { after: 4 * MIB, gate } });
    const stop = new AbortController();
    const reason = new Error('enough');
    const pushed = push(LARGE, { signal: stop.signal });
    await expect.poll(() => registry.sessions.some(({ content }) => content.size > 0)).toBe(true);
    stop.abort(reason);
    gate.release();
    await expect(pushed).rejects.toBe(reason);
  });
});

describe('layers that are pushed in threads of their own', () => {
  test('make the same image, tell the same events, and are written down as those of one worker', async () => {
    const images = [];
    for (const workers of [1, 3]) {
      const folder = await tempFolder();
      const stateFile = `${folder}/state.json`;
      const { push, events, registry } = await start();
      const { manifestDigest } = await push(NAME, { workers, stateFile });
      expect(registry.tags(NAME).get('v1')).toBe(manifestDigest);
      const { jobs } = JSON.parse(await readFile(stateFile, 'utf8'));
      const [job] = Object.values(jobs) as { layers: Record<string, { digest: string }> }[];
      images.push({
        manifestDigest,
        recorded: Object.entries(job?.layers ?? {})
          .map(([path, { digest }]) => [path, digest])
          .sort(),
        told: FILES.map((path) => ofLayer(events, `models/${path}`)),
      });
    }
    expect(images[1]).toEqual(images[0]);
  });

  test('run at once in this process, each with its own requests to the registry', async () => {
    const { push, registry, events } = await start();
    const gate = registry.gate();
    registry.addFault({ on: 'upload-patch', times: 3, hold: gate });
    const pushed = push(NAME, { workers: 3 });
    await expect.poll(() => events.filter(({ type }) => type === 'layer-started').length).toBe(3);
    gate.release();
    await pushed;
  });

  test('share one account: it is asked for once, and so is each token', async () => {
    const account = { username: 'ada', password: secret('password') };
    const { push, registry } = await start({ auth: { kind: 'bearer', ...account } });
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      return { credentials: { kind: 'account', ...account } as const, origin: 'the test' };
    };
    await push(NAME, { workers: 3, registry: { credentials } });
    expect(asked).toBe(1);
    expect(registry.log.filter(({ pathClass }) => pathClass === 'token').length).toBe(1);
  });

  test('are all held back by a refusal to one of them', async () => {
    // Longer than a busy machine needs to start the other threads: one that starts later is not held back.
    const answer = { status: 429, headers: { 'retry-after': '6' } };
    const { push, registry, events } = await start({ faults: [{ on: 'upload-post', answer }] });
    await push(NAME, { workers: 3 });
    expect(events.filter(({ type }) => type === 'requests-held').length).toBe(1);
    expect(registry.log.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(3);
  });

  test('hear of each other what the registry takes: a limit is found once', async () => {
    const { push, registry } = await start({ limits: { bodyBytes: { limit: 4 * MIB, proxy: 'passes-on' } } });
    await push(NAME, { workers: 2 });
    // The first two may find it together; the third knows.
    expect(registry.log.filter(({ status }) => status === 413).length).toBeLessThanOrEqual(4);
  });

  test('ask the proxy that the caller chooses', async () => {
    const { push } = await start();
    const asked: string[] = [];
    const proxyFor = (url: string) => {
      asked.push(new URL(url).pathname);
      return undefined;
    };
    await push(NAME, { workers: 3, network: { proxyFor } });
    expect(asked.filter((path) => path.includes('/blobs/uploads/')).length).toBeGreaterThanOrEqual(3);
  });

  test('share one number of connections to the Hub', async () => {
    const { push, hub } = await start();
    await push(NAME, { workers: 3, hub: { connections: 1 } });
    expect(hub.peakRequests('cdn')).toBe(1);
  });

  test('share one limit of the rate', async () => {
    const { push } = await start();
    const begun = performance.now();
    await push(NAME, { workers: 3, limitRate: 20 * MIB });
    // 27 MiB; each alone would take half a second.
    expect(performance.now() - begun).toBeGreaterThan(1_250);
  });

  test('repeat no warning of the registry', async () => {
    const headers = { warning: '299 - "read-only from June on"' };
    const on = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT'] as const;
    const { push, events } = await start({ faults: [{ on, times: 1_000, headers }] });
    await push(NAME, { workers: 3 });
    expect(events.filter(({ type }) => type === 'warning').length).toBe(1);
  });
});

describe('a failure in a thread', () => {
  const refusal = { status: 403, body: JSON.stringify({ errors: [{ code: 'DENIED', message: 'no' }] }) };

  test('is the error that one worker would give, and stops the others', async () => {
    const failures: ModelcarError[] = [];
    for (const workers of [1, 3]) {
      const { push, registry } = await start({ faults: [{ on: 'upload-post', times: 9, answer: refusal }] });
      const failure: ModelcarError = await push(NAME, { workers }).then(
        () => expect.unreachable(),
        (error) => error,
      );
      expect(failure).toBeInstanceOf(library.ModelcarError);
      failures.push(failure);
      expect(registry.tags(NAME).size).toBe(0);
      // Which layer fails first is chance.
      const told = failure.message
        .replaceAll(registry.host, 'registry')
        .replace(/models\/[a-z]\./, 'models/x.');
      expect(told).toMatch(/^cannot push models\/x\.safetensors to registry\/\S+: 403 DENIED: no$/);
    }
    expect(failures[1]).toMatchObject({ code: failures[0]?.code, hint: failures[0]?.hint });
  });

  test('of the caller that listens to events is his, and ends the push', async () => {
    const { hub, registry } = await start();
    const mine = new Error('mine');
    const push = library.pushModel({
      model: NAME,
      target: library.parseImageReference(`${registry.host}/${NAME}`).location,
      tag: 'v1',
      hub: { endpoint: hub.endpoint },
      workers: 3,
      onEvent(event) {
        if (event.type === 'layer-progress') throw mine;
      },
    });
    await expect(push).rejects.toBe(mine);
    expect(registry.tags(NAME).size).toBe(0);
  });

  test('shows no token, neither in its error nor in an event', async () => {
    const token = hubToken('hub token');
    const { push, hub, events } = await start();
    hub.setToken(token, { user: 'jane' });
    hub.addFault({ on: 'cdn', kind: 'status', status: 403, times: 99 });
    const failure = await push(NAME, { workers: 3, hub: { token } }).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );
    expect(hub.requests({ on: 'resolve' }).some(({ hadAuthorization }) => hadAuthorization)).toBe(true);
    expect(hub.leaks()).toEqual([]);
    expect(inspect([failure, events], { depth: 9 })).not.toContain(token);
  });

  test('of a wrong byte is found there, and nothing is tagged', async () => {
    const { push, hub, registry } = await start();
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: 5 * MIB, times: 99 });
    await expect(push(NAME, { workers: 3 })).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
    expect(registry.tags(NAME).size).toBe(0);
  });

  test('leaves the others alone where they are to go on', async () => {
    const { push, events } = await start({ faults: [{ on: 'upload-post', answer: refusal }] });
    const failed = push(NAME, { workers: 3, continueOnError: true });
    await expect(failed).rejects.toMatchObject({ code: 'INCOMPLETE' });
    expect(events.filter(({ type }) => type === 'layer-failed').length).toBe(1);
    expect(events.filter(({ type }) => type === 'layer-done').length).toBe(3);
  });
});

describe('a thread that dies while it has the only connection to the Hub', () => {
  /** How the thread ends, and what the user reads about it. */
  const ends: readonly (readonly [how: string, end: (worker: Worker) => void, says: RegExp])[] = [
    // A message is unpacked on the heap of its thread, which has room for 32 MiB.
    ['for want of memory', (worker) => worker.postMessage(manyObjects()), /thread ended: .*memory limit/],
    ['without a word', (worker) => void worker.terminate(), /thread ended: exit code 1/],
  ];

  test.each(ends)('%s, fails its layer alone: the others get the connection', async (_, end, says) => {
    const { push, hub, registry, events } = await start();
    const gate = registry.gate();
    registry.addFault({ on: 'upload-patch', times: 3, holdBody: { after: 4 * MIB, gate } });
    const workers: Worker[] = [];
    const note = (worker: Worker) => void workers.push(worker);
    process.on('worker', note);
    const pushed = push(NAME, { workers: 3, hub: { connections: 1 }, continueOnError: true });
    const failure: Promise<ModelcarError> = pushed
      .then(
        () => expect.unreachable(),
        (error) => error,
      )
      .finally(() => process.off('worker', note));
    await expect.poll(() => registry.sessions.some(({ content }) => content.size > MIB)).toBe(true);
    const file = hub.requests({ on: 'cdn' }).at(-1)?.file ?? '';
    // Threads start in the order of their layers.
    end(workers[FILES.indexOf(file)] as Worker);
    gate.release();
    expect(await failure).toMatchObject({ code: 'INCOMPLETE', cause: { code: 'UNAVAILABLE' } });
    expect((await failure).message).toMatch(says);
    expect(events.flatMap((event) => (event.type === 'layer-failed' ? [event.path] : []))).toEqual([
      `models/${file}`,
    ]);
    expect(events.filter(({ type }) => type === 'layer-done').length).toBe(3);
  });

  function manyObjects(): readonly object[] {
    return Array.from({ length: 1_000_000 }, (_, at) => ({ at }));
  }
});

describe('a push that is stopped', () => {
  test('ends with the reason it was given, leaves its sessions to the next run, and that one goes on in them', async () => {
    const stateFile = `${await tempFolder()}/state.json`;
    const { push, registry, events } = await start({ personality: 'dist3' });
    const gate = registry.gate();
    registry.addFault({ on: 'upload-patch', times: 3, holdBody: { after: 4 * MIB, gate } });
    const stop = new AbortController();
    const reason = new Error('enough');
    const pushed = push(NAME, { workers: 3, stateFile, signal: stop.signal });
    await expect
      .poll(() => registry.sessions.filter(({ content }) => content.size > 0).length)
      .toBeGreaterThanOrEqual(2);
    stop.abort(reason);
    gate.release();
    await expect(pushed).rejects.toBe(reason);
    const { manifestDigest } = await push(NAME, { workers: 3, stateFile });
    expect(registry.tags(NAME).get('v1')).toBe(manifestDigest);
    const resumed = events.filter((event) => event.type === 'layer-resumed');
    expect(resumed.length).toBeGreaterThanOrEqual(2);
    expect(resumed.some(({ offset }) => offset > 0)).toBe(true);
  });
});
