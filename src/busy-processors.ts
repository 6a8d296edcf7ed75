import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock } from './core/ports.ts';

const WATCH_MS = 200;

/** Of this thread's time, and of all processors'. */
const BUSY_THREAD = 0.75;
const BUSY_MACHINE = 0.85;

/**
 * Tells whether this thread was at work lately most of the time, or all processors of the machine were, whoever keeps
 * them so. A quota on processor time is not seen.
 */
export function watchProcessors(clock: Pick<Clock, 'now'>): () => boolean {
  let since = Number.NEGATIVE_INFINITY;
  let loop = performance.eventLoopUtilization();
  let machine = processorTimes();
  let isBusy = false;
  return () => {
    if (clock.now() - since < WATCH_MS) return isBusy;
    const { utilization } = performance.eventLoopUtilization(loop);
    const now = processorTimes();
    const all = now.all - machine.all;
    isBusy = utilization > BUSY_THREAD || (all > 0 && (now.busy - machine.busy) / all > BUSY_MACHINE);
    since = clock.now();
    loop = performance.eventLoopUtilization();
    machine = now;
    return isBusy;
  };
}

/** Milliseconds, of all processors together, since the machine was started. */
function processorTimes(): { readonly all: number; readonly busy: number } {
  let [all, idle] = [0, 0];
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return { all, busy: all - idle };
}
