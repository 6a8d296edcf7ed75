import { expect, test } from 'vitest';
import { createCostMeter } from './cost.ts';

test('what is sent for the first time costs nothing', () => {
  const meter = createCostMeter(0);
  for (const offset of [0, 100, 250, 250, 1_000]) meter.at(offset);
  expect(meter.cost).toEqual({ retries: 0, reread: 0, resent: 0 });
});

test('what is sent again is counted up to where it was before', () => {
  const meter = createCostMeter(0);
  for (const offset of [0, 400, 800, 100, 600, 1_000]) meter.at(offset);
  expect(meter.cost.resent).toBe(700);
});

test('what an earlier run had sent is sent again where its session was lost', () => {
  const meter = createCostMeter(500);
  for (const offset of [0, 1_000]) meter.at(offset);
  expect(meter.cost.resent).toBe(500);
});

test('and is not where its session is gone on with', () => {
  const meter = createCostMeter(500);
  for (const offset of [500, 1_000]) meter.at(offset);
  expect(meter.cost.resent).toBe(0);
});
