/**
 * A layer of at most this many bytes is held in memory, so that its digest is known before the first request: it goes in
 * one or two, several at once (docs/decisions/0008-small-layers.md). What is larger waits for its bytes more than for
 * answers: on a line of 40 Mbit/s and 50 ms so many bytes take as long as one answer.
 */
export const SMALL_LAYER: number = 256 * 1024;

export function isSmall({ size }: { readonly size: number }): boolean {
  return size <= SMALL_LAYER;
}

/** How many small layers a worker pushes at once, and small questions it asks: it waits for answers most of the time. */
export const SMALL_AT_ONCE = 8;
