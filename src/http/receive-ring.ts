/**
 * The memory that one connection reads into, again and again. What was received lies there until it is released, in the
 * order in which it came; as long as nothing is released, nothing is written over.
 *
 * Fresh memory for every read would cost more than the read itself: the pages have to be had from the kernel, zeroed,
 * and collected (docs/decisions/0007-byte-path.md). It is shared memory, so that another thread can hash it where it
 * lies.
 */
export class ReceiveRing {
  readonly #pool: SlabPool;
  readonly #slabs: Slab[] = [];
  readonly #bySlabMemory = new Map<ArrayBufferLike, Slab>();
  #current = 0;
  /** How far the slab that is read into is full. */
  #offset = 0;
  /** Positions in the connection's stream: its end so far, and the end of what the reader has released. */
  #received = 0;
  #released = 0;
  #bytes = 0;
  #most = 1;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** How many bytes it may hold until they are released. */
  hold(bytes: number): void {
    // Two at least: what frames a body may lie at the end of the first, and is released with what follows it.
    this.#bytes = bytes;
    this.#most = Math.max(2, 1 + Math.ceil((bytes - FIRST_SLAB + LEAST_ROOM) / (SLAB - LEAST_ROOM)));
  }

  /** Whether the next byte would have to lie elsewhere: until something is released, nothing should be read. */
  get isFull(): boolean {
    return (
      !this.#hasRoom() && this.#slabs.length >= this.#most && !this.#slabs.some((slab) => this.#isFree(slab))
    );
  }

  /** Where to read to: at least the length of a TLS record. Memory of its own where the ring is full. */
  room(): Uint8Array {
    const current = this.#slabs[this.#current];
    // What was used last is still in the processor's cache.
    if (current !== undefined && this.#isFree(current)) this.#begin(current);
    else if (!this.#hasRoom() && !this.#turn()) return Buffer.allocUnsafeSlow(FIRST_SLAB);
    return this.#slab().memory.subarray(this.#offset);
  }

  /** So many bytes were read into what {@link room} gave last. */
  received(room: Uint8Array, bytes: number): Uint8Array {
    this.#received += bytes;
    const slab = this.#bySlabMemory.get(room.buffer);
    if (slab !== undefined) {
      this.#offset += bytes;
      slab.end = this.#received;
    }
    return room.subarray(0, bytes);
  }

  /** How many bytes the connection has received in all. */
  get position(): number {
    return this.#received;
  }

  /**
   * Moves `part` next to `last`, which was received before it, and returns both as one piece. Undefined if they are in
   * different memory. The bytes in between are overwritten: the caller has parsed them.
   */
  joined(last: Uint8Array, part: Uint8Array): Uint8Array | undefined {
    if (last.buffer !== part.buffer) return undefined;
    const slab = this.#bySlabMemory.get(part.buffer);
    if (slab === undefined) return undefined;
    const { memory } = slab;
    const end = last.byteOffset + last.length;
    if (end < part.byteOffset) memory.copyWithin(end, part.byteOffset, part.byteOffset + part.length);
    return memory.subarray(last.byteOffset, end + part.length);
  }

  /** Frees everything that was received before this position. */
  release(position: number): void {
    this.#released = Math.max(this.#released, position);
  }

  /**
   * Nothing is needed any more, for now: what is more than a small answer takes goes back to the pool. Not so what
   * {@link room} gave last: the next byte will be read into it.
   */
  releaseAll(): void {
    this.#released = this.#received;
    const current = this.#slabs[this.#current];
    const [, ...more] = this.#slabs;
    for (const slab of more) if (slab !== current) this.#giveBack(slab);
    this.#current = current === undefined ? 0 : this.#slabs.indexOf(current);
  }

  /** All of it goes back to the pool: nothing will be received any more, and nothing of it is needed. */
  dispose(): void {
    for (const slab of [...this.#slabs]) this.#giveBack(slab);
  }

  #giveBack(slab: Slab): void {
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    this.#bySlabMemory.delete(slab.memory.buffer);
    this.#pool.give(slab.memory);
  }

  #slab(): Slab {
    return this.#slabs[this.#current] as Slab;
  }

  #hasRoom(): boolean {
    const slab = this.#slabs[this.#current];
    return slab !== undefined && slab.memory.length - this.#offset >= LEAST_ROOM;
  }

  #isFree({ end }: Slab): boolean {
    return end <= this.#released;
  }

  /** @returns whether there is a slab to go on with */
  #turn(): boolean {
    const free = this.#slabs.findIndex((slab) => this.#isFree(slab));
    if (free === -1 && this.#slabs.length >= this.#most) return false;
    if (free === -1) this.#grow();
    this.#current = free === -1 ? this.#slabs.length - 1 : free;
    this.#begin(this.#slab());
    return true;
  }

  #begin(slab: Slab): void {
    this.#offset = 0;
    slab.end = this.#received;
  }

  #grow(): void {
    const memory = this.#pool.take(this.#nextSize());
    const slab = { memory, end: this.#received };
    this.#slabs.push(slab);
    this.#bySlabMemory.set(memory.buffer, slab);
  }

  #nextSize(): number {
    // Most answers are small: a redirect needs no more than the first slab.
    if (this.#slabs.length === 0) return FIRST_SLAB;
    const held = this.#slabs.reduce((sum, { memory }) => sum + memory.length - LEAST_ROOM, 0);
    return this.#bytes - held <= HALF_SLAB - LEAST_ROOM ? HALF_SLAB : SLAB;
  }
}

/**
 * The memory of connections that nothing comes over for the moment: the next one to receive takes it. It is kept for
 * good, and so is as much as was needed at once: shared memory that is given up stays where it is until the collector
 * happens to come by, which it does not for its sake.
 */
export class SlabPool {
  readonly #free = new Map<number, Uint8Array[]>();

  take(size: number): Uint8Array {
    // The last one is still in the processor's cache.
    return this.#free.get(size)?.pop() ?? new Uint8Array(new SharedArrayBuffer(size));
  }

  give(memory: Uint8Array): void {
    const free = this.#free.get(memory.length);
    if (free === undefined) this.#free.set(memory.length, [memory]);
    else free.push(memory);
  }
}

interface Slab {
  readonly memory: Uint8Array;
  /** The position after the last byte that was received into it. */
  end: number;
}

const LEAST_ROOM = 16 * 1024;
const FIRST_SLAB = 64 * 1024;
/** A MiB, and what may be left over at its end. */
const SLAB = 2 ** 20 + LEAST_ROOM;
/** For the last of what is to be held. */
const HALF_SLAB = 2 ** 19 + LEAST_ROOM;
