import type { StreamBody } from '../http/transport.ts';
import type { BlobReader } from './blob-reader.ts';

/**
 * The body of one request of an upload: counts what was handed to the connection, and keeps the error of a source that
 * fails. One that need not be of a certain length ends early, in good order, rather than be cut.
 */
export class UploadBody implements StreamBody {
  readonly #reader: BlobReader;
  readonly #options: UploadBodyOptions;
  #position: number;
  #failure: unknown;

  constructor(reader: BlobReader, options: UploadBodyOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#position = options.start;
  }

  /** The offset behind the last byte handed over. */
  get position(): number {
    return this.#position;
  }

  get failure(): unknown {
    return this.#failure;
  }

  stop(): void {
    // With the whole piece handed over, an answer is the ordinary end: the source stays open for the next chunk.
    if (this.#position < this.#options.end) this.#reader.release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { start, end, endsEarly, isTime, idleMs, onProgress } = this.#options;
    try {
      onProgress?.(start);
      for await (const chunk of this.#reader.read(start, end, idleMs)) {
        this.#position += chunk.length;
        onProgress?.(this.#position);
        yield chunk;
        if (isTime()) return;
      }
    } catch (error) {
      this.#failure = error;
      if (!endsEarly(error)) throw error;
    }
  }
}

export interface UploadBodyOptions {
  readonly start: number;
  readonly end: number;
  /** Whether a source that fails so ends the body in good order: then the registry keeps what it has. */
  readonly endsEarly: (error: unknown) => boolean;
  /** Whether the request has lasted long enough. */
  readonly isTime: () => boolean;
  /** How long the source may be silent before the body ends; undefined where it cannot end. */
  readonly idleMs: number | undefined;
  readonly onProgress: ((sent: number) => void) | undefined;
}
