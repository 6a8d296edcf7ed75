import { expect, test } from 'vitest';
import { rereadTally } from './reread-tally.ts';

type Piece = [from: number, to: number, wanted: number];

test.each<[fact: string, pieces: readonly Piece[], reread: readonly number[]]>([
  [
    'a file that is read from its start to its end',
    [
      [0, 10, 0],
      [10, 30, 10],
    ],
    [],
  ],
  [
    'a file that is read from its start once more',
    [
      [0, 10, 0],
      [0, 4, 0],
      [4, 14, 4],
    ],
    [4, 6],
  ],
  [
    'what lies before the byte that is wanted',
    [
      [0, 8, 10],
      [8, 16, 10],
    ],
    [8, 2],
  ],
  [
    'what lies before it and came already, once',
    [
      [0, 10, 0],
      [0, 12, 10],
    ],
    [10],
  ],
  [
    'the head that leads up to a tail that came',
    [
      [20, 30, 20],
      [10, 20, 10],
      [20, 25, 20],
    ],
    [5],
  ],
])('the bytes that came for nothing are counted: %s', (_, pieces, reread) => {
  const told: number[] = [];
  const tally = rereadTally((bytes) => told.push(bytes));
  for (const piece of pieces) tally.came(...piece);
  expect(told).toEqual(reread);
});
