/** Counts the bytes of a file that came for nothing. */
export interface RereadTally {
  /** The bytes `from` ≤ x < `to` of the file came; those before `wanted` are of no use. */
  came(from: number, to: number, wanted: number): void;
  /** So many bytes came and were not looked at. */
  wasted(bytes: number): void;
}

/**
 * Reports what came before and what is thrown away. What came is one range, since a file is read on from where it was
 * left; one that lies elsewhere takes its place.
 */
export function rereadTally(onReread: (bytes: number) => void): RereadTally {
  let known = { from: 0, to: 0 };

  function wasted(bytes: number): void {
    if (bytes > 0) onReread(bytes);
  }

  return {
    wasted,
    came(from, to, wanted) {
      const start = Math.min(Math.max(from, wanted), to);
      const again = Math.max(0, Math.min(to, known.to) - Math.max(start, known.from));
      const touches = start <= known.to && to >= known.from;
      if (start < to) {
        known = touches
          ? { from: Math.min(start, known.from), to: Math.max(to, known.to) }
          : { from: start, to };
      }
      wasted(start - from + again);
    },
  };
}
