import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { nextPage } from './next-page.ts';

const LIST = 'https://r.test/v2/a/b/tags/list?n=1000';

/** What a `Link` is made of, in any order. */
const pieces = fc.constantFrom(
  '<',
  '>',
  '/v2/x?last=1',
  'https://evil.test/',
  '//evil.test',
  '\\\\evil.test',
  '@',
  ':',
);
const parameters = fc.constantFrom(
  ';',
  ' ',
  'rel',
  '=',
  '"',
  'next',
  ',',
  'rel="next"',
  '[',
  '%',
  '#',
  '\u00e9',
);
const link = fc.array(fc.oneof(pieces, parameters), { maxLength: 30 }).map((some) => some.join(''));

test('whatever the Link says, the next page is asked of the registry that gave it', () => {
  fc.assert(
    fc.property(link, (header) => {
      const next = nextPage(LIST, header);
      if (next !== undefined) expect(new URL(next).origin).toBe('https://r.test');
    }),
    { numRuns: 500 },
  );
});

test.each(['<', '<>;', '<> ; rel ', '<>; rel=" '])('a Link of nothing but %j is read in no time', (piece) => {
  const spent = cpuMs(() => {
    nextPage(LIST, piece.repeat(100_000 / piece.length));
    nextPage(LIST, piece + ' '.repeat(100_000));
  });
  expect(spent).toBeLessThan(1_000);
});
