import { describe, expect, test } from 'vitest';
import type { ModelId, Sibling } from '../model.ts';
import { NO_EVIDENCE } from './evidence.ts';
import { type Selection, type SelectionPatterns, selectSiblings } from './selection.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;
const siblings = (...paths: readonly string[]): readonly Sibling[] =>
  paths.map((path, at) => ({ path, size: 10 ** at, oid }));

function select(
  paths: readonly string[],
  patterns: Partial<SelectionPatterns> = {},
  type: ModelId['type'] = 'model',
): Selection {
  const model = { id: { type, name: 'acme/m' }, siblings: siblings(...paths) };
  return selectSiblings(model, { allow: [], ignore: [], pickles: 'refuse', ...patterns }, NO_EVIDENCE);
}

const kept = (...args: Parameters<typeof select>): readonly string[] =>
  select(...args).kept.map(({ path }) => path);

test('without patterns a dataset is kept whole', () => {
  expect(kept(['a.bin', '.gitattributes', 'b.png'], {}, 'dataset')).toHaveLength(3);
});

test('without patterns a model keeps what serving needs', () => {
  expect(kept(['a.safetensors', '.gitattributes', 'b.bin'])).toEqual(['a.safetensors']);
});

describe('with patterns', () => {
  test('exactly what is allowed is kept, in all folders, pickles too', () => {
    expect(kept(['a.bin', 'b/c.bin', 'd.json'], { allow: ['*.bin'] })).toEqual(['a.bin', 'b/c.bin']);
  });

  test('an asterisk is everything', () => {
    const paths = ['.gitattributes', 'a.bin', 'b/c.png', 'model.safetensors', 'original/x'];
    expect(kept(paths, { allow: ['*'] })).toEqual(paths);
  });

  test('a bare suffix keeps the meaning that it had in the Python tool', () => {
    expect(kept(['a.json', 'b/c.json', 'ajson'], { allow: ['.json'] })).toEqual(['a.json', 'b/c.json']);
  });

  test('a folder with a slash is all that is below it', () => {
    expect(kept(['onnx/a', 'onnx/b/c', 'x'], { allow: ['onnx/'] })).toEqual(['onnx/a', 'onnx/b/c']);
  });

  test('what is to be ignored is never kept, of what is allowed or of the default', () => {
    expect(kept(['a.md', 'b.md', 'c.bin', 'd.json'], { ignore: ['a*', '*.bin'] })).toEqual([
      'b.md',
      'd.json',
    ]);
    expect(kept(['a.md', 'b.md'], { allow: ['*.md'], ignore: ['a*'] })).toEqual(['b.md']);
  });

  test('one that no file matches is named, unless it is to be ignored', () => {
    const allow = ['*Q4_K_M*', '*.md', 'onnx/'];
    const { unmatched } = select(['a-q4_k_m.gguf', 'README.md'], { allow, ignore: ['*.png'] });
    expect(unmatched).toEqual(['*Q4_K_M*', 'onnx/']);
  });

  test('what they leave out is said, the most bytes first', () => {
    const { leftOut } = select(['a.md', 'b.json', 'c.json'], { allow: ['*.json'], ignore: ['c*'] });
    expect(leftOut).toEqual([
      {
        reason: 'matched by the patterns to ignore',
        siblings: [expect.objectContaining({ path: 'c.json' })],
      },
      {
        reason: 'not matched by the patterns to allow',
        siblings: [expect.objectContaining({ path: 'a.md' })],
      },
    ]);
  });
});

describe('nothing kept is an error that shows what there is', () => {
  test('file by file', () => {
    expect(() => select(['a', 'b\n.json', 'c'], { allow: ['*.safetensors'] })).toThrow(
      /^the patterns leave none of the 3 files of acme\/m:\n {6}1 B {2}a\n {5}10 B {2}b\ufffd\.json\n {4}100 B {2}c$/,
    );
  });

  test('by kind, the largest first, when there are many', () => {
    const paths = [...'0123456789'].flatMap((name) => [`${name}.a`, `${name}.b`]);
    expect(() => select([...paths, 'x'], { allow: ['*.c'] })).toThrow(
      /none of the 21 files of acme\/m:\n.* 1 × without an extension\n.* 10 × \*\.b\n.* 10 × \*\.a$/,
    );
  });

  test('also when no pattern was given', () => {
    expect(() => select(['.gitattributes', 'a.png'])).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        message: expect.stringMatching(/^the default selection leaves none of the 2 files/),
        hint: expect.stringContaining("--allow-patterns '*'"),
      }),
    );
  });
});
