import type { Clock } from '../../core/ports.ts';
import type { StreamBody } from '../../http/transport.ts';
import type { BlobReader } from './blob-reader.ts';

/**
 * The body of one request of an upload: counts what was handed to the connection, and keeps the error of a source that
 * fails. One that need not be of a certain length ends early, in good order, rather than be cut.
 */
export class UploadBody implements StreamBody {
  readonly #reader: BlobReader;
  readonly #options: UploadBodyOptions;
  #position: number;
  #begunAt: number | undefined;
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

  /** How long it has been under way: what the request waited for before does not count. */
  get elapsedMs(): number {
    const now = this.#options.clock.now();
    return now - (this.#begunAt ?? now);
  }

  get failure(): unknown {
    return this.#failure;
  }

  stop(): void {
    // With the whole piece handed over, an answer is the ordinary end: the source stays open for the next chunk.
    if (this.#position < this.#options.end) this.#reader.release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { start, end, endsEarly, silenceMs, requestMs, clock, onProgress } = this.#options;
    this.#begunAt = clock.now();
    try {
      onProgress?.(start);
      for await (const chunk of this.#reader.read(start, end, silenceMs)) {
        this.#position += chunk.length;
        onProgress?.(this.#position);
        yield chunk;
        if (requestMs !== undefined && this.elapsedMs >= requestMs) return;
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
  /** How long the source may be silent before the body ends; undefined where it cannot. */
  readonly silenceMs: number | undefined;
  /** After how long it ends; undefined where it cannot. */
  readonly requestMs: number | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly onProgress: ((sent: number) => void) | undefined;
}
