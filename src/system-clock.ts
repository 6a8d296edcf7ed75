import { setTimeout } from 'node:timers/promises';
import type { Clock } from './core/ports.ts';

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    try {
      await setTimeout(ms, undefined, signal && { signal });
    } catch (error) {
      signal?.throwIfAborted(); // the reason, not the timer's own error
      throw error;
    }
  },
};
