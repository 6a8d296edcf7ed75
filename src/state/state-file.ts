import { dirname } from 'node:path';
import { ModelcarError } from '../core/error.ts';
import { type Job, jobKey } from '../core/job.ts';
import type { Oid } from '../core/model.ts';
import type { Clock, JobJournal, Journal } from '../core/ports.ts';
import { makeFolder } from '../files/make-folder.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { withFileLock } from './file-lock.ts';
import { readStateFile } from './read-state-file.ts';
import { EMPTY_STATE, formatState, type JobRecord, type SessionRecord } from './state-document.ts';

export interface StateFileOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called once, when the file cannot be written; the push goes on without it. */
  readonly onWarning: (message: string) => void;
}

/**
 * The journal as one JSON file, 0600. Each change is a turn of its own under a lock: read, change one job, replace the
 * file whole; so pushes at the same time keep each other's records, and a torn write leaves the old file.
 */
export function createStateFile({ path, clock, onWarning }: StateFileOptions): Journal {
  let usable = true;

  let turns: Promise<unknown> = Promise.resolve();

  /** One after the other: what a layer wrote last is what stays. */
  function change(job: Job, edit: (record: JobRecord) => JobRecord): Promise<void> {
    const turn = turns.then(() => takeTurn(job, edit));
    turns = turn;
    return turn;
  }

  /** One turn; a file system that does not play along costs the record, not the push. */
  async function takeTurn(job: Job, edit: (record: JobRecord) => JobRecord): Promise<void> {
    if (!usable) return;
    try {
      await makeFolder(dirname(path), 0o700);
      await withFileLock(path, clock, async () => {
        const state = (await readStateFile(path)) ?? EMPTY_STATE;
        const key = jobKey(job);
        const record = edit(state.jobs[key] ?? newRecord(job, now()));
        const jobs = { ...state.jobs, [key]: { ...record, updatedAt: now() } };
        await writeAtomically(path, Buffer.from(formatState({ ...state, jobs })), 0o600);
      });
    } catch (error) {
      giveUp(error);
    }
  }

  function giveUp(error: unknown): void {
    usable = false;
    onWarning(`cannot use ${path}, going on without it: ${error instanceof Error ? error.message : error}`);
  }

  /** A file that is not ours stops the push before anything moves; one that cannot be read is done without. */
  async function readRecord(job: Job): Promise<Pick<JobRecord, 'layers' | 'sessions'>> {
    try {
      return (await readStateFile(path))?.jobs[jobKey(job)] ?? { layers: {} };
    } catch (error) {
      if (error instanceof ModelcarError) throw error;
      giveUp(error);
      return { layers: {} };
    }
  }

  function now(): string {
    return new Date(clock.date()).toISOString();
  }

  return {
    async open(job) {
      const { layers, sessions = {} } = await readRecord(job);
      await change(job, (record) => record);
      return {
        keepsSessions: true,
        recordedLayer({ path: inImage, sibling }) {
          const record = layers[inImage];
          return record?.oid === formatOid(sibling.oid)
            ? { digest: record.digest, size: record.size }
            : undefined;
        },
        recordedSession({ path: inImage, sibling }) {
          const session = sessions[inImage];
          return session?.oid === formatOid(sibling.oid) ? session : undefined;
        },
        recordSession({ path: inImage, sibling }, session) {
          const entry = session && { ...session, oid: formatOid(sibling.oid), openedAt: now() };
          return change(job, (record) => withSession(record, inImage, entry));
        },
        recordLayer({ path: inImage, sibling }, { digest, size }) {
          const entry = { oid: formatOid(sibling.oid), digest, size, pushedAt: now() };
          return change(job, (record) => ({
            ...withSession(record, inImage, undefined),
            layers: { ...record.layers, [inImage]: entry },
          }));
        },
        forgetImage() {
          return change(job, (record) => ({ ...record, manifestDigest: undefined, tags: undefined }));
        },
        recordImage(manifestDigest, tags) {
          return change(job, (record) => ({ ...record, manifestDigest, tags }));
        },
      } satisfies JobJournal;
    },
  };
}

function withSession(record: JobRecord, path: string, session: SessionRecord | undefined): JobRecord {
  const { [path]: _, ...others } = record.sessions ?? {};
  const sessions = session === undefined ? others : { ...others, [path]: session };
  return { ...record, sessions: Object.keys(sessions).length === 0 ? undefined : sessions };
}

function newRecord({ endpoint, model, commit, target }: Job, at: string): JobRecord {
  return { endpoint, model, commit, target, startedAt: at, updatedAt: at, layers: {} };
}

function formatOid({ algorithm, hex }: Oid): string {
  return `${algorithm}:${hex}`;
}
