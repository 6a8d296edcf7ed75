import { expect, test } from 'vitest';
import { systemWords } from './system-words.ts';

test.each([
  ['ENOENT', "ENOENT: no such file or directory, open 'nopw'", 'no such file'],
  ['EISDIR', 'EISDIR: illegal operation on a directory, read', 'it is a folder'],
  ['EACCES', "EACCES: permission denied, open '/a'", 'permission denied'],
  ['EIO', "EIO: i/o error, open '/it's, here'", 'i/o error'],
  ['EIO', 'EIO: i/o error, read', 'i/o error'],
])('what the system says about a file is told without code, call and path: %s', (code, message, words) => {
  expect(systemWords(Object.assign(new Error(message), { code }))).toBe(words);
});

test('an error that is not the system’s keeps its words', () => {
  for (const said of ['it is empty', 'not now: 12 bytes, too many'])
    expect(systemWords(new Error(said))).toBe(said);
  expect(systemWords(new Error('12 bytes, more'))).toBe('12 bytes, more');
  expect(systemWords('odd')).toBe('odd');
});
