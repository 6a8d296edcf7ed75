import { expect, test } from 'vitest';
import type { Sibling } from './model.ts';
import { type SelectionPatterns, selectSiblings } from './selection.ts';

const siblings = (...paths: readonly string[]): readonly Sibling[] =>
  paths.map((path) => ({ path, size: 1, oid: { algorithm: 'git-sha1', hex: '' } }));

const select = (paths: readonly string[], patterns: Partial<SelectionPatterns>): readonly string[] =>
  selectSiblings(siblings(...paths), { allow: [], ignore: [], ...patterns }).map(({ path }) => path);

test('without patterns everything is kept', () => {
  expect(select(['a.bin', '.gitattributes'], {})).toEqual(['a.bin', '.gitattributes']);
});

test('exactly what is allowed is kept, in all folders', () => {
  expect(select(['a.bin', 'b/c.bin', 'd.json'], { allow: ['*.bin'] })).toEqual(['a.bin', 'b/c.bin']);
});

test('a bare suffix keeps the meaning that it had in the Python tool', () => {
  expect(select(['a.json', 'b/c.json', 'ajson'], { allow: ['.json'] })).toEqual(['a.json', 'b/c.json']);
});

test('a folder with a slash is all that is below it', () => {
  expect(select(['onnx/a', 'onnx/b/c', 'x'], { allow: ['onnx/'] })).toEqual(['onnx/a', 'onnx/b/c']);
});

test('what is to be ignored is never kept', () => {
  expect(select(['a.md', 'b.md', 'c'], { ignore: ['*.md'] })).toEqual(['c']);
  expect(select(['a.md', 'b.md'], { allow: ['*.md'], ignore: ['a*'] })).toEqual(['b.md']);
});

test('patterns that leave nothing are an error that shows what there is', () => {
  const paths = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  expect(() => select(paths, { allow: ['*.safetensors'] })).toThrow('none of a, b, c, d, e and 2 more');
});
