import { isSameProcess, type Processes, type ProcessMark, sharesPids } from '../../src/files/process-mark.ts';

/** A machine on which only `self` and the processes of `alive` run. */
export function testProcesses({ self = mark(1000), alive = [] }: Partial<TestMachine> = {}): Processes {
  return {
    self,
    isAlive(asked) {
      if (!sharesPids(asked, self)) return undefined;
      return isSameProcess(asked, self) || alive.includes(asked.pid);
    },
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
