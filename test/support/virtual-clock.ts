import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports.ts';

export interface VirtualClock extends Clock {
  /** What was slept, in milliseconds, in the order in which it was begun. */
  readonly sleeps: readonly number[];
  /** Lets time go on, from one end of a sleep to the next, until `work` is settled. */
  run<T>(work: Promise<T>): Promise<T>;
}

export interface VirtualClockOptions {
  readonly date?: number;
  readonly random?: number;
  /** Time stands still for as long as this says so: while requests are on their way. */
  readonly busy?: () => boolean;
  /** Called when time has moved on by so much. */
  readonly onMove?: (ms: number) => void;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Time that goes on only when everybody sleeps: what many do at once happens in its order, and takes no time. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const { date = 0, random = 0.5, busy = () => false, onMove = () => undefined } = options;
  const sleeps: number[] = [];
  const sleepers = new Set<Sleeper>();
  let now = 0;

  function wakeNext(): void {
    const [next] = [...sleepers].sort((a, b) => a.until - b.until);
    if (next === undefined) return;
    sleepers.delete(next);
    onMove(next.until - now);
    now = next.until;
    next.wake();
  }

  return {
    sleeps,
    now: () => now,
    date: () => date + now,
    random: () => random,
    sleep(ms, signal) {
      sleeps.push(ms);
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      });
    },
    async run(work) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      work.then(end, end);
      while (!settled) {
        await setImmediate();
        if (!settled && !busy()) wakeNext();
      }
      return work;
    },
  };
}
