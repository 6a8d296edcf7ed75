/**
 * `work` for every item, `limit` at once, started in order; the results in order too. The first failure aborts the
 * signal of the others. It is thrown when all of them have ended, so that nothing still runs behind the caller's back.
 */
export async function atOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<readonly Result[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();

  async function worker(): Promise<void> {
    for (const [index, item] of queue) {
      if (either.aborted) return;
      // A signal of its own: each request listens to it, and many listeners on one look like a leak to Node.
      results[index] = await work(item, AbortSignal.any([either]));
    }
  }

  async function guarded(): Promise<void> {
    try {
      await worker();
    } catch (failure) {
      failures.push(failure);
      stop.abort(failure);
    }
  }

  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, guarded));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return results;
}
