import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { someBytes } from '../../test/support/byte-sources.ts';
import { ByteConnection } from './node-byte-connection.ts';
import { ReceiveRing, SlabPool } from './receive-ring.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** How its bytes arrive: in the connection's memory, or in their own, as through a tunnel. */
const WAYS = ['into the ring', 'through a tunnel'] as const;
type Way = (typeof WAYS)[number];

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

/** An answer whose bytes arrive when the test sends them. */
async function answered(way: Way, head: string) {
  const ring = new ReceiveRing(new SlabPool());
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  Object.assign(socket, { setKeepAlive: () => socket, ref: () => socket, unref: () => socket });
  const connection = new ByteConnection(socket as Socket, ring);
  onTestFinished(() => connection.drop(new Error('the test is over')));
  // The kernel gets the memory to read into before any byte arrives.
  let room = ring.room();
  const feed = (bytes: Uint8Array) => {
    if (way === 'through a tunnel') socket.emit('data', Uint8Array.from(bytes));
    else
      for (let at = 0; at < bytes.length; ) {
        const fitting = bytes.subarray(at, at + room.length);
        room.set(fitting);
        connection.receive(ring.received(room, fitting.length));
        room = ring.room();
        at += fitting.length;
      }
  };
  const asked = connection.ask('GET / HTTP/1.1\r\n\r\n', { answerTimeoutMs: 10_000, readAhead: 2 * MIB });
  feed(Buffer.from(head));
  await asked;
  const body = connection.body({
    stallTimeoutMs: 10_000,
    explained: (error) => error,
    onOver: () => undefined,
  });
  return { body, feed, isFull: () => socket.isPaused() };
}

interface Reading {
  readonly way: Way;
  readonly head: string;
  readonly wire: Uint8Array;
  /** How many bytes arrive at a time, repeated. */
  readonly reads: readonly number[];
  /** After how many arrivals the reader asks for a piece; it also asks when the connection is full. */
  readonly asksAfter: number;
}

/** What the reader gets, and in how many pieces. No piece may change until the reader asks for the next one. */
async function read({ way, head, wire, reads, asksAfter }: Reading) {
  const { body, feed, isFull } = await answered(way, head);
  const pieces: Buffer[] = [];
  let lent: Uint8Array | undefined;
  const ask = async () => {
    if (lent !== undefined && !pieces.at(-1)?.equals(lent)) throw new Error('a piece was written over');
    const { value } = await body.next();
    lent = value;
    if (value !== undefined) pieces.push(Buffer.from(value));
    return value !== undefined;
  };
  let turn = 0;
  for (let at = 0; at < wire.length; turn += 1) {
    const length = reads[turn % reads.length] ?? 1;
    feed(wire.subarray(at, at + length));
    at += length;
    // The last bytes may be framing alone, for which no piece comes.
    if ((isFull() || (turn + 1) % asksAfter === 0) && at < wire.length - 100) await ask();
  }
  while (await ask());
  return { bytes: Buffer.concat(pieces), pieces: pieces.length, reads: turn };
}

function chunked(bytes: Uint8Array, size: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const data = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

describe.each(WAYS)('a chunked body that comes %s', (way) => {
  const from = (content: Uint8Array, chunk: number, rest: Pick<Reading, 'reads' | 'asksAfter'>) =>
    read({ way, head: CHUNKED, wire: chunked(content, chunk), ...rest });

  test('is whole however it is cut, and no piece changes while its reader has it', async () => {
    const content = someBytes(200_000);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300_000 }),
        fc.array(fc.integer({ min: 10, max: 100_000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        async (chunk, reads, asksAfter) => {
          const got = await from(content, chunk, { reads, asksAfter });
          expect(got.bytes.equals(content)).toBe(true);
          expect(got.pieces).toBeLessThanOrEqual(got.reads + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of 64 MiB in chunks of 4 KiB comes in as many pieces as a body with a length', async () => {
    const content = someBytes(64 * MIB);
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n`;
    for (const asksAfter of [1, 5, 1_000]) {
      const how = { reads: [64 * KIB], asksAfter };
      const plain = await read({ way, head, wire: content, ...how });
      const got = await from(content, 4 * KIB, how);
      expect(got.bytes.equals(content)).toBe(true);
      expect(got.pieces).toBeLessThanOrEqual(plain.pieces * 1.05);
    }
  });

  test('of one byte a chunk, each by itself, waits in a few pieces', async () => {
    const content = someBytes(50_000);
    const got = await from(content, 1, { reads: [6], asksAfter: Number.POSITIVE_INFINITY });
    expect(got.bytes.equals(content)).toBe(true);
    expect(got.pieces).toBeLessThanOrEqual(3);
  });

  test('is handed to a reader that waits as soon as its first byte comes', async () => {
    const { body, feed } = await answered(way, CHUNKED);
    for (const letter of 'abc') {
      const next = body.next();
      feed(Buffer.from(`1\r\n${letter}`));
      expect(String(Buffer.from((await next).value ?? []))).toBe(letter);
      feed(Buffer.from('\r\n'));
    }
  });

  test('gives what came before a broken chunk, then the error', async () => {
    const { body, feed } = await answered(way, CHUNKED);
    feed(Buffer.from('3\r\nabc\r\n3\r\ndef\r\nxyz\r\n'));
    expect(String(Buffer.from((await body.next()).value ?? []))).toBe('abcdef');
    await expect(body.next()).rejects.toMatchObject({ code: 'HPE_INVALID_CHUNK_SIZE' });
  });
});

const PAUSES = 40;

test.each(WAYS)(
  'the records that TLS delivers after a pause are mostly joined with others: %s',
  async (way) => {
    const { body, feed, isFull } = await answered(
      way,
      'HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n',
    );
    const record = someBytes(16 * KIB);
    const sizes: number[] = [];
    for (let pause = 0; pause < PAUSES; pause += 1) {
      while (!isFull()) feed(record);
      for (let late = 0; late < 3; late += 1) feed(record);
      while (isFull()) sizes.push((await body.next()).value?.length ?? 0);
    }
    // The rest lies together with what came before or after it.
    expect(sizes.filter((size) => size === record.length).length).toBeLessThan(2 * PAUSES);
  },
);
