import { describe, expect, test } from 'vitest';
import { parseCommit, parseErrorMessage, parseTreePage } from './wire.ts';

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
      { path: 'c', size: 0, oid: { algorithm: 'git-sha1', hex: SHA1 } },
    ]);
  });

  const expected = [{ path: 'w', size: 9, oid: { algorithm: 'sha256', hex: SHA256 } }];
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
    expect(parse({ type: 'file', path: 'c', oid: SHA1, size: 3, lfs: null })[0]?.oid.algorithm).toBe(
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
    ['no size', { type: 'file', path: 'x', oid: SHA1 }],
    ['a size below zero', { type: 'file', path: 'x', oid: SHA1, size: -1 }],
    ['half a byte', { type: 'file', path: 'x', oid: SHA1, size: 1.5 }],
    ['a size as text', { type: 'file', path: 'x', oid: SHA1, size: '1' }],
    ['a size no number can hold', { type: 'file', path: 'x', oid: SHA1, size: 2 ** 53 }],
    ['no hash', { type: 'file', path: 'x', size: 1 }],
    ['a hash of another length', { type: 'file', path: 'x', size: 1, oid: 'abc' }],
    ['a hash that is not hex', { type: 'file', path: 'x', size: 1, oid: 'g'.repeat(40) }],
    ['an LFS file with the hash of its pointer only', { ...lfs, lfs: { size: 9 } }],
    ['an LFS file with a sha1', { ...lfs, lfs: { oid: SHA1, size: 9 } }],
  ])('is refused with %s: what cannot be checked is not pushed', (_, entry) => {
    expect(() => parse(entry)).toThrow(unsupported);
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
