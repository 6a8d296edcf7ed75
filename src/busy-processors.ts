import { availableParallelism } from 'node:os';
import { cpuUsage } from 'node:process';
import type { Clock } from './core/ports.ts';

const WATCH_MS = 200;
const BUSY = 0.7;

/** Tells whether this process, with all its threads, has kept most of the processors at work lately. */
export function watchProcessors(clock: Pick<Clock, 'now'>): () => boolean {
  const processors = availableParallelism();
  let since = clock.now();
  let used = cpuUsage();
  let isBusy = false;
  return () => {
    const elapsedMs = clock.now() - since;
    if (elapsedMs < WATCH_MS) return isBusy;
    const { user, system } = cpuUsage(used);
    isBusy = (user + system) / 1000 > BUSY * processors * elapsedMs;
    since = clock.now();
    used = cpuUsage();
    return isBusy;
  };
}
