/**
 * `work` for every item, as much at once as `limit` allows, started in order; the results in order too. The first
 * failure aborts the signal of the others. It is thrown when all of them have ended, so that nothing still runs behind
 * the caller's back.
 * @param weightOf how much of the limit an item takes, at most all of it
 */
export async function atOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  weightOf: (item: Item) => number = () => 1,
): Promise<readonly Result[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const results: Result[] = [];
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  let free = limit;
  let ended = (): void => undefined;

  async function guarded(index: number, item: Item, weight: number): Promise<void> {
    try {
      // A signal of its own: each request listens to it, and many listeners on one look like a leak to Node.
      results[index] = await work(item, AbortSignal.any([either]));
    } catch (failure) {
      failures.push(failure);
      stop.abort(failure);
    } finally {
      free += weight;
      ended();
    }
  }

  for (const [index, item] of items.entries()) {
    const weight = Math.min(weightOf(item), limit);
    while (free < weight) {
      await new Promise<void>((resolve) => {
        ended = resolve;
      });
    }
    if (either.aborted) break;
    free -= weight;
    const run = guarded(index, item, weight);
    running.add(run);
    void run.then(() => running.delete(run));
  }
  await Promise.all(running);
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return results;
}
