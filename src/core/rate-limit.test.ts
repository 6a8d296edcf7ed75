import { describe, expect, test } from 'vitest';
import { obeysByteSourceLaws } from '../../test/laws/byte-source-laws.ts';
import { readAll } from '../../test/support/read-all.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { fromBytes } from './bytes.ts';
import { createRateLimit, limited } from './rate-limit.ts';

const BYTES = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);

describe('a source whose rate is limited', () => {
  obeysByteSourceLaws(() => ({
    source: limited(fromBytes(BYTES), createRateLimit(10_000_000, testClock())),
  }));

  test('takes as long as its bytes at that rate', async () => {
    const clock = testClock();
    await readAll(limited(fromBytes(BYTES), createRateLimit(10_000, clock)));
    // The last piece passes at once, and what follows it would wait.
    expect(clock.now()).toBe(9_950);
  });

  test('flows evenly: no piece is more than a twentieth of a second', async () => {
    const sizes: number[] = [];
    const source = limited(fromBytes(BYTES), createRateLimit(10_000, testClock()));
    for await (const piece of source.open()) sizes.push(piece.length);
    expect(Math.max(...sizes)).toBe(500);
  });

  test('shares the rate with all others', async () => {
    const clock = testClock();
    const limit = createRateLimit(10_000, clock);
    await Promise.all([1, 2].map(() => readAll(limited(fromBytes(BYTES), limit))));
    expect(clock.now()).toBeGreaterThanOrEqual(19_900);
  });

  test('saves nothing up while nobody reads', async () => {
    const clock = testClock();
    const limit = createRateLimit(10_000, clock);
    clock.pass(60_000);
    await readAll(limited(fromBytes(BYTES), limit));
    expect(clock.now()).toBe(69_950);
  });
});
