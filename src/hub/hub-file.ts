import type { ByteSource } from '../core/bytes.ts';
import { isPassingError, ModelcarError } from '../core/error.ts';
import type { FileObserver } from '../core/ports.ts';
import { afterRetries } from '../http/gave-up.ts';
import { backoffMs } from '../http/retry-after.ts';
import { FilePlace, type Trouble } from './file-place.ts';
import { FileRanges } from './file-ranges.ts';
import type { HubClient } from './hub-client.ts';
import { endOf, type FileAnswer, type HubFileName } from './range.ts';
import { rereadTally } from './reread-tally.ts';

/** Who sends less at a time than this makes no progress: a byte for every request would go on for years. */
const PROGRESS = 64 * 1024;

/**
 * One file of the Hub as a source that can be read again from any offset. A cut, a short body or a passing failure
 * goes on at the byte where it happened; the retries start to count anew whenever some more of the file
 * has come.
 */
export function hubFile(name: HubFileName, hub: HubClient, observe: FileObserver = {}): ByteSource {
  const { sibling, end = sibling.size } = name;
  const { clock, retries } = hub;
  const tally = rereadTally((bytes) => observe.onReread?.(bytes));
  const place = new FilePlace(name, hub, tally.wasted);

  return {
    size: end,
    async *open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      const ranges = new FileRanges(name, place, hub, tally, signal);
      let position = start;
      let failures = 0;
      let failingSince = 0;
      let refilledAt = start;
      try {
        while (position < end) {
          let trouble: Trouble;
          try {
            const answer = await ranges.at(position);
            if ('failure' in answer) trouble = answer;
            else {
              for await (const chunk of ranges.read(answer)) {
                position += chunk.length;
                if (position - refilledAt >= PROGRESS) {
                  failures = 0;
                  refilledAt = position;
                }
                yield chunk;
              }
              if (position >= end) return;
              if (isWholePart(answer, position) || ranges.wasLeftAt(position)) continue;
              trouble = passing(endedEarly(name, position));
            }
          } catch (error) {
            signal?.throwIfAborted();
            if (!isPassingError(error)) throw error;
            trouble = passing(error);
          }
          if (position >= end) return;
          if (failures === 0) failingSince = clock.now();
          if (!trouble.remint) failures += 1;
          const { failure, delayMs = failures === 1 ? 0 : backoffMs(failures, clock.random()) } = trouble;
          if (failures > retries) throw afterRetries(failure, { retries, ms: clock.now() - failingSince });
          const retry = Math.max(failures, 1);
          observe.onRetry?.({ offset: position, retry, delayMs, reason: failure.message });
          await clock.sleep(delayMs, signal);
        }
      } finally {
        ranges.close();
      }
    },
  };
}

/** Whether the answer has ended where it was to end: nothing has failed, and the next one begins there. */
function isWholePart(answer: FileAnswer, position: number): boolean {
  const { response, asked } = answer;
  if (response.status !== 206 || position !== endOf(answer)) return false;
  return position === asked.end || position - asked.start >= PROGRESS;
}

function passing(failure: ModelcarError): Trouble {
  return { failure, delayMs: undefined };
}

/** A body without a length that ends in good order, but too soon. */
function endedEarly({ sibling: { path, size } }: HubFileName, position: number): ModelcarError {
  return new ModelcarError('UNAVAILABLE', `${path} from the Hub ended at byte ${position} of ${size}`, {
    hint: 'Run the same command again.',
  });
}
