import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';
import type { Processes, ProcessMark } from './files/process-mark.ts';

/** The processes of this machine, as far as we may see them. */
export const systemProcesses: Processes = {
  self: { host: hostname(), pid, started: lookUp(pid)?.started },
  isAlive({ host, pid, started }: ProcessMark): boolean | undefined {
    if (host !== systemProcesses.self.host) return undefined;
    const found = lookUp(pid);
    if (found === undefined) return answersToSignals(pid);
    return !found.ended && (started === undefined || started === found.started);
  },
};

/** Linux only: proc(5), /proc/pid/stat. The name in brackets may hold spaces and brackets itself. */
function lookUp(pid: number): { readonly ended: boolean; readonly started: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that was killed stays in the table until its parent has asked for it.
    return { ended: /[ZXx]/.test(fields[0] ?? ''), started: fields[19] };
  } catch {
    return undefined;
  }
}

function answersToSignals(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and is another user's
  }
}
