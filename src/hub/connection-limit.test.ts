import { describe, expect, test } from 'vitest';
import {
  afterReading,
  afterRefusal,
  type ConnectionLimit,
  rangeSize,
  startingLimit,
} from './connection-limit.ts';

const MIB = 2 ** 20;

interface Hub {
  /** Bytes per millisecond that come over so many connections. */
  readonly rate: (connections: number) => number;
  readonly hungry?: (connections: number) => boolean;
  readonly used?: number;
}

/** What becomes of the limit in `ms` milliseconds of reading, reported every 50. */
function readFor(ms: number, { rate, hungry = () => true, used = 1 }: Hub, from: ConnectionLimit, at = 0) {
  let limit = from;
  const seen: number[] = [];
  for (let now = at + 50; now <= at + ms; now += 50) {
    const connections = Math.max(limit.allowed, used);
    const reading = { bytes: rate(connections) * 50, hungry: hungry(connections) };
    limit = afterReading(limit, reading, { used: connections, now });
    if (seen.at(-1) !== limit.allowed) seen.push(limit.allowed);
  }
  return { limit, seen };
}

const perConnection = (rate: number) => (connections: number) => rate * connections;

describe('the connections for files', () => {
  test('grow one by one, to as many as may be, while each brings more', () => {
    const { limit, seen } = readFor(5_000, { rate: perConnection(40_000) }, startingLimit(8));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(limit.allowed).toBe(8);
  });

  test('stay as they are while nobody has to wait', () => {
    const { seen } = readFor(5_000, { rate: perConnection(40_000), hungry: () => false }, startingLimit(8));
    expect(seen).toEqual([1]);
  });

  test('stay as they are where each brings 300 MB/s, whoever waits', () => {
    expect(readFor(5_000, { rate: perConnection(310_000) }, startingLimit(8)).seen).toEqual([1]);
  });

  test('stay as they are for a minute after one has brought 300 MB/s, however slow they are together', () => {
    const fast = readFor(1_000, { rate: perConnection(310_000) }, startingLimit(8));
    const slow = { rate: perConnection(40_000) };
    const soon = readFor(59_000, slow, fast.limit, 1_000);
    expect(soon.seen).toEqual([1]);
    expect(readFor(5_000, slow, soon.limit, 60_000).limit.allowed).toBe(8);
  });

  test('grow until nobody has to wait any more', () => {
    const hub = { rate: perConnection(40_000), hungry: (connections: number) => connections < 4 };
    expect(readFor(5_000, hub, startingLimit(8)).limit.allowed).toBe(4);
  });

  test('end at the number that brought the most, where more of them bring no more', () => {
    const narrow = { rate: (connections: number) => Math.min(100_000, 40_000 * connections) };
    const { limit, seen } = readFor(10_000, narrow, startingLimit(16));
    expect(Math.max(...seen)).toBe(6);
    expect(limit.allowed).toBe(3);
  });

  test('are tried anew after a minute', () => {
    const narrow = { rate: () => 30_000 };
    const settled = readFor(10_000, narrow, startingLimit(8)).limit;
    expect(settled.allowed).toBe(1);
    const later = readFor(65_000, { rate: perConnection(30_000) }, settled, 10_000);
    expect(later.limit.allowed).toBe(8);
  });

  test('are halved when one is refused, once for all that were refused together, and stay so for a while', () => {
    const grown = { ...startingLimit(8), allowed: 8 };
    const once = afterRefusal(grown, 1_000);
    expect(once.allowed).toBe(4);
    expect(afterRefusal(once, 1_500).allowed).toBe(4);
    expect(afterRefusal(once, 2_500).allowed).toBe(2);
    expect(readFor(9_000, { rate: perConnection(40_000) }, once, 1_000).seen).toEqual([4]);
    expect(readFor(15_000, { rate: perConnection(40_000) }, once, 1_000).limit.allowed).toBe(8);
  });

  test('are never fewer than one', () => {
    expect(afterRefusal(startingLimit(8), 1_000).allowed).toBe(1);
  });

  test('are halved when what comes has collapsed for twenty seconds', () => {
    const { limit } = readFor(10_000, { rate: perConnection(40_000) }, startingLimit(4));
    const slow = { rate: () => 30_000 };
    expect(readFor(19_000, slow, limit, 10_000).limit.allowed).toBe(4);
    expect(readFor(22_000, slow, limit, 10_000).limit.allowed).toBe(2);
  });

  test('are not held against the Hub while nobody reads', () => {
    const { limit } = readFor(10_000, { rate: perConnection(40_000) }, startingLimit(4));
    const silent = afterReading(limit, { bytes: 1_000, hungry: true }, { used: 1, now: 100_000 });
    expect(silent.allowed).toBe(4);
    expect(silent.lowSince).toBeUndefined();
  });

  test('count from those that the layers have already', () => {
    const { seen } = readFor(1_000, { rate: perConnection(40_000), used: 4 }, startingLimit(8));
    expect(seen.slice(0, 2)).toEqual([1, 5]);
  });
});

test('all ranges ahead together are 8 MiB, or 1.5 MiB for each connection', () => {
  for (const [allowed, size] of [
    [1, 4],
    [2, 4],
    [4, 2],
    [8, 1.5],
    [64, 1.5],
  ] as const) {
    expect(rangeSize({ allowed })).toBe(size * MIB);
  }
});
