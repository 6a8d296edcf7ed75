import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, jumble } from '../../test/support/arbitrary-text.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { presentable, withoutMarkup } from './presentable.ts';

/** What a server may say at most: `readText` gives no more of an error page. */
const LONG = 64 * 1024;

describe('what a server said', () => {
  test('is shown on one line of at most 300 characters', () => {
    fc.assert(
      fc.property(anyText(600), (said) => {
        const shown = presentable(said);
        expect(shown).not.toMatch(/[\r\n\t\u2028]/);
        expect(shown.length).toBeLessThanOrEqual(301);
      }),
      { numRuns: 20 },
    );
  });

  test.each(['Signature', 'Policy', 'Key-Pair-Id', 'X-Amz-Signature', '_state'])(
    'never shows the value of %s, wherever in a long text it stands',
    (name) => {
      const around = jumble(['a', ' ', '&', '?', '\n', 'é'], 6000);
      fc.assert(
        fc.property(around, around, (before, after) => {
          expect(presentable(`${before} ${name}=qqq&b ${after}`)).not.toContain('q');
          expect(presentable(`${before} https://cdn.test/a?b=qqq ${after}`)).not.toContain('q');
        }),
        { numRuns: 30 },
      );
    },
  );

  test.each(['http://', 'X-Amz-', 'Signature=', '<', '<style', '<style>', '</style', '<script><', ' '])(
    'is read in no time when it is nothing but %j',
    (piece) => {
      const spent = cpuMs(() => {
        presentable(withoutMarkup(piece.repeat(LONG / piece.length)));
        presentable(piece.repeat(LONG / piece.length));
      });
      expect(spent).toBeLessThan(1_000);
    },
  );
});

test.each([
  ['<html><head><style>a{}</style><title>413</title></head><body>too large</body>', '413 too large'],
  ['<STYLE>a{}</STYLE>one<script>x < y</script >two', 'one'],
  ['<style>a{}</style>one<script>x<y</script>two', 'one two'],
  ['never closed <style> a{}', 'never closed'],
  ['3 < 4 and <b>bold</b>', '3 < 4 and bold'],
])('of the page %j a person reads %j', (page, words) => {
  expect(presentable(withoutMarkup(page))).toBe(words);
});
