import { describe, expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { parseBranches, parseCommit, parseErrorMessage, parseSiblings, parseTreePage } from './wire.ts';

const URL = 'https://hub.test/api/models/acme/tiny';
const SHA1 = 'a'.repeat(40);
const SHA256 = 'b'.repeat(64);
const unsupported = expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(URL) });

describe('a commit', () => {
  test('is the sha of the model', () => {
    expect(parseCommit(JSON.stringify({ id: 'acme/tiny', sha: SHA1, siblings: [] }), URL)).toBe(SHA1);
  });

  test.each([
    '',
    'null',
    '[]',
    '{}',
    '{"error":"Internal Error - We are working hard to fix this"}',
    '<!doctype html><title>Sign in</title>',
    '{"sha":42}',
    '{"sha":"main"}',
    `{"sha":"${'A'.repeat(40)}"}`,
    `{"sha":"${SHA1}`,
  ])('is not to be had from %s', (body) => {
    expect(() => parseCommit(body, URL)).toThrow(unsupported);
  });
});

describe('the branches of a model', () => {
  const parse = (body: unknown) => parseBranches(JSON.stringify(body), URL);

  test('are named with their commits; tags, pull requests and what has no commit are passed over', () => {
    const branches = [
      { name: 'main', ref: 'refs/heads/main', targetCommit: SHA1 },
      { name: 'odd', ref: 'refs/heads/odd', targetCommit: 'main' },
    ];
    const tags = [{ name: 'v1', ref: 'refs/tags/v1', targetCommit: SHA1 }];
    expect(parse({ branches, tags, converts: [] })).toEqual([{ name: 'main', commit: SHA1 }]);
  });

  test.each([{}, [], null, { branches: {} }, { branches: [{ name: 'main' }] }])(
    'are not to be had from %j',
    (body) => {
      expect(() => parse(body)).toThrow(unsupported);
    },
  );
});

describe('a page of a listing', () => {
  const parse = (...entries: readonly unknown[]) => parseTreePage(JSON.stringify(entries), URL);
  const lfs = {
    type: 'file',
    path: 'w',
    oid: SHA1,
    size: 9,
    lfs: { oid: SHA256, size: 9, pointerSize: 134 },
  };

  test('gives a file of git its sha1', () => {
    expect(parse({ type: 'file', path: 'c', oid: SHA1, size: 0 })).toEqual([
      { path: 'c', size: 0, oid: { algorithm: 'git-sha1', hex: SHA1 }, lfs: false },
    ]);
  });

  const expected = [{ path: 'w', size: 9, oid: { algorithm: 'sha256', hex: SHA256 }, lfs: true }];
  test.each([
    ['as the tree has it', lfs],
    ['as model info has it', { ...lfs, lfs: { sha256: SHA256, size: 9 } }],
    ['with the algorithm in front', { ...lfs, lfs: { oid: `sha256:${SHA256}`, size: 9 } }],
    ['with the size of the pointer outside', { ...lfs, size: 134 }],
    ['without a size of its own', { ...lfs, lfs: { oid: SHA256 } }],
    ['with fields nobody knows', { ...lfs, xetHash: 'c'.repeat(64), securityFileStatus: { status: 'safe' } }],
  ])('gives a file in LFS the sha256 of its content and its real size, %s', (_, entry) => {
    expect(parse(entry)).toEqual(expected);
  });

  test('takes a null in place of lfs for a file of git', () => {
    expect(parse({ type: 'file', path: 'c', oid: SHA1, size: 3, lfs: null })[0]?.oid?.algorithm).toBe(
      'git-sha1',
    );
  });

  test('leaves out what is not a file', () => {
    const others = [
      { type: 'directory', path: 'd', oid: SHA1, size: 0 },
      { type: 'unknown', path: 'u' },
    ];
    expect(parse(...others, lfs)).toEqual(expected);
    expect(parse()).toEqual([]);
  });

  test('keeps order, duplicates and paths as they are: the plan refuses what must be refused', () => {
    const paths = ['b', '../a', '/etc/passwd', 'a\\b', 'n\0l', 'b'];
    const files = paths.map((path) => ({ type: 'file', path, oid: SHA1, size: 1 }));
    expect(parse(...files).map(({ path }) => path)).toEqual(paths);
  });

  test.each([
    ['an object', '{"error":"Internal Error"}'],
    ['text', '"[]"'],
    ['a list of names', '["config.json"]'],
    ['half a list', '[{"type":"file"'],
    ['nothing', ''],
    ['a page for people', '<html></html>'],
  ])('is not %s', (_, body) => {
    expect(() => parseTreePage(body, URL)).toThrow(unsupported);
  });

  test.each([
    ['no path', { type: 'file', oid: SHA1, size: 1 }],
    ['a size below zero', { type: 'file', path: 'x', oid: SHA1, size: -1 }],
    ['half a byte', { type: 'file', path: 'x', oid: SHA1, size: 1.5 }],
    ['a size as text', { type: 'file', path: 'x', oid: SHA1, size: '1' }],
    ['a size no number can hold', { type: 'file', path: 'x', oid: SHA1, size: 2 ** 53 }],
  ])('is refused with %s', (_, entry) => {
    expect(() => parse(entry)).toThrow(unsupported);
  });

  test.each([
    ['no hash', { type: 'file', path: 'x', size: 1 }],
    ['a hash of another length', { type: 'file', path: 'x', size: 1, oid: 'abc' }],
    ['a hash that is not hex', { type: 'file', path: 'x', size: 1, oid: 'g'.repeat(40) }],
    ['the hash of its pointer only', { ...lfs, lfs: { size: 9 } }],
    ['a sha1 in LFS', { ...lfs, lfs: { oid: SHA1, size: 9 } }],
  ])('leaves the hash of a file open that comes with %s', (_, entry) => {
    expect(parse(entry)).toEqual([
      { path: entry.path, size: entry.size, oid: undefined, lfs: 'lfs' in entry },
    ]);
  });

  test('leaves the size of a file open that comes without one', () => {
    expect(parse({ type: 'file', path: 'x', oid: SHA1 })[0]?.size).toBeUndefined();
  });
});

describe('the description of a model', () => {
  const parse = (siblings: unknown, sha = SHA1) =>
    parseSiblings(JSON.stringify({ sha, siblings }), URL, SHA1);

  test('lists its files as a tree does', () => {
    const files = [
      { rfilename: 'c', blobId: SHA1, size: 3 },
      { rfilename: 'w', blobId: SHA1, size: 9, lfs: { sha256: SHA256, size: 9, pointerSize: 134 } },
      { rfilename: 'x' },
    ];
    expect(parse(files)).toEqual([
      { path: 'c', size: 3, oid: { algorithm: 'git-sha1', hex: SHA1 }, lfs: false },
      { path: 'w', size: 9, oid: { algorithm: 'sha256', hex: SHA256 }, lfs: true },
      { path: 'x', size: undefined, oid: undefined, lfs: false },
    ]);
  });

  test.each([
    ['no files', undefined],
    ['names alone', ['config.json']],
    ['a size below zero', [{ rfilename: 'c', size: -1 }]],
  ])('is refused with %s', (_, siblings) => {
    expect(() => parse(siblings)).toThrow(unsupported);
  });

  test('is refused when it is of another commit', () => {
    expect(() => parse([], 'c'.repeat(40))).toThrow(/another commit, c{40}/);
  });
});

test.each([
  ['{"error":"Repository not found"}', 'Repository not found'],
  ['{"error":["a","b"]}', undefined],
  ['{"message":"x"}', undefined],
  ['Entry not found', undefined],
  ['', undefined],
])('the message in %s is %s', (body, message) => {
  expect(parseErrorMessage(body)).toBe(message);
});

test('the query of a page that cannot be read is not shown: its cursor is as good as a signature', () => {
  const page = `${URL}?cursor=${secret('cursor')}`;
  for (const read of [parseCommit, parseTreePage, (body: string) => parseSiblings(body, page, SHA1)])
    expect(() => read('<html>', page)).toThrow(
      expect.objectContaining({ message: `cannot read the Hub's answer to ${URL}: not JSON` }),
    );
});
