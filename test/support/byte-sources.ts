import { createHash } from 'node:crypto';
import type { ByteSource } from '../../src/core/bytes.ts';

/** Bytes that look random, the same ones every time. */
export function someBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface WatchedSource extends ByteSource {
  /** Where it was opened, in order. */
  readonly opened: readonly number[];
  /** How many readers have it open now. */
  readonly readers: number;
}

/** Bytes in chunks, each after a turn of the event loop, as a connection would bring them. */
export function watched(bytes: Uint8Array, chunk: number = 64 * 1024): WatchedSource {
  const opened: number[] = [];
  let readers = 0;
  return {
    size: bytes.length,
    opened,
    get readers() {
      return readers;
    },
    async *open({ start = 0, signal } = {}) {
      opened.push(start);
      readers += 1;
      try {
        for (let at = start; at < bytes.length; at += chunk) {
          signal?.throwIfAborted();
          await new Promise((resolve) => setImmediate(resolve));
          yield bytes.subarray(at, at + chunk);
        }
      } finally {
        readers -= 1;
      }
    },
  };
}

/** Ends with `error` after `after` bytes of the source. */
export function failing(source: ByteSource, after: number, error: unknown): ByteSource {
  return {
    size: source.size,
    async *open({ start = 0, signal } = {}) {
      let position = start;
      for await (const chunk of source.open(signal ? { start, signal } : { start })) {
        if (position + chunk.length > after) throw error;
        position += chunk.length;
        yield chunk;
      }
    },
  };
}
