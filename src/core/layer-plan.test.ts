import { describe, expect, test } from 'vitest';
import { parseLayerPrefix, planLayers } from './layer-plan.ts';
import type { Sibling } from './model.ts';

const OPTIONS = { prefix: 'models/', tarLayout: 'standard' } as const;

function siblings(...paths: readonly string[]): readonly Sibling[] {
  return paths.map((path) => ({ path, size: 1, oid: { algorithm: 'git-sha1', hex: '0'.repeat(40) } }));
}

const pathsOf = (...paths: readonly string[]) =>
  planLayers(siblings(...paths), OPTIONS).map(({ path }) => path);

test('the order depends on the paths alone, code point by code point', () => {
  const expected = [
    'models/B',
    'models/a',
    'models/a.b',
    'models/a/b',
    'models/é',
    'models/\uffee',
    'models/😀',
  ];
  const names = expected.map((path) => path.slice('models/'.length)).filter((name) => name !== 'a');
  expect(pathsOf(...names)).toEqual(expected.filter((path) => path !== 'models/a'));
  expect(pathsOf(...names.reverse())).toEqual(expected.filter((path) => path !== 'models/a'));
});

test('nested files of the same name keep their folders', () => {
  expect(pathsOf('config.json', '1_Pooling/config.json')).toEqual([
    'models/1_Pooling/config.json',
    'models/config.json',
  ]);
});

test('two names that differ only in case or in Unicode composition are two files', () => {
  expect(pathsOf('A', 'a', 'caf\u00e9', 'cafe\u0301')).toHaveLength(4);
});

describe('refused before the first byte moves', () => {
  test.each([
    ['an absolute path', '/etc/passwd', 'absolute'],
    ['a way up', 'a/../../b', '".."'],
    ['a dot', './a', '"."'],
    ['an empty component', 'a//b', '""'],
    ['a backslash', 'a\\b', 'backslash'],
    ['a NUL', 'a\0b', 'U+0000'],
    ['a line break', 'a\nb', 'U+000A'],
    ['an escape sequence', 'a\u001b[2Jb', 'U+001B'],
    ['a control character of Latin-1', 'a\u0085b', 'U+0085'],
    ['a line separator', 'a\u2028b', 'U+2028'],
    ['text that runs backwards', 'gpj.\u202enosj', 'U+202E'],
    ['a bidirectional isolate', 'a\u2066b', 'U+2066'],
    ['half a character', 'a\ud800b', 'Unicode'],
    ['a component over 255 bytes', `${'ü'.repeat(128)}`, '255 bytes'],
    ['a whiteout', 'sub/.wh.config.json', '.wh.'],
    ['an opaque whiteout', '.wh..wh..opq', '.wh.'],
    ['a path that nobody could open', `${'n'.repeat(200)}/`.repeat(30), '4095 bytes'],
    [
      'a path that the folder of the model makes too long',
      `${'n'.repeat(255)}/`.repeat(16).slice(0, 4092),
      '4095 bytes',
    ],
    ['folders in folders without end', `${'d/'.repeat(1000)}f`, '100 components'],
  ])('%s', (_, path, reason) => {
    expect(() => pathsOf('ok.json', path)).toThrow(reason);
    expect(() => pathsOf('ok.json', path)).toThrow(expect.objectContaining({ code: 'REJECTED' }));
  });

  test('a path listed twice', () => {
    expect(() => pathsOf('a', 'a')).toThrow('a and a would both be models/a');
  });

  test('a path that is a file and a folder', () => {
    expect(() => pathsOf('a', 'a/b/c')).toThrow('would both be models/a');
  });

  test('files that the reference layout would put onto each other', () => {
    const both = siblings('config.json', '1_Pooling/config.json');
    expect(() => planLayers(both, { ...OPTIONS, tarLayout: 'reference' })).toThrow('models/config.json');
  });

  test('a model without files', () => {
    expect(() => planLayers([], OPTIONS)).toThrow('no files');
  });
});

test('marks that scripts from right to left are written with are kept', () => {
  expect(pathsOf('\u05d0\u200f.json', 'a\u200db')).toHaveLength(2);
});

test('a path of 100 components is kept', () => {
  expect(pathsOf(`${'d/'.repeat(99)}f`)).toHaveLength(1);
});

test('a refusal shows no more of a path than a person can read', () => {
  expect(() => pathsOf('n'.repeat(1_000_000))).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^.{0,400}$/) }),
  );
});

test('a component of 255 bytes is kept', () => {
  expect(pathsOf('n'.repeat(255))).toEqual([`models/${'n'.repeat(255)}`]);
});

test.each(['models', '/models/', '../', 'a//', 'a\\b/'])('%s cannot be the folder of the model', (prefix) => {
  expect(() => parseLayerPrefix(prefix)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test.each(['', 'models/', 'a/b/'])('"%s" can be the folder of the model', (prefix) => {
  expect(parseLayerPrefix(prefix)).toBe(prefix);
});
