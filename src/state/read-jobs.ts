import type { Digest } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { readStateFile } from './read-state-file.ts';
import type { JobRecord, StateDocument } from './state-document.ts';

/** A push, as a state file remembers it. Times are ISO 8601, UTC. */
export interface RecordedJob {
  readonly key: string;
  /** The Hub. */
  readonly endpoint: string;
  readonly model: string;
  readonly commit: string;
  /** `registry/repository`, or `oci:` and the folder. */
  readonly target: string;
  /** None until the image is complete. */
  readonly tags: readonly string[];
  /** Whether the manifest was pushed. It may have gone from the registry since: `validateImage` asks there. */
  readonly complete: boolean;
  readonly manifestDigest: Digest | undefined;
  /** Layers that were pushed, and the bytes of them. */
  readonly layers: number;
  readonly size: number;
  /** Uploads that a later run can resume, and the bytes that the registry confirmed. */
  readonly openUploads: number;
  readonly openSize: number;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/**
 * The jobs of a state file, the one that was touched last first.
 * @param user the user ID of this process; undefined where the system has none
 * @throws ModelcarError `USAGE` when the file is not ours, cannot be read, or other users can write it
 */
export async function readJobs(path: string, user: number | undefined): Promise<readonly RecordedJob[]> {
  const state = await readStateFile(path, user).catch((cause: unknown) => {
    throw stateFileError('read', path, cause);
  });
  if (state === 'torn') throw tornError(path);
  return recordedJobs(state?.jobs ?? new Map());
}

/** The job that was touched last first. */
export function recordedJobs(records: StateDocument['jobs']): readonly RecordedJob[] {
  const latestFirst = [...records].toSorted(
    ([a, { updatedAt: one }], [b, { updatedAt: other }]) => compare(other, one) || compare(a, b),
  );
  return latestFirst.map(([key, record]) => toJob(key, record));
}

/** @returns `cause` itself where it explains itself; `USAGE` with what the system says otherwise */
export function stateFileError(what: 'read' | 'change', path: string, cause: unknown): ModelcarError {
  if (cause instanceof ModelcarError) return cause;
  return new ModelcarError('USAGE', `cannot ${what} the state file ${path}: ${messageOf(cause)}`, {
    hint: 'Use a state file that only you can write.',
    cause,
  });
}

function tornError(path: string): ModelcarError {
  return new ModelcarError(
    'USAGE',
    `the state file ${path} was cut short, by a power loss it seems: what it held is lost`,
    {
      hint: 'The next push moves it aside and begins a new one; what the registry lacks by then is sent once more.',
    },
  );
}

function toJob(key: string, record: JobRecord): RecordedJob {
  const { endpoint, model, commit, target, manifestDigest, startedAt, updatedAt } = record;
  const layers = [...record.layers.values()];
  const uploads = [...(record.sessions?.values() ?? [])];
  return {
    key,
    endpoint,
    model,
    commit,
    target,
    tags: record.tags ?? [],
    complete: manifestDigest !== undefined,
    manifestDigest,
    layers: layers.length,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    openUploads: uploads.length,
    openSize: uploads.reduce((sum, { offset }) => sum + offset, 0),
    startedAt,
    updatedAt,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
