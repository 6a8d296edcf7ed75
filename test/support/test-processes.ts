import type { Processes, ProcessMark } from '../../src/state/process-mark.ts';

/** A machine on which only `self` and the processes of `alive` run. */
export function testProcesses({ self = mark(1000), alive = [] }: Partial<TestMachine> = {}): Processes {
  return {
    self,
    isAlive: ({ host, pid }) => (host === self.host ? pid === self.pid || alive.includes(pid) : undefined),
  };
}

export interface TestMachine {
  readonly self: ProcessMark;
  /** By their numbers. */
  readonly alive: readonly number[];
}

export function mark(pid: number, other: Partial<ProcessMark> = {}): ProcessMark {
  return { host: 'here', pid, started: '1', ...other };
}
