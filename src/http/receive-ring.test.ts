import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReceiveRing, SlabPool } from './receive-ring.ts';

/** Receives `bytes` where the ring says, `at` most at a time, and gives what came as views. */
function receive(ring: ReceiveRing, bytes: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const room = ring.room();
    const part = bytes.subarray(at, at + room.length);
    room.set(part);
    parts.push(ring.received(room, part.length));
    at += part.length;
  }
  return parts;
}

test('what was received stays as it is until it is released, whatever comes meanwhile', () => {
  const step = fc.oneof(
    fc.record({ receive: fc.integer({ min: 1, max: 700_000 }) }),
    fc.record({ release: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const ring = new ReceiveRing(new SlabPool());
      const held: { readonly view: Uint8Array; readonly mark: number }[] = [];
      let mark = 0;
      for (const one of steps) {
        if ('release' in one) for (const { view } of held.splice(0, one.release)) ring.release(view);
        else {
          mark = (mark + 1) % 256;
          for (const view of receive(ring, new Uint8Array(one.receive).fill(mark))) held.push({ view, mark });
        }
        for (const { view, mark: own } of held) expect([view[0], view.at(-1)]).toEqual([own, own]);
      }
    }),
    { numRuns: 60 },
  );
});

test('a reader that keeps up is given the same memory again and again', () => {
  const ring = new ReceiveRing(new SlabPool());
  const memories = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 100; turn += 1) {
    for (const view of receive(ring, new Uint8Array(300_000))) {
      memories.add(view.buffer);
      ring.release(view);
    }
  }
  expect(memories.size).toBeLessThanOrEqual(5);
  expect(ring.isFull).toBe(false);
});

test('a reader that does not keep up fills it, and a release makes room', () => {
  const ring = new ReceiveRing(new SlabPool());
  const views: Uint8Array[] = [];
  for (let turn = 0; turn < 100 && !ring.isFull; turn += 1) {
    const room = ring.room();
    views.push(ring.received(room, room.length));
  }
  expect(ring.isFull).toBe(true);
  expect(views.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(2.5 * 2 ** 20);
  ring.release(views[0] as Uint8Array);
  expect(ring.isFull).toBe(false);
});

test('what nobody waits for leaves no trace: a thousand answers without a body do not fill it', () => {
  const ring = new ReceiveRing(new SlabPool());
  for (let turn = 0; turn < 1_000; turn += 1) {
    ring.received(ring.room(), 10_000);
    ring.releaseAll();
  }
  expect(ring.isFull).toBe(false);
});
