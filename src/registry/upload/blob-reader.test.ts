import { describe, expect, test } from 'vitest';
import { failing, hexOf, someBytes, watched } from '../../../test/support/byte-sources.ts';
import { deferred } from '../../../test/support/deferred.ts';
import type { ByteSource } from '../../core/bytes.ts';
import { BlobReader } from './blob-reader.ts';

const BYTES = someBytes(10_000);
const signal = new AbortController().signal;

function readerOf(chunk = 700) {
  const source = watched(BYTES, chunk);
  return { source, reader: new BlobReader(source, signal) };
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const digest = `sha256:${hexOf(BYTES)}`;

describe('a blob', () => {
  test('is read once, however it is parted', async () => {
    const { source, reader } = readerOf();
    const parts = [];
    for (let at = 0; at < BYTES.length; at += 999) {
      parts.push(await collect(reader.read(at, Math.min(at + 999, BYTES.length))));
    }
    expect(Buffer.concat(parts).equals(BYTES)).toBe(true);
    expect(reader.digest()).toBe(digest);
    expect(source.opened).toEqual([0]);
  });

  test('is opened again where the registry wants to go on', async () => {
    const { source, reader } = readerOf();
    await collect(reader.read(0, 10_000));
    expect((await collect(reader.read(4_321, 10_000))).equals(BYTES.subarray(4_321))).toBe(true);
    expect(source.opened).toEqual([0, 4_321]);
    expect(reader.digest()).toBe(digest);
  });

  test('has its digest over everything, also over what a registry had already', async () => {
    const { source, reader } = readerOf();
    expect((await collect(reader.read(6_000, 10_000))).equals(BYTES.subarray(6_000))).toBe(true);
    expect(source.opened).toEqual([0]);
    expect(reader.digest()).toBe(digest);
  });

  test('goes on where it was left in the middle of a chunk', async () => {
    const { source, reader } = readerOf(4_000);
    for await (const chunk of reader.read(0, 10_000)) {
      expect(chunk.length).toBe(4_000);
      break;
    }
    expect((await collect(reader.read(4_000, 10_000))).equals(BYTES.subarray(4_000))).toBe(true);
    expect(source.opened).toEqual([0]);
    expect(reader.digest()).toBe(digest);
  });

  test('that was left is the same when it goes back before the place', async () => {
    const { reader } = readerOf(4_000);
    for await (const _ of reader.read(0, 10_000)) break;
    expect((await collect(reader.read(100, 10_000))).equals(BYTES.subarray(100))).toBe(true);
    expect(reader.digest()).toBe(digest);
  });

  test('has no digest before every byte has passed', async () => {
    const { reader } = readerOf();
    await collect(reader.read(0, 9_000));
    expect(() => reader.digest()).toThrow(RangeError);
    await reader.catchUp(10_000);
    expect(reader.digest()).toBe(digest);
  });

  test('is not opened again for a digest that is known', async () => {
    const { source, reader } = readerOf();
    await collect(reader.read(0, 10_000));
    await reader.catchUp(10_000);
    expect(source.opened).toEqual([0]);
  });

  test('of no bytes has a digest', async () => {
    const reader = new BlobReader(watched(Buffer.alloc(0)), signal);
    expect(await collect(reader.read(0, 0))).toEqual(Buffer.alloc(0));
    expect(reader.digest()).toBe(`sha256:${hexOf(Buffer.alloc(0))}`);
  });
});

describe('a source', () => {
  test('is released by close, and after that the reader can be used again', async () => {
    const { source, reader } = readerOf();
    for await (const _ of reader.read(0, 10_000)) break;
    expect(source.readers).toBe(1);
    await reader.close();
    expect(source.readers).toBe(0);
    await collect(reader.read(700, 10_000));
    expect(reader.digest()).toBe(digest);
  });

  test('is released when it is opened elsewhere', async () => {
    const { source, reader } = readerOf();
    for await (const _ of reader.read(0, 10_000)) break;
    for await (const _ of reader.read(100, 10_000)) break;
    expect(source.readers).toBe(1);
  });

  test('that fails ends the read with its own error', async () => {
    const broken = new Error('disk on fire');
    const reader = new BlobReader(failing(watched(BYTES, 1_000), 5_000, broken), signal);
    await expect(collect(reader.read(0, 10_000))).rejects.toBe(broken);
    expect(() => reader.digest()).toThrow(RangeError);
  });

  test('is given the signal', async () => {
    const reason = new Error('enough');
    const reader = new BlobReader(watched(BYTES), AbortSignal.abort(reason));
    await expect(collect(reader.read(0, 10_000))).rejects.toBe(reason);
  });
});

describe('a source that falls silent', () => {
  /** Brings its first half, and the rest when it is let. */
  function halting() {
    const rest = deferred();
    const opened: number[] = [];
    const source: ByteSource = {
      size: BYTES.length,
      async *open({ start = 0 } = {}) {
        opened.push(start);
        yield BYTES.subarray(start, 5_000);
        await rest.promise;
        yield BYTES.subarray(5_000);
      },
    };
    return { reader: new BlobReader(source, signal), opened, goOn: rest.resolve };
  }

  test('ends what waits for it, and what it brings later is not lost', async () => {
    const { reader, opened, goOn } = halting();
    expect((await collect(reader.read(0, 10_000, 5))).length).toBe(5_000);
    goOn();
    await reader.ready(5_000);
    expect((await collect(reader.read(5_000, 10_000))).equals(BYTES.subarray(5_000))).toBe(true);
    expect(opened).toEqual([0]);
    expect(reader.digest()).toBe(digest);
  });

  test('and brings a chunk that nobody takes has it in the digest: another one in its place would be noticed', async () => {
    const { promise, resolve } = deferred();
    let opens = 0;
    const source: ByteSource = {
      size: BYTES.length,
      async *open({ start = 0 } = {}) {
        opens += 1;
        if (start < 5_000) yield BYTES.subarray(start, 5_000);
        if (opens === 1) await promise;
        yield opens === 1 ? BYTES.subarray(5_000) : Buffer.alloc(5_000);
      },
    };
    const reader = new BlobReader(source, signal);
    expect((await collect(reader.read(0, 10_000, 5))).length).toBe(5_000);
    resolve();
    reader.release();
    await reader.ready(5_000);
    expect((await collect(reader.read(5_000, 10_000))).equals(Buffer.alloc(5_000))).toBe(true);
    expect(opens).toBe(2);
    expect(reader.digest()).toBe(digest);
  });

  test('does not hold up the end', async () => {
    const { reader, goOn } = halting();
    await collect(reader.read(0, 10_000, 5));
    const closed = reader.close();
    goOn();
    await closed;
  });

  test('whose byte is awaited gives it to the next read', async () => {
    const { source, reader } = readerOf();
    await reader.ready(3_000);
    expect((await collect(reader.read(3_000, 10_000))).equals(BYTES.subarray(3_000))).toBe(true);
    expect(source.opened).toEqual([0]);
  });

  test('that fails when nobody listens is heard of by who reads next', async () => {
    const failed = new Error('gone');
    const fail = deferred();
    const source: ByteSource = {
      size: 10,
      async *open() {
        yield new Uint8Array(5);
        await fail.promise;
        throw failed;
      },
    };
    const reader = new BlobReader(source, signal);
    await collect(reader.read(0, 10, 5));
    fail.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(reader.ready(5)).rejects.toBe(failed);
  });
});
