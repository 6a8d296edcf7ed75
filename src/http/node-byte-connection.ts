import type { Socket } from 'node:net';
import { type BodyFraming, framingOf } from './body-framing.ts';
import { HeadReader } from './head-reader.ts';
import { Stalled } from './network-error.ts';
import type { ReceiveRing } from './receive-ring.ts';
import type { ResponseHead } from './response-head.ts';

interface BodyOptions {
  readonly stallTimeoutMs: number;
  /** What the reader is told when it breaks. */
  readonly explained: (error: unknown) => unknown;
  /** Called when it was read or left. */
  readonly onOver: () => void;
}

/** A part of the body in the connection's memory. */
interface Part {
  readonly bytes: Uint8Array;
  /** A position in the connection's stream: releasing this part frees everything before it. */
  readonly position: number;
}

/**
 * A connection that carries one request after the other, and hands out the bodies of the answers where they were
 * received: a chunk is good until the next one is asked for. It reads on while nobody asks, until its memory is full.
 */
export class ByteConnection {
  readonly #socket: Socket;
  readonly #ring: ReceiveRing;
  /** Of the answer that is being received. */
  readonly #head = new HeadReader();
  #answer: ResponseHead | undefined;
  #framing: BodyFraming | undefined;
  /** What the reader has not asked for yet: one part in each piece of memory, since parts are joined. */
  #waiting: Part[] = [];
  /** What the reader has, or had, ends at this position. */
  #handedOut = 0;
  #readAhead = 0;
  #isPaused = false;
  #isBusy = false;
  /** Somebody reads the body, and may hold a chunk of it. */
  #isRead = false;
  /** Nobody will read it. */
  #isDropped = false;
  #isGone = false;
  /** The other side has sent what nobody asked for. */
  #isSpoilt = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, ring: ReceiveRing) {
    this.#socket = socket;
    this.#ring = ring;
    socket.setKeepAlive(true, 1_000);
    socket.on('data', (bytes) => this.#copyIn(bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('end', () => this.#end());
    socket.on('close', () => {
      this.#end();
      this.#isGone = true;
      this.#dispose();
    });
  }

  /** Whether another request can be sent. */
  get isUsable(): boolean {
    const open = this.#failure === undefined && !this.#isSpoilt && this.#socket.writable;
    return open && (this.#answer?.keepsAlive ?? true) && !this.#socket.destroyed;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** @throws Error as Node's client does */
  async connected(event: 'connect' | 'secureConnect', connectTimeoutMs: number): Promise<void> {
    let isConnected = false;
    this.#socket.once(event, () => {
      isConnected = true;
      this.#wake();
    });
    while (!isConnected) {
      if (this.#failure) throw this.#failure;
      await this.#news(connectTimeoutMs, () => new Stalled('no connection', connectTimeoutMs));
    }
  }

  /**
   * @param bytes in the memory of the ring, after everything received before
   * @returns whether more should be read for now
   */
  receive(bytes: Uint8Array): boolean {
    try {
      this.#take(bytes);
    } catch (error) {
      this.destroy(error as Error);
    }
    if (!this.#isPaused && this.#isFull()) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    this.#wake();
    return !this.#isPaused;
  }

  /**
   * Sends a request that has no body, and waits for the head of the answer.
   * @param request its head, with the empty line
   */
  async ask(
    request: string,
    { answerTimeoutMs, readAhead }: { readonly answerTimeoutMs: number; readonly readAhead: number },
  ): Promise<ResponseHead> {
    this.#ring.hold(readAhead);
    this.#readAhead = readAhead;
    this.#handedOut = this.#ring.position;
    this.#isBusy = true;
    this.#answer = undefined;
    this.#framing = undefined;
    this.#socket.ref();
    this.#socket.write(request, 'latin1');
    const deadline = performance.now() + answerTimeoutMs;
    while (this.#answer === undefined) {
      if (this.#failure) throw this.#failure;
      await this.#news(deadline - performance.now(), () => new Stalled('no answer', answerTimeoutMs));
    }
    return this.#answer;
  }

  /**
   * The body of the answer, once. Left early, also before it was begun, it closes the connection.
   */
  body({ stallTimeoutMs, explained, onOver }: BodyOptions): AsyncIterableIterator<Uint8Array> {
    let held: Part | undefined;
    let over = false;
    const finish = () => {
      if (over) return;
      over = true;
      this.#finish();
      onOver();
    };
    return {
      next: async () => {
        if (over) return { done: true, value: undefined };
        this.#isRead = true;
        if (held !== undefined) this.#release(held);
        try {
          held = await this.#part(stallTimeoutMs);
        } catch (error) {
          finish();
          throw explained(error);
        }
        if (held !== undefined) return { done: false, value: held.bytes };
        finish();
        return { done: true, value: undefined };
      },
      async return() {
        finish();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** What came and was not read is lost. */
  drop(error: Error): void {
    this.#isDropped = true;
    this.#waiting = [];
    this.destroy(error);
    this.#dispose();
  }

  destroy(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#wake();
  }

  /** A tunnel delivers small pieces in its own memory: copied into the ring, they can be joined. */
  #copyIn(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.#ring.room();
      const fitting = bytes.subarray(at, at + room.length);
      room.set(fitting);
      at += fitting.length;
      this.receive(this.#ring.received(room, fitting.length));
    }
  }

  #take(bytes: Uint8Array): void {
    if (!this.#isBusy) {
      this.#isSpoilt = true;
      this.#socket.destroy();
      return;
    }
    const rest = this.#framing === undefined ? this.#takeHead(bytes) : bytes;
    if (this.#framing === undefined || rest.length === 0) return;
    const taken = this.#framing.take(rest, (part) => this.#queue(part));
    if (taken < rest.length) this.#isSpoilt = true;
  }

  /** @returns what lies behind the head */
  #takeHead(bytes: Uint8Array): Uint8Array {
    const { head, rest } = this.#head.take(bytes);
    if (head === undefined) return rest;
    this.#framing = framingOf(head);
    this.#answer = head;
    return rest;
  }

  /** The next waiting part, or the next to arrive; undefined at the end. */
  async #part(stallTimeoutMs: number): Promise<Part | undefined> {
    for (;;) {
      // The end of what was dropped is not the end of the body.
      if (this.#isDropped && this.#failure !== undefined) throw this.#failure;
      const part = this.#waiting.shift();
      if (part !== undefined) {
        this.#handedOut = part.position;
        return part;
      }
      if (this.#framing?.isComplete) return undefined;
      if (this.#failure !== undefined) {
        if (this.#framing?.endsWithConnection && !this.#socket.errored) return undefined;
        throw this.#failure;
      }
      await this.#news(stallTimeoutMs, () => new Stalled('no byte came', stallTimeoutMs));
    }
  }

  #release({ position }: Part): void {
    this.#ring.release(position);
    this.#readOn();
  }

  /** Joins waiting parts: each part that the reader gets passes through the whole push separately. */
  #queue(bytes: Uint8Array): void {
    const { position } = this.#ring;
    const last = this.#waiting.at(-1);
    const joined = last && this.#ring.joined(last.bytes, bytes);
    if (joined !== undefined) this.#waiting.pop();
    this.#waiting.push({ bytes: joined ?? bytes, position });
  }

  /** Leaves room for the records that TLS still delivers after a pause: outside the ring each would be its own part. */
  #isFull(): boolean {
    return this.#ring.isFull || this.#ring.position - this.#handedOut >= this.#readAhead;
  }

  #readOn(): void {
    if (!this.#isPaused || this.#isFull()) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #finish(): void {
    const complete = this.#framing?.isComplete && this.#waiting.length === 0;
    this.#waiting = [];
    this.#isBusy = false;
    this.#isRead = false;
    this.#ring.releaseAll();
    if (!complete || !this.isUsable) this.#socket.destroy();
    else {
      // A connection that waits for the next request does not keep the process.
      this.#socket.unref();
      this.#readOn();
    }
    this.#dispose();
  }

  /** The memory of a connection that is gone is for others, once nobody holds or will read anything of it. */
  #dispose(): void {
    const isOver = !this.#isBusy || (this.#isDropped && !this.#isRead);
    if (this.#isGone && isOver) this.#ring.dispose();
  }

  #end(error?: Error): void {
    this.#failure ??= error ?? Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
    this.#wake();
  }

  #news(ms: number, late: () => Error): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.destroy(late()), Math.max(0, ms));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }
}
