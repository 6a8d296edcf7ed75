import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { nameCollisions } from './name-collisions.ts';

describe('paths that a file system may take for one', () => {
  test.each([
    ['in case', ['A.json', 'a.json'], [['A.json', 'a.json']]],
    ['in Unicode normal form', ['caf\u00e9', 'cafe\u0301'], [['cafe\u0301', 'caf\u00e9']]],
    ['in both', ['CAF\u00c9', 'cafe\u0301'], [['CAF\u00c9', 'cafe\u0301']]],
    ['in a folder, which counts once', ['A/x', 'A/y', 'a/y', 'a/z'], [['A', 'a']]],
    ['in a folder in a folder', ['m/A/x', 'm/a/y'], [['m/A', 'm/a']]],
    ['as a file and a folder', ['a', 'A/x', 'a-b'], [['a', 'A']]],
    [
      'three times',
      ['ab', 'aB', 'AB'],
      [
        ['AB', 'aB'],
        ['aB', 'ab'],
      ],
    ],
  ])('are found where they differ only %s', (_, paths, expected) => {
    const sorted = (pairs: readonly (readonly string[])[]) => pairs.map((pair) => [...pair].sort()).sort();
    const count = expected.length;
    expect(nameCollisions(paths)).toHaveLength(count);
    if (count === 1) expect(sorted(nameCollisions(paths))).toEqual(sorted(expected));
  });

  test.each([[['a.json', 'b.json', 'a/b', 'a-b', 'ab']], [[]], [['a']], [['A/x', 'A/y']], [['x/A', 'y/a']]])(
    'are not found in %j',
    (paths) => {
      expect(nameCollisions(paths)).toEqual([]);
    },
  );

  test('are found whenever there are any, in whatever order the paths come', () => {
    const component = fc.constantFrom('a', 'A', 'b', '\u00e9', 'e\u0301', '\u00c9', '-');
    const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const fold = (text: string) => text.normalize('NFC').toLowerCase();
    const prefixes = (text: string) =>
      text.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 6 }), (paths) => {
        const spellings = new Set(paths.flatMap(prefixes));
        const distinct = new Set([...spellings].map(fold));
        const found = nameCollisions(paths);
        expect(found.length > 0).toBe(distinct.size < spellings.size);
        for (const [one, other] of found) {
          expect(one).not.toBe(other);
          expect(fold(one)).toBe(fold(other));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('are found in time that grows with the paths, in the largest listing that we accept', () => {
    const deep = Array.from({ length: 8_000 }, (_, index) => `${index}/${`${'D'.repeat(40)}/`.repeat(95)}f`);
    expect(cpuMs(() => nameCollisions(deep))).toBeLessThan(10_000);
  });
});
