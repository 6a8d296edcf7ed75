import type { ByteSource } from '../../core/bytes.ts';
import { type Digest, HashFrontier } from '../../core/digest.ts';

/**
 * The blob as the upload reads it: forward, piece after piece, from one open source. Asked for bytes that lie
 * elsewhere, it opens the source again there. Each byte is hashed the first time it passes, also those before the
 * offset at which the upload goes on, so that the digest is always over everything.
 */
export class BlobReader {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  readonly #hash = new HashFrontier();
  #chunks: AsyncIterator<Uint8Array> | undefined;
  /** What was asked of the source and has not come yet. It outlives a reader that does not wait for it. */
  #coming: Promise<IteratorResult<Uint8Array> | undefined> | undefined;
  /** Aborted when what is open was released. */
  #opened = new AbortController();
  /** Where in the blob `#rest` begins; the source has been read up to its end. */
  #position = 0;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: ByteSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Whether every byte has passed. */
  get isComplete(): boolean {
    return this.#hash.position === this.#source.size;
  }

  /** @throws RangeError before every byte has passed */
  digest(): Digest {
    if (!this.isComplete) {
      throw new RangeError(`only ${this.#hash.position} of ${this.#source.size} bytes have passed`);
    }
    return `sha256:${this.#hash.hex()}`;
  }

  /**
   * The bytes `start` ≤ … < `end`. Left early, it stays where it is.
   * @param idleMs ends without the rest when the source brings nothing for so long; what comes later is not lost
   */
  async *read(start: number, end: number, idleMs?: number): AsyncGenerator<Uint8Array> {
    await this.#seek(start);
    while (this.#position < end) {
      if (this.#rest.length === 0 && !(await this.#advance(idleMs))) return;
      // A resumed upload: bytes that the registry has already, read only for the hash.
      const from = Math.max(0, Math.min(start - this.#position, this.#rest.length));
      const to = Math.min(end - this.#position, this.#rest.length);
      const piece = this.#rest.subarray(from, to);
      this.#skip(to);
      if (piece.length > 0) yield piece;
    }
  }

  /**
   * Resolves when the byte at `start` is here, so that no request is opened for one that does not come.
   * @param onRead called for what is read on the way there, with the offset behind it
   */
  async ready(start: number, onRead?: (position: number) => void): Promise<void> {
    await this.#seek(start);
    while (this.#position + this.#rest.length <= start) {
      this.#skip(this.#rest.length);
      if (this.#position > 0) onRead?.(this.#position);
      if (!(await this.#advance())) return;
    }
  }

  /** Reads what has not passed yet before `end`, for the digest alone. */
  async catchUp(end: number, onRead?: (position: number) => void): Promise<void> {
    if (this.#hash.position < end) await this.ready(end, onRead);
  }

  /** Ends a read that waits for the source. The next one opens it again. */
  release(): void {
    this.#opened.abort();
  }

  /** Releases what is open. The reader can be used again. */
  async close(): Promise<void> {
    const [chunks, coming] = [this.#chunks, this.#coming];
    const end = this.#position + this.#rest.length;
    // What nobody waits for any more must not hold the end up.
    if (coming) this.#opened.abort();
    this.#chunks = undefined;
    this.#coming = undefined;
    this.#rest = new Uint8Array();
    // What comes all the same has been checked, and will not be once more: the digest is over these bytes.
    const late = await coming?.catch(() => undefined);
    if (late !== undefined && !late.done) this.#hash.update(late.value, end);
    await chunks?.return?.();
  }

  async #seek(start: number): Promise<void> {
    const here = this.#position <= start && start <= this.#position + this.#rest.length;
    if (this.#chunks !== undefined && !this.#opened.signal.aborted && here) return;
    await this.close();
    this.#position = Math.min(start, this.#hash.position);
    this.#opened = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#opened.signal]);
    this.#chunks = this.#source.open({ start: this.#position, signal })[Symbol.asyncIterator]();
  }

  #skip(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
    this.#position += bytes;
  }

  /** Brings the next chunk; false at the end, and where it does not come within `idleMs`. */
  async #advance(idleMs?: number): Promise<boolean> {
    this.#coming ??= this.#next();
    if (idleMs !== undefined && !(await within(idleMs, this.#coming))) return false;
    const result = await this.#coming;
    this.#coming = undefined;
    if (result === undefined || result.done) return false;
    this.#rest = result.value;
    this.#hash.update(result.value, this.#position);
    return true;
  }

  #next(): Promise<IteratorResult<Uint8Array> | undefined> {
    const opened = this.#opened.signal;
    const coming = Promise.resolve(this.#chunks?.next()).catch((error: unknown) => {
      if (opened.aborted && !this.#signal.aborted) return undefined;
      throw error;
    });
    // Whoever reads next hears of it; meanwhile it must not end the process.
    coming.catch(() => undefined);
    return coming;
  }
}

/** Whether the promise settles within `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
