import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import type { HttpResponse } from '../http/transport.ts';
import { bodyFrom, type HubFileName, isUnknownPart, shrunk } from './range.ts';
import { rereadTally } from './reread-tally.ts';

const FILE = '0123456789';
const name: HubFileName = {
  id: { type: 'model', name: 'acme/tiny' },
  commit: 'c'.repeat(40),
  sibling: { path: 'w.bin', size: FILE.length, oid: { algorithm: 'sha256', hex: 'd'.repeat(64) } },
};

async function read(
  start: number,
  response: HttpResponse,
  end = FILE.length,
  onReread: (bytes: number) => void = () => {},
): Promise<string> {
  const tally = rereadTally(onReread);
  const chunks: Uint8Array[] = [];
  const answer = { response, asked: { start, end } };
  for await (const chunk of bodyFrom(answer, name, tally)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const range = (value: string, length?: number): Record<string, string> => ({
  'content-range': value,
  ...(length !== undefined && { 'content-length': `${length}` }),
});

describe('the bytes from a place on', () => {
  test.each<[fact: string, start: number, status: number, headers: Record<string, string>, body: string]>([
    ['the whole', 0, 200, { 'content-length': '10' }, FILE],
    ['the whole, without a length', 0, 200, {}, FILE],
    ['the whole, encoded as itself', 0, 200, { 'content-encoding': 'identity' }, FILE],
    ['the whole from a server that ignores ranges', 4, 200, { 'content-length': '10' }, FILE],
    ['the same, without a length', 4, 200, {}, FILE],
    ['the part', 4, 206, range('bytes 4-9/10', 6), '456789'],
    ['the part, without a length', 4, 206, range('bytes 4-9/10'), '456789'],
    ['the part of a whole that is not named', 4, 206, range('bytes 4-9/*', 6), '456789'],
    ['a part that does not say so, but is as long as the rest', 4, 206, { 'content-length': '6' }, '456789'],
  ])('come out of %s', async (_, start, status, headers, body) => {
    expect(await read(start, answer(status, headers, body))).toBe(FILE.slice(start));
  });

  test('come in part when the server gives less of a range than was asked for', async () => {
    expect(await read(4, answer(206, range('bytes 4-6/10', 3), '456'))).toBe('456');
  });

  test('come out of a part in the middle that only has the length that was asked for', async () => {
    expect(await read(4, answer(206, { 'content-length': '3' }, '456'), 7)).toBe('456');
    await expect(read(4, answer(206, { 'content-length': '6' }, '456789'), 7)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('asked for bytes 4-6/10'),
    });
  });

  test('end where the server said that they do, whatever it sends after them', async () => {
    const reread: number[] = [];
    const longer = answer(206, range('bytes 4-6/10'), '456xx');
    expect(await read(4, longer, 10, (bytes) => reread.push(bytes))).toBe('456');
    expect(reread).toEqual([2]);
  });

  test('are those that were asked for, and what lies before them is counted', async () => {
    const reread: number[] = [];
    expect(await read(4, answer(200, {}, FILE), 10, (bytes) => reread.push(bytes))).toBe('456789');
    expect(reread).toEqual([4]);
  });
});

describe('an answer that cannot be the rest of the file is refused', () => {
  test.each<[fact: string, status: number, headers: Record<string, string>, code: string]>([
    ['another start', 206, range('bytes 5-9/10', 5), 'UNSUPPORTED'],
    ['the start of the file', 206, range('bytes 0-9/10', 10), 'UNSUPPORTED'],
    ['another total', 206, range('bytes 4-9/11', 6), 'UNSUPPORTED'],
    ['a part beyond the end', 206, range('bytes 4-10/10', 7), 'UNSUPPORTED'],
    ['a part that ends before it begins', 206, range('bytes 4-3/10', 0), 'UNSUPPORTED'],
    ['a length that is not that of its range', 206, range('bytes 4-9/10', 5), 'UNSUPPORTED'],
    ['another unit', 206, range('items 4-9/10', 6), 'UNSUPPORTED'],
    ['no range that can be read', 206, range('bytes */10', 6), 'UNSUPPORTED'],
    ['neither a range nor a length', 206, {}, 'UNSUPPORTED'],
    ['no range and the length of something else', 206, { 'content-length': '9' }, 'UNSUPPORTED'],
    [
      'several ranges at once',
      206,
      { 'content-type': 'multipart/byteranges', 'content-length': '90' },
      'UNSUPPORTED',
    ],
    ['fewer bytes than the listing says', 200, { 'content-length': '9' }, 'CONTENT_MISMATCH'],
    ['more bytes than the listing says', 200, { 'content-length': '11' }, 'CONTENT_MISMATCH'],
    ['compressed bytes', 200, { 'content-encoding': 'gzip' }, 'UNSUPPORTED'],
    ['a compressed part', 206, { ...range('bytes 4-9/10', 6), 'content-encoding': 'br' }, 'UNSUPPORTED'],
  ])('%s', async (_, status, headers, code) => {
    const response = answer(status, headers, FILE);
    await expect(read(4, response)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('w.bin'),
    });
    expect(response.touched()).toBe(true); // else it would hold its connection
  });
});

test.each<[told: string | undefined, status: number, says: string | undefined]>([
  ['bytes */7', 416, 'expected 10 bytes, got 7'],
  ['bytes */10', 416, undefined],
  ['bytes */*', 416, undefined],
  [undefined, 416, undefined],
  ['bytes */7', 403, undefined],
])('that the file has another size is read from "%s" of a %i: %s', (told, status, says) => {
  const error = shrunk(answer(status, told === undefined ? {} : { 'content-range': told }), name);
  expect(error?.message).toEqual(says && expect.stringContaining(says));
});

test('a part that says neither which one it is nor how long is told from one that does', () => {
  expect(isUnknownPart(answer(206))).toBe(true);
  for (const known of [
    answer(200),
    answer(206, range('bytes 4-9/10')),
    answer(206, { 'content-length': '6' }),
  ])
    expect(isUnknownPart(known)).toBe(false);
});
