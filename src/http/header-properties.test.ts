import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jumble, latin1 } from '../../test/support/arbitrary-text.ts';
import { backoffMs, parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(2026, 0, 15, 9, 30);
const pieces = [
  '0',
  '1',
  '9999999999',
  '-',
  '.',
  'e',
  'Infinity',
  'NaN',
  ' ',
  'Thu, ',
  '15 Jan ',
  '2026',
  ' 09:30:20 GMT',
  '+',
  'x',
];

test('whatever Retry-After says, the wait is between nothing and ten minutes', () => {
  const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
  fc.assert(
    fc.property(fc.oneof(jumble(pieces, 8), latin1(20), dates), (header) => {
      const ms = parseRetryAfter(header, NOW) ?? 0;
      expect(ms >= 0 && ms <= 600_000 && Number.isSafeInteger(ms)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('a wait in seconds or as a date is the wait that was meant', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), (seconds) => {
      expect(parseRetryAfter(String(seconds), NOW)).toBe(seconds * 1000);
      expect(parseRetryAfter(new Date(NOW + seconds * 1000).toUTCString(), NOW)).toBe(seconds * 1000);
    }),
    { numRuns: 200 },
  );
});

test('however often something fails, the pause before the next try is at most a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (retry, random) => {
        const ms = backoffMs(retry, random);
        expect(ms >= 0 && ms <= 60_000).toBe(true);
      },
    ),
  );
});
