import { describe, expect, test } from 'vitest';
import type { HubOptions } from '../../src/hub/hub-client.ts';
import { createHubConnections } from '../../src/hub/hub-connections.ts';
import { systemClock } from '../../src/system-clock.ts';
import { type FakeHub, type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import { obeysByteSourceLaws } from '../laws/byte-source-laws.ts';
import { eagerConnections, hastyClock } from '../support/eager-connections.ts';
import { readAll } from '../support/read-all.ts';
import { type HubWorld, hubWorld, siblingOf } from './hub-world.ts';

/** A file that is read over several connections at once, since its reader has to wait for the Hub. */

const SIZE = 20_000_000;
const RANGE = 1_000_000;
const CONNECTIONS = 5;
const MIB = 2 ** 20;

const options: FakeHubOptions = {
  repos: [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: SIZE }) } }],
};

async function eagerWorld(hubOptions: FakeHubOptions = options, more: Partial<HubOptions> = {}) {
  const connections = eagerConnections(CONNECTIONS, RANGE);
  const world = await hubWorld(hubOptions, { connections, clock: hastyClock(), ...more });
  return { ...world, connections };
}

const ranges = (hub: FakeHub) =>
  hub
    .requests({ on: 'cdn', method: 'GET' })
    .flatMap(({ range, status }) => (status === 206 ? [range ?? ''] : []));

const openRequests = (hub: FakeHub) => hub.log.filter(({ outcome }) => outcome === 'open').length;

describe('a file that is read in ranges', () => {
  obeysByteSourceLaws(async () => {
    const { hub, source, resolve } = await eagerWorld();
    const model = await resolve('acme/tiny');
    return { source: source.file(model, siblingOf(model, 'w.bin')), open: () => openRequests(hub) };
  });

  test('comes over several connections, each byte once, with one request to the Hub', async () => {
    const world = await eagerWorld();
    const { hub, connections } = world;
    expect((await world.read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(connections.peak).toBe(CONNECTIONS);
    expect(connections.used).toBe(0);
    expect(hub.peakConnections('cdn')).toBeLessThanOrEqual(CONNECTIONS);
    const asked = ranges(hub);
    expect(asked.length).toBeGreaterThan(10);
    expect(new Set(asked).size).toBe(asked.length);
    expect(hub.requests({ on: 'resolve', method: 'GET' }).length).toBe(1);
    expect(world.retries).toEqual([]);
    expect(world.reread).toBe(0);
  });

  test('asks for nothing ahead where its reader is the slower one', async () => {
    const connections = eagerConnections(CONNECTIONS, RANGE);
    // Time stands still: nobody ever waits.
    const { hub, read } = await hubWorld(options, { connections });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(hub.requests({ on: 'cdn' }).length).toBe(1);
  });

  test('asks for nothing ahead while the processors are at work', async () => {
    const { hub, read } = await eagerWorld(options, { isBusy: () => true });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(hub.requests({ on: 'cdn' }).length).toBe(1);
  });

  test('lets go of all its connections when its reader leaves, and gives the others back', async () => {
    const { hub, source, resolve, connections } = await eagerWorld();
    const model = await resolve('acme/tiny');
    let read = 0;
    for await (const chunk of source.file(model, siblingOf(model, 'w.bin')).open()) {
      read += chunk.length;
      if (read > 4 * RANGE) break;
    }
    await expect.poll(() => openRequests(hub)).toBe(0);
    expect(connections.used).toBe(0);
  });

  test('ends at once with the reason of its signal, whichever range it waits for', async () => {
    const { hub, source, resolve, connections } = await eagerWorld();
    const model = await resolve('acme/tiny');
    const stop = new AbortController();
    const reason = new Error('enough');
    hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 300_000, nth: 3, times: Number.POSITIVE_INFINITY });
    const reading = (async () => {
      let read = 0;
      for await (const chunk of source.file(model, siblingOf(model, 'w.bin')).open({ signal: stop.signal })) {
        read += chunk.length;
        if (read > 2 * RANGE) setImmediate(() => stop.abort(reason));
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await expect.poll(() => openRequests(hub)).toBe(0);
    expect(connections.used).toBe(0);
  });
});

describe('a range that was asked for ahead of its turn', () => {
  const unlucky: readonly [what: string, strike: (hub: FakeHub) => void][] = [
    ['is refused with 503', (hub) => hub.addFault({ on: 'cdn', nth: 3, kind: 'status', status: 503 })],
    [
      'is refused with 429',
      (hub) => hub.addFault({ on: 'cdn', nth: 3, kind: 'rate-limited', waitSeconds: 1 }),
    ],
  ];

  test.each(unlucky)(
    'and %s is asked for again in its turn; the Hub is asked for less from there on',
    async (_, strike) => {
      const { hub, read, retries, connections } = await eagerWorld();
      strike(hub);
      expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
      expect(connections.refusals).toBeGreaterThanOrEqual(1);
      expect(retries).toEqual([]);
    },
  );

  test('and finds its connection closed again and again is the last for a while', async () => {
    const { hub, read, retries, connections } = await eagerWorld();
    hub.addFault({ on: 'cdn', nth: 3, times: 4, kind: 'close', how: 'reset' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(connections.refusals).toBeGreaterThanOrEqual(1);
    // The one whose turn it is may be among them.
    expect(retries.length).toBeLessThanOrEqual(1);
  });

  test('and finds its connection closed, once, is asked for again as if nothing had been', async () => {
    const { hub, read, retries, connections } = await eagerWorld();
    hub.addFault({ on: 'cdn', nth: 3, kind: 'close', how: 'reset' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(connections.refusals).toBe(0);
    expect(retries).toEqual([]);
  });

  test('and comes as the whole file is not read past: there are no more ranges', async () => {
    const { hub, read, connections } = await eagerWorld();
    hub.addFault({ on: 'cdn', kind: 'ignore-range', times: Number.POSITIVE_INFINITY });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(connections.used).toBe(0);
    expect(hub.bytesSent({ on: 'cdn' })).toBeLessThan(SIZE * 1.6);
  });

  test.each(['cut', 'reset', 'chunked-short'] as const)(
    'and is %s in the middle goes on there, and the ranges behind it stay',
    async (kind) => {
      const { hub, read, retries } = await eagerWorld();
      hub.addFault({ on: 'cdn', nth: 4, kind, afterBytes: RANGE / 2 });
      expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
      expect(retries.length).toBe(1);
      expect(hub.bytesSent({ on: 'cdn' })).toBeLessThan(SIZE + 4 * RANGE);
    },
  );

  test('and has a wrong bit is found out', async () => {
    const { hub, read } = await eagerWorld();
    hub.addFault({ on: 'cdn', kind: 'flip-byte', at: SIZE / 2, times: Number.POSITIVE_INFINITY });
    await expect(read('acme/tiny', 'w.bin')).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
  });
});

test.each(Array.from({ length: 12 }, (_, seed) => seed))(
  'a file that is read in ranges is right, whatever breaks on the way (%i)',
  async (seed) => {
    const { hub, read, connections } = await eagerWorld(options, { retries: 50 });
    const times = Number.POSITIVE_INFINITY;
    for (const kind of ['cut', 'reset', 'chunked-short'] as const) {
      hub.addFault({ on: 'cdn', kind, afterBytes: 100_000 + seed * 70_000, probability: 0.15, seed, times });
    }
    hub.addFault({ on: 'cdn', kind: 'close', how: 'reset', probability: 0.1, seed: seed + 100, times });
    hub.addFault({ on: 'cdn', kind: 'status', status: 503, probability: 0.1, seed: seed + 200, times });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(connections.used).toBe(0);
  },
);

test('a storage that answers each range with nothing ends the read after its retries', async () => {
  const { hub, read, connections } = await eagerWorld(options, { retries: 3 });
  const times = Number.POSITIVE_INFINITY;
  hub.addFault({ on: 'cdn', nth: 3, kind: 'chunked-short', afterBytes: 0, times });
  await expect(read('acme/tiny', 'w.bin')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(hub.requests({ on: 'cdn' }).length).toBeLessThan(100);
  expect(connections.used).toBe(0);
});

describe('the signed URL of a file that is read in ranges', () => {
  test('that runs out is asked for once more, not once for each range', async () => {
    const { hub, read, connections } = await eagerWorld();
    let seen = 0;
    await read('acme/tiny', 'w.bin', {
      onBytes(position) {
        if (seen < SIZE / 2 && position >= SIZE / 2) hub.expireUrls();
        seen = position;
      },
    });
    expect(seen).toBe(SIZE);
    expect(hub.requests({ on: 'resolve', method: 'GET' }).length).toBe(2);
    expect(connections.used).toBe(0);
  });

  test('that serves one range only leads to one range after the other', async () => {
    const { hub, read, connections } = await eagerWorld({ ...options, bareUrls: 'whole' });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(hub.requests({ on: 'resolve' }).length).toBeLessThan(6);
    expect(connections.used).toBe(0);
  });
});

describe('a mirror that sends the bytes itself', () => {
  test('is never asked for ranges: each would be a request that it counts', async () => {
    const repos = [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: SIZE, direct: true }) } }];
    const { hub, read } = await eagerWorld({ repos });
    expect((await read('acme/tiny', 'w.bin')).length).toBe(SIZE);
    expect(hub.requests({ file: 'w.bin', method: 'GET' }).length).toBe(1);
  });
});

test('all files together have no more connections than are allowed', async () => {
  const files = Object.fromEntries(
    [1, 2, 3, 4, 5].map((seed) => [`${seed}.bin`, synthetic({ size: 3 * MIB, seed })]),
  );
  const connections = createHubConnections({ most: 3, clock: systemClock });
  const world: HubWorld = await hubWorld({ repos: [{ id: 'acme/tiny', files }] }, { connections });
  const { hub, source, resolve } = world;
  const model = await resolve('acme/tiny');
  const all = await Promise.all(model.siblings.map((sibling) => readAll(source.file(model, sibling))));
  expect(all.map(({ length }) => length)).toEqual(model.siblings.map(({ size }) => size));
  expect(hub.peakRequests('cdn')).toBeLessThanOrEqual(3);
});

test('a Hub that is slow for each connection gives a file several times as fast over several', async () => {
  const repos = [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: 48 * MIB }) } }];
  const world = await hubWorld(
    { repos, speed: { bytesPerSecondPerConnection: 20 * MIB } },
    { clock: systemClock },
  );
  const model = await world.resolve('acme/tiny');
  await readAll(world.source.file(model, siblingOf(model, 'w.bin')));
  expect(world.hub.peakRequests('cdn')).toBeGreaterThanOrEqual(3);
  expect(world.hub.peakRequests('cdn')).toBeLessThanOrEqual(8);
});
