import { describe, expect, test } from 'vitest';
import { atOnce } from './at-once.ts';

const never = new AbortController().signal;

test('results come in the order of the items, however long each took', async () => {
  const results = await atOnce([3, 1, 2], 3, never, async (item) => {
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    return item * 10;
  });
  expect(results).toEqual([30, 10, 20]);
});

test('never more than the limit run at once', async () => {
  let running = 0;
  let most = 0;
  await atOnce([...Array(20).keys()], 4, never, async () => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  });
  expect(most).toBe(4);
});

describe('what takes more of the limit than other things', () => {
  /** What is under way whenever something begins. */
  async function beginnings(weights: readonly number[], limit: number): Promise<readonly string[]> {
    const running = new Set<number>();
    const seen: string[] = [];
    await atOnce(
      [...weights.keys()],
      limit,
      never,
      async (item) => {
        running.add(item);
        seen.push([...running].join(''));
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        running.delete(item);
      },
      (item) => weights[item] ?? 1,
    );
    return seen;
  }

  test('waits until there is room for it, and what comes behind it waits too', async () => {
    expect(await beginnings([1, 4, 1, 1], 4)).toEqual(['0', '1', '2', '23']);
  });

  test('has others beside it where there is room for them', async () => {
    expect(await beginnings([4, 1, 4], 9)).toEqual(['0', '01', '012']);
  });

  test('takes all of it at most', async () => {
    expect(await beginnings([9, 1], 4)).toEqual(['0', '1']);
  });
});

test('the first failure stops the others, and is thrown when they have ended', async () => {
  const first = new Error('first');
  const ended: number[] = [];
  const started: number[] = [];
  await expect(
    atOnce([0, 1, 2, 3], 2, never, async (item, signal) => {
      started.push(item);
      if (item === 0) throw first;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await Promise.resolve();
      ended.push(item);
      throw signal.reason;
    }),
  ).rejects.toBe(first);
  expect(started).toEqual([0, 1]);
  expect(ended).toEqual([1]);
});

test('an aborted signal is thrown as its reason', async () => {
  const reason = new Error('stop');
  await expect(atOnce([1], 1, AbortSignal.abort(reason), async () => 1)).rejects.toBe(reason);
});
