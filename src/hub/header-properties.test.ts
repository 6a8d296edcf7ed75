import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { jumble, latin1 } from '../../test/support/arbitrary-text.ts';
import { readAll } from '../../test/support/read-all.ts';
import { ModelcarError } from '../core/error.ts';
import { hubWaitMs } from './hub-client.ts';
import { bodyFrom, endOf } from './range.ts';
import { rereadTally } from './reread-tally.ts';
import { signedUrl } from './signed-url.ts';

const SIZE = 100;
const name = {
  id: { type: 'model', name: 'acme/llama' },
  commit: 'c'.repeat(40),
  sibling: { path: 'w', size: SIZE, oid: { algorithm: 'sha256', hex: 'a'.repeat(64) } },
} as const;
const number = fc.oneof(
  fc.nat(SIZE + 2).map(String),
  fc.constantFrom('-1', '', '*', '9007199254740993', '9'.repeat(400), '0x10', '1e2', ' 5', '007'),
);

test('whatever Content-Range and Content-Length say, bytes are taken from where they were asked for, or refused', async () => {
  const range = fc.tuple(fc.constantFrom('bytes ', 'bytes=', 'Bytes ', ''), number, number, number);
  const wellFormed = fc
    .tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1))
    .map(([one, other]) => `bytes ${Math.min(one, other)}-${Math.max(one, other)}/${SIZE}`);
  const contentRange = fc.oneof(
    { weight: 3, arbitrary: wellFormed },
    range.map(([unit, first, last, total]) => `${unit}${first}-${last}/${total}`),
    jumble(['bytes', ' ', '-', '/', '*', '0', '99', '100'], 8),
    latin1(15),
  );
  // Byte n of the file is n.
  const file = Buffer.from(Array.from({ length: SIZE }, (_, byte) => byte));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(200, 206),
      fc.option(contentRange, { nil: undefined }),
      fc.option(number, { nil: undefined, freq: 1 }),
      fc.nat(SIZE - 1),
      async (status, given, length, start) => {
        const headers = {
          ...(given !== undefined && { 'content-range': given }),
          ...(length !== undefined && { 'content-length': length }),
        };
        const response = answer(status, headers, status === 200 ? file : file.subarray(start));
        const fileAnswer = { response, asked: { start, end: SIZE } };
        const tally = rereadTally(() => undefined);
        const source = { size: SIZE, open: () => bodyFrom(fileAnswer, name, tally) };
        const got = await readAll(source).catch((error) => {
          expect(error).toBeInstanceOf(ModelcarError);
          return undefined;
        });
        expect(response.touched()).toBe(true); // else it holds its connection
        if (got === undefined) return;
        const end = endOf(fileAnswer);
        expect(got.equals(file.subarray(start, status === 200 ? SIZE : end))).toBe(true);
        expect(status === 200 || (Number.isSafeInteger(end) && end > start && end <= SIZE)).toBe(true);
      },
    ),
    { numRuns: 400 },
  );
});

test('whatever RateLimit and Retry-After say, the wait is between nothing and ten minutes', () => {
  const window = fc.oneof(
    fc.tuple(number, number).map(([r, t]) => `"api";r=${r};t=${t}`),
    jumble(['"api"', ';', 'r=0', 't=', '9', ' ', '-1'], 10),
    latin1(20),
  );
  fc.assert(
    fc.property(fc.constantFrom(429, 503), window, number, (status, ratelimit, after) => {
      const ms = hubWaitMs(answer(status, { ratelimit, 'retry-after': after }), 0) ?? 0;
      expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= 600_000).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('whatever a signed URL says of its end, there is a moment until which it is used', () => {
  const query = fc.tuple(
    fc.constantFrom('Expires', 'X-Amz-Date', 'X-Amz-Expires', 'x'),
    fc.oneof(number, fc.constantFrom('20260115T093000Z', '20269999T999999Z', 'Infinity')),
  );
  fc.assert(
    fc.property(
      fc.array(query, { maxLength: 4 }),
      fc.oneof(latin1(10), fc.constant('Thu, 15 Jan 2026 09:30:20 GMT')),
      (pairs, date) => {
        const url = `https://cdn.test/x?${new URLSearchParams(pairs)}`;
        const signed = signedUrl(url, answer(302, { date }), 1000);
        expect(signed.url).toBe(url);
        expect(signed.staleAt).not.toBeNaN();
      },
    ),
    { numRuns: 500 },
  );
});
