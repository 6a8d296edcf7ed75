import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process, { kill, pid } from 'node:process';
import { type Processes, type ProcessMark, sharesPids } from './files/process-mark.ts';

/** The user ID that the system checks when this process opens a file; undefined on Windows, which has none. */
export const thisUser: number | undefined = process.geteuid?.();

/** The processes of this machine, as far as we may see them. */
export const systemProcesses: Processes = {
  self: {
    host: hostname(),
    pid,
    started: lookUp(pid)?.started,
    boot: orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    pidNamespace: orUndefined(() => readlinkSync('/proc/self/ns/pid')),
  },
  isAlive(mark: ProcessMark): boolean | undefined {
    if (!sharesPids(mark, systemProcesses.self)) return undefined;
    const found = lookUp(mark.pid);
    if (found === undefined) return answersToSignals(mark.pid);
    return !found.ended && (mark.started === undefined || mark.started === found.started);
  },
};

/** Linux only: proc(5), /proc/pid/stat. The name in brackets may hold spaces and brackets itself. */
function lookUp(pid: number): { readonly ended: boolean; readonly started: string | undefined } | undefined {
  if (!showsOurPids()) return undefined;
  const stat = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A dead process stays in the table as a zombie until its parent waits for it.
  return { ended: /[ZXx]/.test(fields[0] ?? ''), started: fields[19] };
}

/** A container may have the /proc of another PID namespace mounted, where our ids mean other processes. */
function showsOurPids(): boolean {
  return orUndefined(() => readlinkSync('/proc/self')) === String(pid);
}

function answersToSignals(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and is another user's
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
