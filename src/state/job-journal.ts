import type { Oid } from '../core/model.ts';
import type { Clock, JobJournal } from '../core/ports.ts';
import { isSmall } from '../core/small-layer.ts';
import type { Processes } from '../files/process-mark.ts';
import type { JobChanges } from './job-changes.ts';
import { JobWriter } from './job-writer.ts';
import { SessionLog } from './session-log.ts';
import type { TakenUp } from './take-up.ts';

export interface JobJournalOptions {
  readonly clock: Clock;
  readonly processes: Processes;
  /** Whether what was taken up is on the disk in our name. */
  readonly written: boolean;
  /** Whether it could; never rejects. */
  readonly write: (changes: JobChanges) => Promise<boolean>;
}

/** The records of one job: what was there when it was taken up, and what this run adds. */
export function jobJournal({ record, sessions }: TakenUp, options: JobJournalOptions): JobJournal {
  const { clock, processes, written } = options;
  const log = new SessionLog(sessions, written);
  let known = record.layers;
  const writer = new JobWriter({
    clock,
    healthy: written,
    async write(changes) {
      const done = await options.write({ ...changes, known });
      if (!done) return false;
      known = new Map([...known, ...(changes.layers ?? [])]);
      log.written(changes);
      return true;
    },
  });
  const now = () => new Date(clock.date()).toISOString();
  return {
    keepsSessions: true,
    isSessionKept: ({ path }) => writer.healthy || log.isOnDisk(path),
    recordedLayer({ path, sibling }) {
      const layer = record.layers.get(path);
      return layer?.oid === formatOid(sibling.oid) ? { digest: layer.digest, size: layer.size } : undefined;
    },
    recordedSession({ path, sibling }) {
      const session = sessions.get(path);
      return session?.oid === formatOid(sibling.oid) ? session : undefined;
    },
    recordSession({ path, sibling }, session) {
      if (session === undefined) {
        log.end(path);
        return writer.change({ sessions: new Map([[path, undefined]]) }, 'now');
      }
      const entry = { ...session, oid: formatOid(sibling.oid), owner: processes.self };
      const noted = log.note(path, entry, now());
      return writer.change(
        { sessions: new Map([[path, noted.record]]) },
        noted.isOnlyFurther ? 'soon' : 'now',
      );
    },
    recordLayer({ path, sibling }, { digest, size }) {
      log.end(path);
      const layer = { oid: formatOid(sibling.oid), digest, size, pushedAt: now() };
      const changes = { layers: new Map([[path, layer]]), sessions: new Map([[path, undefined]]) };
      return writer.change(changes, isSmall({ size }) ? 'soon' : 'now');
    },
    flush: () => writer.flush(),
    forgetImage: () => writer.change({ image: { manifestDigest: undefined, tags: undefined } }, 'now'),
    recordImage: (manifestDigest, tags) => writer.change({ image: { manifestDigest, tags } }, 'at-last'),
  };
}

function formatOid({ algorithm, hex }: Oid): string {
  return `${algorithm}:${hex}`;
}
