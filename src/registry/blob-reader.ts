import type { ByteSource } from '../core/bytes.ts';
import { type Digest, HashFrontier } from '../core/digest.ts';

/**
 * The blob as the upload reads it: forward, piece after piece, from one open source. Asked for bytes that lie
 * elsewhere, it opens the source again there. Each byte is hashed the first time it passes, also those before the
 * offset at which the upload goes on, so that the digest is always over everything.
 */
export class BlobReader {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  readonly #hash = new HashFrontier('sha256');
  #chunks: AsyncIterator<Uint8Array> | undefined;
  /** Aborted when what is open was released. */
  #opened = new AbortController();
  /** Where in the blob `#rest` begins; the source has been read up to its end. */
  #position = 0;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: ByteSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** @throws RangeError before every byte has passed */
  digest(): Digest {
    if (this.#hash.position !== this.#source.size) {
      throw new RangeError(`only ${this.#hash.position} of ${this.#source.size} bytes have passed`);
    }
    return `sha256:${this.#hash.hex()}`;
  }

  /** The bytes `start` ≤ … < `end`. Left early, it stays where it is. */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (this.#chunks === undefined || this.#opened.signal.aborted || this.#position !== start) {
      await this.#open(start);
    }
    while (this.#position < end) {
      if (this.#rest.length === 0 && !(await this.#advance())) return;
      // A resumed upload: bytes that the registry has already, read only for the hash.
      const from = Math.max(0, Math.min(start - this.#position, this.#rest.length));
      const to = Math.min(end - this.#position, this.#rest.length);
      const piece = this.#rest.subarray(from, to);
      this.#rest = this.#rest.subarray(to);
      this.#position += to;
      if (piece.length > 0) yield piece;
    }
  }

  /** Reads what has not passed yet before `end`, for the digest alone. */
  async catchUp(end: number): Promise<void> {
    if (this.#hash.position >= end) return;
    for await (const _ of this.read(end, end)); // what lies before the start is hashed and kept back
  }

  /** Ends a read that waits for the source. The next one opens it again. */
  release(): void {
    this.#opened.abort();
  }

  /** Releases what is open. The reader can be used again. */
  async close(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    this.#rest = new Uint8Array();
    await chunks?.return?.();
  }

  async #open(start: number): Promise<void> {
    await this.close();
    this.#position = Math.min(start, this.#hash.position);
    this.#opened = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#opened.signal]);
    this.#chunks = this.#source.open({ start: this.#position, signal })[Symbol.asyncIterator]();
  }

  /** Brings the next chunk; false at the end. */
  async #advance(): Promise<boolean> {
    const result = await this.#chunks?.next().catch((error: unknown) => {
      if (this.#opened.signal.aborted && !this.#signal.aborted) return undefined;
      throw error;
    });
    if (result === undefined || result.done) return false;
    this.#rest = result.value;
    this.#hash.update(result.value, this.#position);
    return true;
  }
}
