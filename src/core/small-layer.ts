/**
 * A layer of at most this many bytes is held in memory, so that its digest is known before the first request: it goes in
 * one or two, several at once (docs/decisions/0008-small-layers.md). No larger, for no proxy that we know of refuses a
 * body of this length: it is the last step that a limit on bodies is looked for at.
 */
export const SMALL_LAYER: number = 256 * 1024;

export function isSmall({ size }: { readonly size: number }): boolean {
  return size <= SMALL_LAYER;
}

/** How many small layers a worker pushes at once, and small questions it asks: it waits for answers most of the time. */
export const SMALL_AT_ONCE = 8;
