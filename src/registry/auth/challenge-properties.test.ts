import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jumble, latin1 } from '../../../test/support/arbitrary-text.ts';
import { cpuMs } from '../../../test/support/cpu-time.ts';
import { parseChallenges } from './challenge.ts';

const pieces = [
  'Bearer',
  'Basic',
  ' ',
  ',',
  '=',
  '"',
  '\\',
  '\\"',
  'realm',
  'scope',
  '__proto__',
  'constructor',
  'x',
  '\t',
  'é',
];
const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_|~-]{1,10}$/);

test('whatever a 401 says, challenges have a scheme, texts for parameters, and leave no trace elsewhere', () => {
  fc.assert(
    fc.property(fc.oneof(jumble(pieces, 25), latin1(60)), (header) => {
      for (const { scheme, parameters } of parseChallenges(header)) {
        expect(scheme).toMatch(/^[a-z0-9!#$%&'*+.^_`|~-]+$/);
        expect(Object.getPrototypeOf(parameters)).toBe(Object.prototype);
        for (const value of Object.values(parameters)) expect(typeof value).toBe('string');
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('what is written as RFC 9110 has it is read as it was meant, whatever the values hold', () => {
  const parameter = fc.tuple(
    token.map((name) => name.toLowerCase()),
    latin1(12),
  );
  // A name that stands twice is read once; JavaScript has names of its own for objects.
  const parameters = fc
    .uniqueArray(parameter, { maxLength: 4, selector: ([name]) => name })
    .filter((some) => some.every(([name]) => !(name in {})));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(token, parameters), { maxLength: 3 }),
      fc.constantFrom(',', ', ', ' ,\t'),
      (some, comma) => {
        const header = some
          .map(([scheme, pairs]) => {
            const written = pairs.map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`);
            return `${scheme} ${written.join(comma)}`;
          })
          .join(comma);
        const meant = some.map(([scheme, pairs]) => ({
          scheme: scheme.toLowerCase(),
          parameters: Object.fromEntries(pairs),
        }));
        // A line break cannot be in a header.
        fc.pre(!/[\r\n]/.test(header));
        expect(parseChallenges(header)).toEqual(meant);
      },
    ),
    { numRuns: 500 },
  );
});

test.each(['a', 'a ', 'a=', 'a="', 'a="\\', 'a=b,', ',', ' ', '"', 'Bearer realm="x",'])(
  'a challenge of nothing but %j is read in no time',
  (piece) => {
    const spent = cpuMs(() => {
      parseChallenges(piece.repeat(100_000 / piece.length));
      parseChallenges(piece + ' '.repeat(100_000));
    });
    expect(spent).toBeLessThan(1_000);
  },
);
