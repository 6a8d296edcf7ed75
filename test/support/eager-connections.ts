import type { Clock } from '../../src/core/ports.ts';
import type { HubConnections } from '../../src/hub/hub-connections.ts';
import { testClock } from './test-clock.ts';

export interface EagerConnections extends HubConnections {
  readonly used: number;
  readonly peak: number;
  /** How often a request ahead of its turn was not taken. */
  readonly refusals: number;
}

/** As many connections as are asked for, up to `most`, each for a part of `part` bytes. */
export function eagerConnections(most: number, part: number): EagerConnections {
  let used = 0;
  let peak = 0;
  let refusals = 0;
  const take = () => {
    used += 1;
    peak = Math.max(peak, used);
  };
  return {
    get used() {
      return used;
    },
    get peak() {
      return peak;
    },
    get refusals() {
      return refusals;
    },
    async acquire(signal) {
      signal?.throwIfAborted();
      take();
    },
    async tryAcquire() {
      if (used >= most) return undefined;
      take();
      return part;
    },
    release() {
      used -= 1;
    },
    report: () => undefined,
    reportRefusal() {
      refusals += 1;
    },
  };
}

/** Time that passes whenever somebody looks: every wait is a long one. */
export function hastyClock(): Clock {
  const clock = testClock({ date: Date.now() });
  return {
    ...clock,
    now() {
      clock.pass(40);
      return clock.now();
    },
  };
}
