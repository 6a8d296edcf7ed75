import { ModelcarError } from '../core/error.ts';
import { changeState, type StateWorld } from './change-state.ts';
import { type RecordedJob, readJobs, recordedJobs, stateFileError } from './read-jobs.ts';

/** Which jobs to forget: by key, every complete one, or all. */
export type JobsToForget = readonly string[] | 'complete' | 'all';

/**
 * Removes jobs from the state file. The registry keeps their layers and images. Open uploads are lost; the registry
 * discards them later.
 *
 * @returns the removed jobs, the latest first
 * @throws ModelcarError `NOT_FOUND` when a key names no job, before anything is removed; `USAGE` as `readJobs`
 */
export async function forgetJobs(which: JobsToForget, world: StateWorld): Promise<readonly RecordedJob[]> {
  const known = await readJobs(world.path, world.user);
  if (Array.isArray(which)) requireKnown(which, known, world.path);
  // Do not create a missing state file.
  if (!known.some((job) => isNamed(job, which))) return [];
  let forgotten: readonly RecordedJob[] = [];
  await changeState(world, (state) => {
    forgotten = recordedJobs(state.jobs).filter((job) => isNamed(job, which));
    const gone = new Set(forgotten.map(({ key }) => key));
    return { ...state, jobs: new Map([...state.jobs].filter(([key]) => !gone.has(key))) };
  }).catch((cause: unknown) => {
    throw stateFileError('change', world.path, cause);
  });
  return forgotten;
}

function isNamed({ key, complete }: RecordedJob, which: JobsToForget): boolean {
  if (which === 'all') return true;
  return which === 'complete' ? complete : which.includes(key);
}

function requireKnown(keys: readonly string[], jobs: readonly RecordedJob[], path: string): void {
  const known = new Set(jobs.map(({ key }) => key));
  const unknown = keys.find((key) => !known.has(key));
  if (unknown === undefined) return;
  throw new ModelcarError('NOT_FOUND', `no job ${unknown} in ${path}`, {
    hint: 'Run oci-modelcar status: it lists the jobs.',
  });
}
