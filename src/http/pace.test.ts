import { describe, expect, test } from 'vitest';
import { type Answered, type Pace, paceAfter, passing, UNHURRIED } from './pace.ts';

const allowance = (remaining: number, quota: number | undefined = 100) => ({
  bucket: 'api',
  remaining,
  resetMs: 60_000,
  quota,
});

const answered = (number: number, rest: Partial<Answered> = {}): Answered => ({
  number,
  status: 200,
  now: 0,
  waitMs: undefined,
  allowance: undefined,
  random: 1,
  what: 'GET x',
  ...rest,
});

/** So many requests let through at once, at 0. */
const sent = (count: number): Pace =>
  Array.from({ length: count }).reduce<Pace>((pace) => passing(pace, 0), UNHURRIED);

describe('a refusal', () => {
  test('closes the place for as long as it asks', () => {
    const pace = paceAfter(sent(1), answered(1, { status: 429, now: 100, waitMs: 7_000 }));
    expect(pace).toMatchObject({ openAt: 7_100, reason: 'GET x was answered with 429' });
  });

  test('that names no time closes it for longer and longer', () => {
    const openAt: number[] = [];
    let pace = UNHURRIED;
    for (const number of [1, 2, 3]) {
      pace = paceAfter(passing(pace, 0), answered(number, { status: 429 }));
      openAt.push(pace.openAt);
    }
    expect(openAt).toEqual([1_000, 2_000, 4_000]);
  });

  test('that asks for no time at all is given some', () => {
    expect(paceAfter(sent(1), answered(1, { status: 429, waitMs: 0 })).openAt).toBe(1_000);
  });

  test('of requests that were on their way together counts as one, and the longest wait holds', () => {
    let pace = sent(4);
    for (const [index, waitMs] of [2_000, 9_000, 3_000, undefined].entries()) {
      pace = paceAfter(pace, answered(index + 1, { status: 429, waitMs }));
    }
    expect(pace).toMatchObject({ openAt: 9_000, refusals: 1 });
  });

  test('is not undone by an answer to what was asked before it', () => {
    const refused = paceAfter(sent(2), answered(1, { status: 429, waitMs: 7_000 }));
    expect(paceAfter(refused, answered(2))).toEqual(refused);
  });

  test('is over when what was asked after it is answered: nobody waits any more', () => {
    const refused = paceAfter(sent(1), answered(1, { status: 429, waitMs: 7_000 }));
    const next = passing(refused, 7_000);
    expect(next.openAt).toBeGreaterThan(7_000);
    expect(paceAfter(next, answered(2, { now: 7_010 }))).toMatchObject({
      openAt: 7_010,
      gapMs: 0,
      refusals: 0,
    });
  });
});

describe('a quota', () => {
  test.each([
    ['with a twentieth left', allowance(5)],
    ['that nobody knows the whole of', { ...allowance(1), quota: undefined }],
    ['that is not said', undefined],
  ])('%s holds nobody back', (_, left) => {
    expect(paceAfter(sent(1), answered(1, { allowance: left }))).toMatchObject({ openAt: 0, gapMs: 0 });
  });

  test('with less is spread over the rest of its time', () => {
    const pace = paceAfter(sent(1), answered(1, { now: 500, allowance: allowance(4) }));
    expect(pace).toMatchObject({
      openAt: 15_500,
      gapMs: 15_000,
      reason: '4 of 100 requests are left to us (api)',
    });
    expect(passing(pace, 15_500).openAt).toBe(30_500);
  });

  test('with nothing left is waited for until it is whole again', () => {
    expect(paceAfter(sent(1), answered(1, { now: 500, allowance: allowance(0) })).openAt).toBe(60_500);
  });

  test('with nothing left stays so, whatever an earlier request is answered later', () => {
    const empty = paceAfter(sent(2), answered(2, { allowance: allowance(0) }));
    expect(paceAfter(empty, answered(1, { allowance: allowance(60) }))).toEqual(empty);
  });

  test('that is whole again ends the spreading', () => {
    const spread = passing(paceAfter(sent(1), answered(1, { allowance: allowance(4) })), 15_000);
    const whole = paceAfter(spread, answered(2, { now: 15_010, allowance: allowance(99) }));
    expect(whole).toMatchObject({ openAt: 15_010, gapMs: 0 });
  });

  test('is waited for ten minutes at most', () => {
    const long = { ...allowance(0), resetMs: 86_400_000 };
    expect(paceAfter(sent(1), answered(1, { allowance: long })).openAt).toBe(600_000);
  });
});
