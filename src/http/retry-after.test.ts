import { describe, expect, test } from 'vitest';
import { backoffMs, parseRetryAfter } from './retry-after.ts';

const NOW = Date.parse('Mon, 23 Nov 2026 10:00:00 GMT');

describe('a Retry-After asks to wait', () => {
  test.each<[header: string | undefined, ms: number | undefined]>([
    ['2', 2_000],
    [' 2 ', 2_000],
    ['0', undefined],
    ['Mon, 23 Nov 2026 10:00:20 GMT', 20_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', undefined],
    ['99999', 600_000],
    ['Tue, 24 Nov 2026 10:00:00 GMT', 600_000],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
  ])('%s: %s ms', (header, ms) => {
    expect(parseRetryAfter(header, NOW)).toBe(ms);
  });
});

describe('the backoff', () => {
  test('doubles with each retry up to a minute', () => {
    expect([1, 2, 3, 7, 8, 2000].map((retry) => backoffMs(retry, 1))).toEqual([
      1_000, 2_000, 4_000, 60_000, 60_000, 60_000,
    ]);
  });

  test('is spread evenly from nothing to its full length', () => {
    expect([0, 0.25, 0.5].map((random) => backoffMs(2, random))).toEqual([0, 500, 1_000]);
  });

  test('is whole milliseconds, as events show it', () => {
    expect(backoffMs(1, 0.81833794)).toBe(818);
  });
});
