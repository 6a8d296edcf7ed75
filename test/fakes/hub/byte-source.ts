import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes that can be read from any offset as often as one likes; `end` is exclusive. Chunks must not be changed. */
export interface ByteSource {
  readonly size: number;
  /** Equal keys mean equal bytes; used to name commits and to cache digests without reading. */
  readonly key: string;
  read(start: number, end: number): Iterable<Uint8Array>;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    key: `sha1:${createHash('sha1').update(bytes).digest('hex')}`,
    *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
}

const BLOCK = 1024 * 1024;

/**
 * Pseudo-random bytes made by offset. Every 1 MiB block is the seed's block rotated by its own amount, and the
 * rotations of the first 2^20 blocks are all different, so no two blocks of a file below 1 TiB are equal. Reading
 * copies nothing: a chunk is a window on the doubled seed block.
 */
export function syntheticSource(seed: number, size: number): ByteSource {
  return {
    size,
    key: `synthetic:${seed}:${size}`,
    *read(start, end) {
      const doubled = seedBlock(seed);
      for (let at = start; at < end; ) {
        const block = Math.floor(at / BLOCK);
        const inBlock = at - block * BLOCK;
        const length = Math.min(BLOCK - inBlock, end - at);
        const rotation = (block * ODD_STEP) % BLOCK;
        yield doubled.subarray(rotation + inBlock, rotation + inBlock + length);
        at += length;
      }
    },
  };
}

/** Odd, so that its multiples modulo 2^20 run through every rotation before one comes back. */
const ODD_STEP = 0x9e375;

const seedBlocks = new Map<number, Uint8Array>();

function seedBlock(seed: number): Uint8Array {
  const known = seedBlocks.get(seed);
  if (known) return known;
  const words = new Uint32Array((2 * BLOCK) / 4);
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  for (let i = 0; i < BLOCK / 4; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  words.copyWithin(BLOCK / 4, 0, BLOCK / 4);
  const doubled = new Uint8Array(words.buffer);
  seedBlocks.set(seed, doubled);
  return doubled;
}

export function diskSource(path: string): ByteSource {
  const { size, mtimeMs } = statSync(path);
  return {
    size,
    key: `disk:${path}:${size}:${mtimeMs}`,
    *read(start, end) {
      const file = openSync(path, 'r');
      try {
        for (let at = start; at < end; ) {
          const chunk = new Uint8Array(Math.min(BLOCK, end - at));
          const count = readSync(file, chunk, 0, chunk.length, at);
          if (count === 0) throw new Error(`${path} became shorter than ${end} bytes`);
          yield chunk.subarray(0, count);
          at += count;
        }
      } finally {
        closeSync(file);
      }
    },
  };
}

export function concatSources(...parts: readonly ByteSource[]): ByteSource {
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    key: `concat:${parts.map((part) => part.key).join('+')}`,
    *read(start, end) {
      let base = 0;
      for (const part of parts) {
        const from = Math.max(start - base, 0);
        const to = Math.min(end - base, part.size);
        if (from < to) yield* part.read(from, to);
        base += part.size;
      }
    },
  };
}

export function sliceSource(source: ByteSource, start: number, end: number): ByteSource {
  return {
    size: end - start,
    key: `slice:${source.key}:${start}:${end}`,
    read: (from, to) => source.read(start + from, start + to),
  };
}

/** The same bytes but one: bit 0 of the byte at `offset` is turned. */
export function flippedSource(source: ByteSource, offset: number): ByteSource {
  return {
    size: source.size,
    key: `flip:${source.key}:${offset}`,
    *read(start, end) {
      let at = start;
      for (const chunk of source.read(start, end)) {
        yield offset >= at && offset < at + chunk.length ? withFlippedByte(chunk, offset - at) : chunk;
        at += chunk.length;
      }
    },
  };
}

function withFlippedByte(chunk: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(chunk);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

export function readAll(source: ByteSource, start = 0, end: number = source.size): Uint8Array {
  return Buffer.concat([...source.read(start, end)]);
}
