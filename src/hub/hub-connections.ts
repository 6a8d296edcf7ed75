import type { Clock } from '../core/ports.ts';
import {
  afterReading,
  afterRefusal,
  type ConnectionLimit,
  type Reading,
  rangeSize,
  startingLimit,
} from './connection-limit.ts';

/** The connections that bring bytes of files: one number for all who read, in whichever thread. */
export interface HubConnections {
  /**
   * Resolves when there is one for a reader that has none.
   * @throws the reason of the signal when it was aborted first
   */
  acquire(signal: AbortSignal | undefined): Promise<void>;
  /** Whether a reader may open one more, to read ahead, and then for how many bytes. */
  tryAcquire(): Promise<number | undefined>;
  /** One of them is free again. */
  release(): void;
  report(reading: Reading): void;
  /** The Hub, or its storage, did not take a request that was one of several. */
  reportRefusal(): void;
}

export interface HubConnectionsOptions {
  readonly most: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Enough for most networks, and what hosts of storage see of a browser. */
export const DEFAULT_CONNECTIONS = 8;

export function createHubConnections({ most, clock }: HubConnectionsOptions): HubConnections {
  let limit: ConnectionLimit = startingLimit(most);
  let used = 0;
  const waiting = new Set<() => void>();
  return {
    async acquire(signal) {
      signal?.throwIfAborted();
      // Who reads ahead gives way to who has nothing.
      if (used < most) used += 1;
      else await turn(waiting, signal);
    },
    async tryAcquire() {
      if (waiting.size > 0 || used >= limit.allowed) return undefined;
      used += 1;
      return rangeSize(limit);
    },
    release() {
      const [next] = waiting;
      if (next === undefined) used -= 1;
      else next();
    },
    report(reading) {
      limit = afterReading(limit, reading, { used, now: clock.now() });
    },
    reportRefusal() {
      limit = afterRefusal(limit, clock.now());
    },
  };
}

/** Until it is called, the first of those that wait before the others. */
function turn(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const called = () => {
      waiting.delete(called);
      signal?.removeEventListener('abort', aborted);
      resolve();
    };
    const aborted = () => {
      waiting.delete(called);
      reject(signal?.reason);
    };
    waiting.add(called);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
