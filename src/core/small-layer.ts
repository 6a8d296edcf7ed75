/**
 * A layer of at most this many bytes is held in memory, so that its digest is known before the first request: it goes in
 * one or two, several at once (docs/decisions/0008-small-layers.md). What is larger waits for its bytes more than for
 * answers: on a line of 40 Mbit/s and 50 ms so many bytes take as long as one answer.
 */
export const SMALL_LAYER: number = 256 * 1024;

export function isSmall({ size }: { readonly size: number }): boolean {
  return size <= SMALL_LAYER;
}

/** What a worker pushes at once, or asks: it waits for answers most of the time. */
const FOR_A_WORKER = 8;

/** More at once would be no politeness, however many workers there are. */
const MOST = 32;

/** How many small layers, or small questions, so many workers have under way at once. */
export function smallAtOnce(workers: number): number {
  return Math.min(workers * FOR_A_WORKER, MOST);
}
