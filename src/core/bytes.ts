export interface OpenOptions {
  /** The first byte wanted: an offset in bytes, 0 ≤ start ≤ size. Default 0. */
  readonly start?: number;
  readonly signal?: AbortSignal;
}

/**
 * Bytes that can be read again, from any offset, and are the same every time.
 *
 * This is the idea the whole tool rests on: a Hub file at a pinned commit is such a source, so an upload can be
 * replayed from any byte without a copy on disk or in memory. `test/laws/byte-source-laws.ts` holds every
 * implementation to: `open({ start: n })` is `open()` without its first n bytes; the length in all is `size`; two
 * opens agree; `start === size` yields nothing; an aborted signal ends the iteration; leaving the loop early
 * releases what was opened.
 */
export interface ByteSource {
  /** Length in bytes, known before the first byte is read. */
  readonly size: number;
  /** A chunk is good until the next one is asked for: its memory may be used again then. */
  open(options?: OpenOptions): AsyncIterable<Uint8Array>;
}

/** Bytes held in memory: headers, trailers, JSON documents. */
export function fromBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async *open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      if (start < bytes.length) yield bytes.subarray(start);
    },
  };
}

const ZEROS = new Uint8Array(64 * 1024);

/** `size` zero bytes. */
export function zeros(size: number): ByteSource {
  return {
    size,
    async *open({ start = 0, signal } = {}) {
      for (let left = size - start; left > 0; left -= ZEROS.length) {
        signal?.throwIfAborted();
        yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
      }
    },
  };
}

/** The parts one after the other. A part that lies wholly before `start` is never opened. */
export function concat(...parts: readonly ByteSource[]): ByteSource {
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    async *open({ start = 0, signal } = {}) {
      let skip = start;
      for (const part of parts) {
        if (skip >= part.size) {
          skip -= part.size;
          continue;
        }
        yield* part.open(signal ? { start: skip, signal } : { start: skip });
        skip = 0;
      }
    },
  };
}

/** A copy of the first `count` bytes, or of all bytes of a shorter source. Then closes the source. */
export async function readFirst(source: ByteSource, count: number, signal: AbortSignal): Promise<Uint8Array> {
  const first = new Uint8Array(Math.min(count, source.size));
  let position = 0;
  for await (const chunk of source.open({ signal })) {
    const part = chunk.subarray(0, first.length - position);
    first.set(part, position);
    position += part.length;
    if (position === first.length) return first;
  }
  if (position < first.length)
    throw new RangeError(`the source ended at byte ${position} of ${first.length}`);
  return first;
}

/** All of it, in memory of its own. */
export async function readWhole(source: ByteSource, signal: AbortSignal): Promise<Uint8Array> {
  const whole = new Uint8Array(source.size);
  let position = 0;
  for await (const chunk of source.open({ signal })) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  if (position < whole.length)
    throw new RangeError(`the source ended at byte ${position} of ${whole.length}`);
  return whole;
}

/** `chunks`, which begin at `from`, without what lies before `start`. */
export async function* dropBefore(
  start: number,
  from: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let position = from;
  for await (const chunk of chunks) {
    const end = position + chunk.length;
    if (end > start) yield position >= start ? chunk : chunk.subarray(start - position);
    position = end;
  }
}
