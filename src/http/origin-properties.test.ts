import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jumble } from '../../test/support/arbitrary-text.ts';
import { withoutQuery } from './origin.ts';

const WORD = 'pass-word';

const pieces = [
  ...['http:', 'https:', 'HTTPS:', 'ftp:', 'file:', 'odd:', '/', '//', '\\\\', '/\\', '?', '#', '[', ']'],
  ...[
    '@',
    ':',
    '%40',
    '%2F',
    '\t',
    '\n',
    ' ',
    '.',
    '..',
    '80',
    '99999',
    'cdn.test',
    'x',
    '\u00e9',
    '\u{1f511}',
  ],
];
const around = jumble(pieces, 6);
const begin = fc.oneof(
  around,
  fc.constantFrom('https://', 'https:/', 'https:', 'http:\\\\', '//', '\\\\', 'ftp:/'),
);
const url = fc
  .tuple(begin, fc.constantFrom('', ':', 'ada:'), fc.constantFrom('', ':x', '/x', '@'), around)
  .map(([before, user, after, host]) => `${before}${user}${WORD}${after}@${host}`);

/** The URL that a request to `base` would follow. */
function parse(text: string, base?: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}

test('no user and no password is shown of any text that the URL parser accepts', () => {
  let found = 0;
  fc.assert(
    fc.property(url, fc.constantFrom(undefined, 'http://base.test/a/b'), (text, base) => {
      const parsed = parse(text, base);
      if (!`${parsed?.username}:${parsed?.password}`.includes(WORD)) return;
      found += 1;
      const elsewhere = `${parsed?.host}${parsed?.pathname}`.includes(WORD);
      if (!elsewhere) expect(withoutQuery(text)).not.toContain(WORD);
    }),
    { numRuns: 5_000 },
  );
  expect(found).toBeGreaterThan(100);
});

test('the only user info that is shown is the placeholder', () => {
  fc.assert(
    fc.property(url, (text) => {
      const shown = parse(withoutQuery(text), 'http://base.test/a/b');
      expect(['', encodeURIComponent('…')]).toContain(shown?.username ?? '');
      expect(shown?.password ?? '').toBe('');
    }),
    { numRuns: 5_000 },
  );
});

test('neither query nor fragment is shown', () => {
  fc.assert(
    fc.property(around, around, (before, after) => {
      expect(withoutQuery(`${before}?${WORD}${after}`)).not.toContain(WORD);
      expect(withoutQuery(`${before}#${WORD}${after}`)).not.toContain(WORD);
    }),
    { numRuns: 2_000 },
  );
});
