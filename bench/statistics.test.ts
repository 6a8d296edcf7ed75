import { expect, test } from 'vitest';
import { median, spread } from './statistics.ts';

test('the median is the value in the middle, whatever the order', () => {
  expect(median([9, 1, 5])).toBe(5);
});

test('of an even number of values the median lies between the two in the middle', () => {
  expect(median([4, 1, 2, 9])).toBe(3);
});

test('of no value there is no median', () => {
  expect(median([])).toBeNaN();
});

test('a spread names the least and the most beside the median', () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
});
