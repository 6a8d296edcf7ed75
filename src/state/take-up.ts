import { isSameProcess, type Processes } from '../files/process-mark.ts';
import { withSessions } from './job-changes.ts';
import type { JobRecord, SessionRecord } from './state-document.ts';

/** What a run goes on with of a job. */
export interface TakenUp {
  /** With our mark on what we take: a third run leaves it alone. */
  readonly record: JobRecord;
  readonly sessions: ReadonlyMap<string, SessionRecord>;
  /** Processes that have uploads of this job open now. */
  readonly others: readonly number[];
}

/** Takes the uploads of processes that are gone, and of this one; those of others that live stay with them. */
export function takeUp(record: JobRecord, processes: Processes): TakenUp {
  const { self } = processes;
  const all = [...(record.sessions ?? [])];
  const theirs = all.filter(
    ([, { owner }]) => owner && !isSameProcess(owner, self) && processes.isAlive(owner) === true,
  );
  const left = new Set(theirs.map(([path]) => path));
  const sessions = new Map(
    all.filter(([path]) => !left.has(path)).map(([path, session]) => [path, { ...session, owner: self }]),
  );
  return {
    record: withSessions(record, [...all, ...sessions]),
    sessions,
    others: [...new Set(theirs.flatMap(([, { owner }]) => owner?.pid ?? []))],
  };
}
