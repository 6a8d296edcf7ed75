import { expect, test } from 'vitest';
import { formatSize } from '../../index.ts';
import { count, formatDuration, percentOf } from './units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [453_336, '453.3 kB'],
  [2_147_483_648, '2.15 GB'],
  [688_586_727_753, '688.6 GB'],
  [1.5e12, '1.50 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  [0, '0s'],
  [-5, '0s'],
  [59_400, '59s'],
  [59_600, '1m00s'],
  [200_000, '3m20s'],
  [7_500_000, '2h05m'],
  [97_200_000, '1d03h'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a hundred percent are said when everything is there, not a byte earlier', () => {
  expect(percentOf(999_999, 1_000_000)).toBe(99);
  expect(percentOf(1_000_000, 1_000_000)).toBe(100);
  expect(percentOf(0, 0)).toBe(100);
});

test('one thing is not called by a plural', () => {
  expect([count(1, 'layer'), count(0, 'layer'), count(2, 'layer')]).toEqual([
    '1 layer',
    '0 layers',
    '2 layers',
  ]);
});
