import type { Clock } from '../../src/core/ports.ts';

export interface TestClock extends Clock {
  /** What was slept, in milliseconds, in order. */
  readonly sleeps: readonly number[];
  pass(ms: number): void;
}

/** Time that stands still but for what sleeps: a sleep is over at once and moves the clock. */
export function testClock({ date = 0, random = 0.5 }: { date?: number; random?: number } = {}): TestClock {
  const sleeps: number[] = [];
  let passed = 0;
  return {
    sleeps,
    pass(ms) {
      passed += ms;
    },
    now: () => passed,
    date: () => date + passed,
    random: () => random,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      passed += ms;
    },
  };
}
