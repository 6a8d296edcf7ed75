import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReceiveRing, SlabPool } from './receive-ring.ts';

/** With what it holds as a rule. */
function ringOf(pool = new SlabPool()): ReceiveRing {
  const ring = new ReceiveRing(pool);
  ring.hold(2 * 2 ** 20);
  return ring;
}

interface Received {
  readonly view: Uint8Array;
  /** What releases it. */
  readonly position: number;
}

/** Receives `bytes` into the ring, as many at a time as it has room for. */
function receive(ring: ReceiveRing, bytes: Uint8Array): readonly Received[] {
  const parts: Received[] = [];
  for (let at = 0; at < bytes.length; ) {
    const room = ring.room();
    const part = bytes.subarray(at, at + room.length);
    room.set(part);
    parts.push({ view: ring.received(room, part.length), position: ring.position });
    at += part.length;
  }
  return parts;
}

test('what was received stays as it is until it is released, whatever comes meanwhile', () => {
  const step = fc.oneof(
    fc.record({ receive: fc.integer({ min: 1, max: 1_400_000 }) }),
    fc.record({ release: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const ring = ringOf();
      const held: (Received & { readonly mark: number })[] = [];
      let mark = 0;
      for (const one of steps) {
        if ('release' in one) for (const { position } of held.splice(0, one.release)) ring.release(position);
        else {
          mark = (mark + 1) % 256;
          for (const part of receive(ring, new Uint8Array(one.receive).fill(mark)))
            held.push({ ...part, mark });
        }
        for (const { view, mark: own } of held) expect([view[0], view.at(-1)]).toEqual([own, own]);
      }
    }),
    { numRuns: 60 },
  );
});

test('a reader that keeps up is given the same memory again and again', () => {
  const ring = ringOf();
  const memories = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 100; turn += 1) {
    for (const { view, position } of receive(ring, new Uint8Array(300_000))) {
      memories.add(view.buffer);
      ring.release(position);
    }
  }
  expect(memories.size).toBeLessThanOrEqual(5);
  expect(ring.isFull).toBe(false);
});

test('a reader that does not keep up fills it, and a release makes room', () => {
  const ring = ringOf();
  const views: Uint8Array[] = [];
  for (let turn = 0; turn < 100 && !ring.isFull; turn += 1) {
    const room = ring.room();
    views.push(ring.received(room, room.length));
  }
  expect(ring.isFull).toBe(true);
  expect(views.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(2.25 * 2 ** 20);
  ring.release(views[0]?.length ?? 0);
  expect(ring.isFull).toBe(false);
});

test('waiting parts become one piece, and the bytes before and after them do not change', () => {
  const ring = ringOf();
  const [before] = receive(ring, Buffer.from('held'));
  const [first] = receive(ring, Buffer.from('one'));
  receive(ring, Buffer.from('\r\n3\r\n'));
  const [second] = receive(ring, Buffer.from('two'));
  const joined = ring.joined(first?.view as Uint8Array, second?.view as Uint8Array);
  const [after] = receive(ring, Buffer.from('next'));
  const texts = [before?.view, joined, after?.view].map((view) => String(Buffer.from(view as Uint8Array)));
  expect(texts).toEqual(['held', 'onetwo', 'next']);
});

test('parts in different memory, or in memory of their own, are not joined', () => {
  const ring = ringOf();
  const [first, second] = receive(ring, new Uint8Array(100_000));
  expect(first?.view.buffer).not.toBe(second?.view.buffer);
  expect(ring.joined(first?.view as Uint8Array, second?.view as Uint8Array)).toBeUndefined();
  const own = Buffer.from('one of another, two');
  expect(ring.joined(own.subarray(0, 3), own.subarray(16))).toBeUndefined();
  expect(String(own)).toBe('one of another, two');
});

test('a release frees all that came before it, framing and joined parts too', () => {
  const ring = ringOf();
  const memories = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 1_000; turn += 1) {
    const [part] = receive(ring, new Uint8Array(5_000));
    receive(ring, new Uint8Array(5_000));
    memories.add(part?.view.buffer as ArrayBufferLike);
    ring.release(ring.position);
  }
  expect(memories.size).toBe(1);
});

test('what nobody waits for leaves no trace: a thousand answers without a body do not fill it', () => {
  const ring = ringOf();
  for (let turn = 0; turn < 1_000; turn += 1) {
    ring.received(ring.room(), 10_000);
    ring.releaseAll();
  }
  expect(ring.isFull).toBe(false);
});

test('it holds all that it is asked to hold', () => {
  for (const bytes of [1_000, 2 * 2 ** 20, 8 * 2 ** 20]) {
    const ring = new ReceiveRing(new SlabPool());
    ring.hold(bytes);
    let held = 0;
    // As a connection that reads no more than 16 KiB at a time, such as TLS.
    while (!ring.isFull) held += ring.received(ring.room(), 16 * 1024).length;
    expect(held).toBeGreaterThanOrEqual(bytes);
    expect(held).toBeLessThan(bytes + 600 * 1024);
  }
});

test('connections that share memory never write where another one has been told to read, or holds what it read', () => {
  const step = fc.record({
    connection: fc.integer({ min: 0, max: 2 }),
    what: fc.oneof(
      fc.record({ receive: fc.integer({ min: 1, max: 900_000 }) }),
      fc.constant({ releaseAll: true as const }),
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const pool = new SlabPool();
      const rings = [0, 1, 2].map(() => {
        const ring = ringOf(pool);
        // A connection tells where to read to long before anything comes.
        return { ring, room: ring.room(), held: [] as { view: Uint8Array; mark: number }[] };
      });
      let mark = 0;
      for (const { connection, what } of steps) {
        const one = rings[connection] as (typeof rings)[number];
        if ('releaseAll' in what) {
          one.held = [];
          one.ring.releaseAll();
        } else {
          mark = (mark + 1) % 256;
          for (let left = what.receive; left > 0; ) {
            const length = Math.min(left, one.room.length);
            one.room.fill(mark, 0, length);
            one.held.push({ view: one.ring.received(one.room, length), mark });
            one.room = one.ring.room();
            left -= length;
          }
        }
        for (const { held } of rings)
          for (const { view, mark: own } of held) {
            const middle = view[Math.floor(view.length / 2)];
            expect([view[0], middle, view.at(-1)]).toEqual([own, own, own]);
          }
      }
    }),
    { numRuns: 100 },
  );
});
