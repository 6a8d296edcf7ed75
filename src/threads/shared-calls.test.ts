import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import type { Digest } from '../core/digest.ts';
import { createRateLimit } from '../core/rate-limit.ts';
import { createPacer } from '../http/pacing.ts';
import { createHubConnections } from '../hub/hub-connections.ts';
import { createOptionalToken } from '../hub/hub-token.ts';
import type { Shared } from '../places.ts';
import { sharedByCalls, sharedCalls } from './shared-calls.ts';

/** What the threads of a push share, with one reader in the main thread. */
function sharedBy(most: number) {
  const clock = virtualClock();
  const shared: Shared = {
    optionalToken: undefined,
    renewToken: undefined,
    hubPacer: createPacer({ clock }),
    hubConnections: createHubConnections({ most, clock }),
    rateLimit: createRateLimit(1_000, clock),
    access: undefined,
    host: undefined,
    proxyFor: undefined,
    knownBlobs: new Map(),
    onEvent: () => undefined,
  };
  const thread = () => {
    const gone = new AbortController();
    const { calls, giveBack } = sharedCalls(shared, () => gone.signal);
    const die = () => {
      gone.abort(new Error('gone'));
      giveBack();
    };
    return { calls, die };
  };
  /** Takes all free connections, and returns their number. */
  const takeFree = async () => {
    let free = 0;
    for (let isFree = true; isFree; ) {
      const stop = new AbortController();
      const asked = shared.hubConnections.acquire(stop.signal);
      // One that is free is granted at once.
      stop.abort();
      isFree = await asked.then(
        () => true,
        () => false,
      );
      if (isFree) free += 1;
    }
    return free;
  };
  return { shared, thread, takeFree };
}

describe('a thread that dies', () => {
  test('releases the connections that it acquired and has not released', async () => {
    const { thread, takeFree } = sharedBy(3);
    const { calls, die } = thread();
    for (let turn = 0; turn < 3; turn += 1) await calls.acquireConnection();
    await calls.releaseConnection();
    die();
    expect(await takeFree()).toBe(3);
  });

  test('releases a connection that it got to read ahead', async () => {
    const { shared, thread, takeFree } = sharedBy(2);
    const { calls, die } = thread();
    expect(await calls.tryAcquireConnection()).toBeGreaterThan(0);
    await shared.hubConnections.acquire(undefined);
    die();
    expect(await takeFree()).toBe(1);
  });

  test('leaves its place in the queue for a connection to live threads', async () => {
    const { thread, takeFree } = sharedBy(1);
    const [living, dying] = [thread(), thread()];
    await living.calls.acquireConnection();
    const waits = dying.calls.acquireConnection();
    dying.die();
    await expect(waits).rejects.toThrow('gone');
    await living.calls.releaseConnection();
    expect(await takeFree()).toBe(1);
  });

  test('releases a connection whose grant is still on its way', async () => {
    const { thread, takeFree } = sharedBy(1);
    const { calls, die } = thread();
    const granted = calls.acquireConnection();
    const more = calls.tryAcquireConnection();
    die();
    await Promise.all([granted, more]);
    expect(await takeFree()).toBe(1);
  });

  test('releases no connection twice, so the limit holds', async () => {
    const { thread, takeFree } = sharedBy(1);
    const { calls, die } = thread();
    await calls.acquireConnection();
    die();
    await calls.releaseConnection();
    die();
    expect(await takeFree()).toBe(1);
  });

  test('waits no longer for its turn at the Hub or for the rate limit', async () => {
    const { shared, thread } = sharedBy(1);
    const { calls, die } = thread();
    const passed = await calls.passHub('hub');
    const said = { origin: 'http://hub', status: 429, waitMs: 60_000, allowance: undefined, what: 'GET /' };
    await calls.answeredByHub('hub', passed, said);
    await shared.rateLimit?.take(60_000, undefined);
    const waits = [calls.passHub('hub'), calls.takeBytes(1)];
    die();
    for (const wait of waits) await expect(wait).rejects.toThrow('gone');
  });
});

const THREAD = {
  isTokenRefused: false,
  renewsToken: false,
  hasOptionalToken: false,
  asksForProxies: false,
  rateStep: undefined,
};

test('a token that the Hub refuses in one thread is dropped for the whole push, also by later threads', async () => {
  const refusals: string[] = [];
  const optionalToken = createOptionalToken(() => refusals.push('refused'));
  const { calls } = sharedCalls({ optionalToken } as unknown as Shared, () => new AbortController().signal);
  const start = () =>
    sharedByCalls(
      calls,
      { ...THREAD, isRegistry: false, hasOptionalToken: true, isTokenRefused: optionalToken.isRefused },
      () => undefined,
    );
  const [first, second] = [await start(), await start()];
  expect(first.optionalToken?.isRefused).toBe(false);
  first.optionalToken?.refuse();
  second.optionalToken?.refuse();
  expect([first.optionalToken?.isRefused, optionalToken.isRefused, refusals]).toEqual([
    true,
    true,
    ['refused'],
  ]);
  expect((await start()).optionalToken?.isRefused).toBe(true);
});

test('a blob that a thread has written or hashed is known to the main thread, which does not read it again', async () => {
  const knownBlobs = new Map<Digest, string>();
  const { calls } = sharedCalls({ knownBlobs } as unknown as Shared, () => new AbortController().signal);
  const parts = { ...THREAD, isRegistry: false };
  const thread = await sharedByCalls(calls, parts, () => undefined);
  const digest: Digest = `sha256:${'a'.repeat(64)}`;
  thread.knownBlobs.set(digest, 'its file');
  expect(knownBlobs.get(digest)).toBe('its file');
});
