import type { StreamBody } from '../http/transport.ts';
import type { BlobReader } from './blob-reader.ts';

/** The body of one PATCH: counts what was handed to the connection, and keeps the error of a source that fails. */
export class PatchBody implements StreamBody {
  readonly #reader: BlobReader;
  readonly #options: PatchBodyOptions;
  #position: number;
  #failure: unknown;

  constructor(reader: BlobReader, options: PatchBodyOptions) {
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
    try {
      for await (const chunk of this.#reader.read(this.#position, this.#options.end)) {
        this.#position += chunk.length;
        this.#options.onProgress?.(this.#position);
        yield chunk;
      }
    } catch (error) {
      this.#failure = error;
      if (!this.#options.endsEarly(error)) throw error;
    }
  }
}

export interface PatchBodyOptions {
  readonly start: number;
  readonly end: number;
  /** Whether a source that fails so ends the body in good order: then the registry keeps what it has. */
  readonly endsEarly: (error: unknown) => boolean;
  readonly onProgress: ((sent: number) => void) | undefined;
}
