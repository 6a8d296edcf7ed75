import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ignorePatterns } from './ignore-patterns.ts';
import { matcher } from './path-patterns.ts';

describe('patterns that leave out given files', () => {
  test.each([
    [['llama.gguf'], ['tinyllama.gguf'], ['[l]lama.gguf']],
    [['m-Q4.gguf'], ['sub/m-Q4.gguf'], ['[m]-Q4.gguf']],
    [['spk_dict.pt'], ['config.json'], ['spk_dict.pt']],
    [['a b.gguf'], ['c.gguf'], ['a?b.gguf']],
    [['a-00001-of-00002.bin', 'a-00002-of-00002.bin'], ['b.bin'], ['a-*-of-00002.bin']],
  ])('%j and not %j are %j', (paths, others, patterns) => {
    expect(ignorePatterns(paths, others)).toEqual(patterns);
  });

  test('are common beginnings if there are many files, so that a command stays short', () => {
    const words = [
      'IQ2_M',
      'IQ3_M',
      'Q2_K',
      'Q3_K_L',
      'Q3_K_M',
      'Q3_K_S',
      'Q4_0',
      'Q4_K_S',
      'Q5_0',
      'Q5_K_M',
    ];
    const others = ['Q4_K_M', 'README'];
    const paths = [...words, 'Q5_K_S', 'Q6_K', 'Q8_0', 'BF16'].map((word) => `m-${word}.gguf`);
    const patterns = ignorePatterns(
      paths,
      others.map((word) => `m-${word}.gguf`),
    );
    expect(patterns).toEqual([
      ...['m-I*', 'm-Q2*', 'm-Q3*', 'm-Q4_0*', 'm-Q4_K_S*', 'm-Q5*', 'm-Q6*', 'm-Q8*', 'm-B*'],
    ]);
  });

  test('are not offered if they do not fit into a shell line', () => {
    const all = Array.from({ length: 2_000 }, (_, at) => `${at}.pt`);
    const paths = all.filter((_, at) => at % 2 === 0);
    expect(
      ignorePatterns(
        paths,
        all.filter((_, at) => at % 2 === 1),
      ),
    ).toBeUndefined();
  });

  test('match exactly those files, and fit into a quoted list', () => {
    const name = fc.stringMatching(
      /^(?:[ab]\/)?[ab[\]?*!, '"-]{1,3}(?:-Q[48](?:_K)?)?(?:-0000[12]-of-0000[23])?$/,
    );
    const path = name.chain((stem) => fc.constantFrom('.gguf', '.pt', '').map((end) => stem + end));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 40 }), fc.nat(40), (all, at) => {
        // Three characters have no pattern that tells them apart: these names must differ elsewhere.
        const known = new Map(all.map((one) => [one.replace(/[,'" ]/g, ' '), one]));
        const [paths, others] = [[...known.values()].slice(0, at), [...known.values()].slice(at)];
        const patterns = ignorePatterns(paths, others) ?? [];
        const matches = matcher(patterns);
        expect([paths.filter((one) => !matches(one)), others.filter(matches)]).toEqual([[], []]);
        for (const pattern of patterns) expect(pattern).not.toMatch(/[\s,'"]/);
      }),
      { numRuns: 500 },
    );
  });
});
