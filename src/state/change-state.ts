import { dirname } from 'node:path';
import type { Clock } from '../core/ports.ts';
import { withFileLock } from '../files/file-lock.ts';
import { makeFolder } from '../files/make-folder.ts';
import type { Processes } from '../files/process-mark.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { MAX_STATE_BYTES, readStateFile } from './read-state-file.ts';
import { ownRealFile } from './require-own.ts';
import { setAside } from './set-aside.ts';
import { EMPTY_STATE, formatState, type StateDocument } from './state-document.ts';

export interface StateWorld {
  readonly path: string;
  readonly clock: Clock;
  readonly processes: Processes;
  /** The user ID of this process; undefined where the system has none. */
  readonly user: number | undefined;
  /** Called when something was lost; the push goes on. */
  readonly onWarning: (message: string) => void;
}

/**
 * One turn at the file: read, change, replace it whole, while no other process does. One that is torn is moved aside
 * first and begun anew.
 * @throws ModelcarError `USAGE` when the file is not ours; `UNAVAILABLE` when others hold it; what the system says
 */
export async function changeState(
  world: StateWorld,
  edit: (state: StateDocument) => StateDocument,
): Promise<void> {
  // Check before locking: write nothing at all into another user's folder.
  const path = await ownRealFile(world.path, world.user);
  await makeFolder(dirname(path), 0o700);
  await withFileLock(path, world, async () => {
    const bytes = Buffer.from(formatState(edit(await currentState({ ...world, path }))));
    if (bytes.length > MAX_STATE_BYTES) {
      throw new Error(`it would grow beyond ${MAX_STATE_BYTES} bytes; move it away to begin a new one`);
    }
    await writeAtomically(path, bytes, 0o600, world.processes.self);
  });
}

async function currentState({ path, user, clock, onWarning }: StateWorld): Promise<StateDocument> {
  const found = await readStateFile(path, user);
  if (found !== 'torn') return found ?? EMPTY_STATE;
  const aside = await setAside(path, clock.date());
  onWarning(
    `${path} was cut short, by a power loss it seems, and is now ${aside}: what earlier pushes wrote down is lost, so layers may be sent once more`,
  );
  return EMPTY_STATE;
}
