import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ggufChoices } from './gguf.ts';
import { matcher } from './path-patterns.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;

/** What each listed choice has, and what its pattern selects. */
function choices(paths: readonly string[]) {
  return ggufChoices(paths.map((path, size) => ({ path, size, oid }))).map(({ siblings, pattern }) => ({
    has: siblings.map(({ path }) => path),
    selects: paths.filter(matcher([pattern()])),
    pattern: pattern(),
  }));
}

test.each([
  ['llama.gguf', 'tinyllama.gguf'],
  ['m-Q4.gguf', 'sub/m-Q4.gguf'],
  ['a b.gguf', 'a_b.gguf'],
  ['a[b].gguf', 'a?b?.gguf', 'axbx.gguf'],
  ['a-00001-of-00002.gguf', 'a-00002-of-00002.gguf', 'a.gguf', 'a-00001-of-00002-x.gguf'],
])('%j and the others are each selected alone', (...paths) => {
  for (const { has, selects } of choices(paths)) expect(selects).toEqual(has);
});

test('a choice selects exactly its own files, and can be written in a list on a command line', () => {
  const name = fc.stringMatching(/^(?:[ab]\/)?[ab[\]?* ]{1,3}(?:-Q[48](?:_K)?)?(?:-0000[12]-of-0000[23])?$/);
  const ending = fc.constantFrom('.gguf', '.GGUF');
  const paths = fc.uniqueArray(
    name.chain((stem) => ending.map((end) => stem + end)),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(paths, (some) => {
      for (const { has, selects, pattern } of choices(some)) {
        expect(selects).toEqual(has);
        expect(pattern).not.toMatch(/[\s,'"]/);
      }
    }),
    { numRuns: 500 },
  );
});
