import { basename, dirname } from 'node:path';
import { ModelcarError } from '../core/error.ts';
import type { Job } from '../core/job.ts';
import type { Journal } from '../core/ports.ts';
import { sweepUnfinished } from '../files/unfinished.ts';
import { changeState, type StateWorld } from './change-state.ts';
import { applyChanges, type JobChanges, prune, withoutMovedTags } from './job-changes.ts';
import { jobJournal } from './job-journal.ts';
import { readStateFile } from './read-state-file.ts';
import { ownRealFile } from './require-own.ts';
import { recordOf, type StateDocument, withRecord } from './state-document.ts';
import { type TakenUp, takeUp } from './take-up.ts';

/**
 * The journal as one JSON file, 0600. Each write is a turn of its own under a lock: read, change one job, replace the
 * file whole; so pushes at the same time keep each other's records, and a torn write leaves the old file. A file system
 * that does not play along costs a warning and the records, not the push.
 */
export function createStateFile(world: StateWorld): Journal {
  const { clock, processes } = world;
  const file = guarded(world);
  return {
    async open(job) {
      const known = await file.look();
      const date = clock.date();
      let found = takeUp(recordOf(known, job, date), processes);
      const written = await file.change((state) => {
        found = takeUp(recordOf(state, job, date), processes);
        return withRecord(prune(state, date), job, found.record, date);
      });
      warnOfOthers(found, world);
      return jobJournal(found, { ...world, written, write: (changes) => write(job, changes) });
    },
  };

  function write(job: Job, changes: JobChanges): Promise<boolean> {
    return file.change((state) => {
      const date = clock.date();
      const record = applyChanges(recordOf(state, job, date), changes, processes.self);
      const { image } = changes;
      const others = image === undefined ? state : withoutMovedTags(state, job.target, image);
      return withRecord(others, job, record, date);
    });
  }
}

/** The file, with what the system says about it as a warning: one, whatever comes after. */
function guarded(world: StateWorld): {
  /** @throws ModelcarError `USAGE` when the file is not ours: that stops the push before anything moves */
  look(): Promise<StateDocument | undefined>;
  /** Whether it could. */
  change(edit: (state: StateDocument) => StateDocument): Promise<boolean>;
} {
  let warned = false;
  const warn = (error: unknown) => {
    const what = error instanceof Error ? error.message : String(error);
    if (!warned) world.onWarning(`cannot use ${world.path}, going on without it: ${what}`);
    warned = true;
  };
  return {
    async look() {
      try {
        const state = await readStateFile(world.path, world.user);
        const real = await ownRealFile(world.path, world.user);
        await sweepUnfinished(dirname(real), (name) => name === basename(real), world);
        return state === 'torn' ? undefined : state;
      } catch (error) {
        if (error instanceof ModelcarError) throw error;
        warn(error);
        return undefined;
      }
    },
    async change(edit) {
      try {
        await changeState(world, edit);
        return true;
      } catch (error) {
        warn(error);
        return false;
      }
    },
  };
}

function warnOfOthers({ others }: TakenUp, { path, onWarning }: StateWorld): void {
  if (others.length === 0) return;
  onWarning(
    `${path} says that process ${others.join(', ')} is at the same push: the uploads that it has open are left to it, and sent here once more`,
  );
}
