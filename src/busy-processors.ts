import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { cpuUsage } from 'node:process';
import type { Clock } from './core/ports.ts';

const WATCH_MS = 200;

/** Of all processors, and of the time of this thread. */
const BUSY_PROCESS = 0.7;
const BUSY_THREAD = 0.75;

/**
 * Tells whether this thread was at work lately most of the time, or this process, with all its threads, has kept most of
 * the processors at work.
 */
export function watchProcessors(clock: Pick<Clock, 'now'>): () => boolean {
  const processors = availableParallelism();
  let since = clock.now();
  let used = cpuUsage();
  let loop = performance.eventLoopUtilization();
  let isBusy = false;
  return () => {
    const elapsedMs = clock.now() - since;
    if (elapsedMs < WATCH_MS) return isBusy;
    const { user, system } = cpuUsage(used);
    const { utilization } = performance.eventLoopUtilization(loop);
    isBusy = (user + system) / 1000 > BUSY_PROCESS * processors * elapsedMs || utilization > BUSY_THREAD;
    since = clock.now();
    used = cpuUsage();
    loop = performance.eventLoopUtilization();
    return isBusy;
  };
}
