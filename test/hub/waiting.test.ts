import { describe, expect, onTestFinished, test } from 'vitest';
import { ModelcarError } from '../../src/core/error.ts';
import type { Clock } from '../../src/core/ports.ts';
import { systemClock } from '../../src/system-clock.ts';
import { type FakeHub, type FakeHubOptions, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { failureOf } from '../support/rejection.ts';
import { testClock } from '../support/test-clock.ts';
import { clientOf, everythingIn, hubWorld, SECRETS, TOKEN } from './hub-world.ts';

const SIZE = 4_000_000;
const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      files: { 'w.bin': synthetic({ size: SIZE }), 'g.bin': synthetic({ size: SIZE, lfs: false }) },
    },
  ],
};

describe('a rate limit', () => {
  test.each(['info', 'tree'] as const)(
    'on %s is waited for until its window ends, and a second more',
    async (on) => {
      const { hub, resolve, clock } = await hubWorld(options);
      hub.addFault({ on, kind: 'rate-limited', waitSeconds: 172 });
      await resolve('acme/tiny');
      expect(clock.sleeps).toEqual([173_000]);
    },
  );

  test.each(['resolve', 'resolve-cache'] as const)('on %s is waited for as well', async (on) => {
    const { hub, read, clock, retries } = await hubWorld(options);
    hub.addFault({ on, method: 'GET', path: 'g.bin', kind: 'rate-limited', waitSeconds: 172 });
    expect((await read('acme/tiny', 'g.bin')).length).toBe(SIZE);
    expect(clock.sleeps).toEqual([173_000]);
    expect(retries).toEqual([
      { offset: 0, retry: 1, delayMs: 173_000, reason: expect.stringMatching(/g\.bin of acme\/tiny.*429/) },
    ]);
  });

  test('of the storage says how long in Retry-After', async () => {
    const { hub, read, clock } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'rate-limited', waitSeconds: 20, retryAfter: 'seconds' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(clock.sleeps).toEqual([20_000]);
  });

  test('with a Retry-After that is a date is waited for until then', async () => {
    const { hub, resolve, clock } = await hubWorld(options);
    hub.addFault({
      on: 'info',
      kind: 'rate-limited',
      waitSeconds: 60,
      retryAfter: 'date',
      rateLimit: 'missing',
    });
    await resolve('acme/tiny');
    expect(clock.sleeps.length).toBe(1);
    expect(Math.abs((clock.sleeps[0] ?? 0) - 60_000)).toBeLessThan(10_000);
  });

  test('that would come next is waited for beforehand: nothing is refused, and the file is read', async () => {
    const hub = await startFakeHub({ ...options, quota: { resolvers: 2 } });
    onTestFinished(() => hub.close());
    const time = testClock({ date: Date.now() });
    const sleep: Clock['sleep'] = async (ms, signal) => {
      hub.advanceClock(ms / 1000);
      await time.sleep(ms, signal);
    };
    const { read } = clientOf(hub, { clock: { ...time, sleep } });
    expect((await read('acme/tiny', 'g.bin')).length).toBe(SIZE);
    expect(hub.requests({ status: 429 })).toEqual([]);
    // A window of the Hub may end just now: then there is nothing to wait for.
    expect(time.sleeps.length).toBeLessThanOrEqual(1);
    expect(Math.max(0, ...time.sleeps)).toBeLessThanOrEqual(301_000);
  });

  test.each([
    ['info', undefined, /find acme\/tiny@main.*429/, /HF_TOKEN/],
    ['tree', TOKEN, /list acme\/tiny.*429/, /Wait/],
    ['resolve', undefined, /w\.bin of acme\/tiny.*429/, /HF_TOKEN/],
    ['cdn', undefined, /w\.bin of acme\/tiny.*429/, /again/],
  ] as const)('on %s that goes on is an error after the retries', async (on, token, says, hint) => {
    const { hub, read } = await hubWorld(options, { token, retries: 3 });
    hub.addFault({
      on,
      kind: 'rate-limited',
      waitSeconds: 9,
      times: Infinity,
      ...(on === 'resolve' && { method: 'GET' }),
    });
    const error = await failureOf(read('acme/tiny', 'w.bin'));
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringMatching(says),
      hint: expect.stringMatching(hint),
    });
    expect(error.message.length).toBeLessThan(600);
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect(hub.requests({ on, status: 429 }).length).toBe(4);
  });
});

describe('a Hub that is down', () => {
  test.each(['hub', 'cdn'] as const)(
    '(%s) in mid-file is named when the retries are over',
    async (origin) => {
      const { hub, read } = await hubWorld(options, { token: TOKEN, retries: 2 });
      const down = async (position: number) => {
        if (position < 1_000_000) return;
        if (origin === 'hub') hub.expireUrls();
        await hub.goDown(origin);
      };
      hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
      const error = await failureOf(read('acme/tiny', 'w.bin', { onBytes: down }));
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/connection refused/),
      });
      expect(error.message).toContain(origin === 'hub' ? hub.endpoint : hub.cdnOrigin);
      expect(everythingIn(error)).not.toMatch(SECRETS);
    },
  );

  test('and comes back is read on', async () => {
    const { hub, read, retries } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 1_000_000 });
    let down = false;
    const onBytes = async (position: number) => {
      if (position < 1_000_000 || down) return;
      down = true;
      await hub.goDown('cdn');
      await hub.comeBack('cdn');
    };
    expect((await read('acme/tiny', 'w.bin', { onBytes })).length).toBe(SIZE);
    expect(retries.map(({ offset }) => offset)).toEqual([1_000_000]);
  });
});

describe('an abort', () => {
  const reason = new Error('the user has had enough');
  const seen = (hub: FakeHub, status: number) =>
    expect.poll(() => hub.requests({ status }).length, { interval: 5 }).toBeGreaterThan(0);

  test('ends a wait of minutes at once, with its reason', async () => {
    const { hub, read } = await hubWorld(options, { clock: systemClock });
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'rate-limited', waitSeconds: 172 });
    const stop = new AbortController();
    const reading = read('acme/tiny', 'w.bin', { signal: stop.signal });
    const ended = expect(reading).rejects.toBe(reason);
    await seen(hub, 429);
    stop.abort(reason);
    await ended;
  });

  test('ends a wait for metadata too', async () => {
    const { hub, source } = await hubWorld(options, { clock: systemClock });
    hub.addFault({ on: 'info', kind: 'rate-limited', waitSeconds: 172 });
    const stop = new AbortController();
    const resolving = source.resolve({ type: 'model', name: 'acme/tiny' }, 'main', stop.signal);
    const ended = expect(resolving).rejects.toBe(reason);
    await seen(hub, 429);
    stop.abort(reason);
    await ended;
  });

  test.each(['resolve', 'cdn'] as const)('ends the wait for an answer of %s', async (on) => {
    const { hub, read } = await hubWorld(options);
    const stop = new AbortController();
    hub.addFault({ on, method: 'GET', kind: 'run', run: () => stop.abort(reason) });
    hub.addFault({ on, method: 'GET', kind: 'silence' });
    await expect(read('acme/tiny', 'w.bin', { signal: stop.signal })).rejects.toBe(reason);
    await expect.poll(() => hub.log.filter(({ outcome }) => outcome === 'open').length).toBe(0);
  });

  test.each([
    ['an error', reason],
    ['a failure elsewhere that may pass', new ModelcarError('UNAVAILABLE', 'the registry is down')],
  ])('while bytes come ends them with its reason: %s', async (_, why) => {
    const { hub, read, retries } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 1_000_000 });
    const stop = new AbortController();
    const onBytes = (position: number) => {
      if (position === 1_000_000) stop.abort(why);
    };
    await expect(read('acme/tiny', 'w.bin', { signal: stop.signal, onBytes })).rejects.toBe(why);
    expect(retries).toEqual([]);
    await expect.poll(() => hub.log.filter(({ outcome }) => outcome === 'open').length).toBe(0);
  });

  test('that came before asks for nothing', async () => {
    const { hub, source, resolve } = await hubWorld(options);
    const model = await resolve('acme/tiny');
    const asked = hub.log.length;
    const [sibling] = model.siblings;
    if (sibling === undefined) throw new Error('nothing is listed');
    const chunks = source.file(model, sibling).open({ signal: AbortSignal.abort(reason) });
    await expect(chunks[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    expect(hub.log.length).toBe(asked);
  });
});
