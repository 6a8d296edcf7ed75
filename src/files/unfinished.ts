import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/ports.ts';
import type { Processes, ProcessMark } from './process-mark.ts';

/** No live push pauses longer: the Hub may ask for ten minutes at a time, up to a hundred times in a row. */
const ABANDONED_MS = 24 * 3_600_000;

/** Appended to a file's name until the file is whole. It names the process, so that a later run can sweep the file. */
export function unfinishedSuffix(self: ProcessMark): string {
  return `${UNFINISHED}${self.pid}-${self.started ?? ''}-${machineOf(self)}-${randomUUID().slice(0, 8)}`;
}

/**
 * Removes the unfinished files of killed processes from a folder. If we cannot know whether a process is dead, its files
 * stay for a day. Best effort.
 * @param isOurs whether the file is ours to sweep, judged by its final name
 */
export async function sweepUnfinished(
  folder: string,
  isOurs: (name: string) => boolean,
  { processes, clock }: { readonly processes: Processes; readonly clock: Clock },
): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, finished, mark] = NAME.exec(name) ?? [];
    if (finished === undefined || mark === undefined || !isOurs(finished)) continue;
    const left = join(folder, name);
    const isAlive = isOwnerAlive(mark, processes);
    const isLeft = isAlive === undefined ? await isAbandoned(left, clock) : !isAlive;
    if (isLeft) await rm(left, { force: true }).catch(() => undefined);
  }
}

const UNFINISHED = '.unfinished-';
const NAME = /^(.*)\.unfinished-(\d+-\d*-[0-9a-f]{16})-[0-9a-f]{8}$/;

function isOwnerAlive(mark: string, { self, isAlive }: Processes): boolean | undefined {
  const [pid = '', started = '', machine] = mark.split('-');
  if (machine !== machineOf(self)) return undefined;
  return isAlive({ ...self, pid: Number(pid), started: started === '' ? undefined : started });
}

async function isAbandoned(path: string, clock: Clock): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && clock.date() - found.mtimeMs > ABANDONED_MS;
}

/** Equal for all processes with the same process ids (`sharesPids`), and short enough for a file's name. */
function machineOf({ host, boot, pidNamespace }: ProcessMark): string {
  const text = JSON.stringify([host, boot, pidNamespace]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
