import type { ByteSource } from './bytes.ts';
import type { Clock } from './ports.ts';

/** How many bytes may pass, for all who ask together. */
export interface RateLimit {
  /** Bytes that pass in one go: a twentieth of a second's. */
  readonly step: number;
  /**
   * Resolves when so many bytes may pass.
   * @throws the reason of the signal when it was aborted first
   */
  take(bytes: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Whoever comes first passes first; nothing is saved up while nobody asks. */
export function createRateLimit(bytesPerSecond: number, clock: Pick<Clock, 'now' | 'sleep'>): RateLimit {
  let openAt = 0;
  return {
    step: Math.max(1, Math.floor(bytesPerSecond / 20)),
    async take(bytes, signal) {
      const now = clock.now();
      const start = Math.max(now, openAt);
      openAt = start + (bytes / bytesPerSecond) * 1000;
      if (start > now) await clock.sleep(start - now, signal);
    },
  };
}

/** `content` at no more than this rate, in pieces small enough for it to flow evenly. */
export function limited(content: ByteSource, limit: RateLimit): ByteSource {
  return {
    size: content.size,
    async *open(options = {}) {
      for await (const chunk of content.open(options)) {
        for (let at = 0; at < chunk.length; at += limit.step) {
          const piece = chunk.subarray(at, at + limit.step);
          await limit.take(piece.length, options.signal);
          yield piece;
        }
      }
    },
  };
}
