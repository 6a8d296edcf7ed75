import type { Digest } from '../core/digest.ts';
import { isSameProcess, type ProcessMark } from '../files/process-mark.ts';
import type { JobRecord, LayerRecord, SessionRecord, StateDocument } from './state-document.ts';

/** What a run has to say of its job since it last said something. By path in the image; the newest of each path stays. */
export interface JobChanges {
  readonly layers?: ReadonlyMap<string, LayerRecord>;
  /** Layers that were written before: said again where the file has lost them, with its folder or in a torn file. */
  readonly known?: ReadonlyMap<string, LayerRecord>;
  /** Undefined of a path: its session is over. */
  readonly sessions?: ReadonlyMap<string, SessionRecord | undefined>;
  readonly image?: {
    readonly manifestDigest: Digest | undefined;
    readonly tags: readonly string[] | undefined;
  };
}

/** @param changes the older first; thousands where many small layers are pushed */
export function mergeChanges(changes: readonly JobChanges[]): JobChanges {
  return {
    ...Object.assign({}, ...changes),
    layers: new Map(changes.flatMap(({ layers = [] }) => [...layers])),
    sessions: new Map(changes.flatMap(({ sessions = [] }) => [...sessions])),
  };
}

/** The record with the changes that process `self` has for it. */
export function applyChanges(record: JobRecord, changes: JobChanges, self: ProcessMark): JobRecord {
  const { layers = new Map(), known = [], sessions: changed = new Map(), image } = changes;
  // The same job may run twice, each with uploads of its own: only a layer that is there ends those of both.
  const stays = (path: string, owner: ProcessMark | undefined) =>
    !layers.has(path) && (!changed.has(path) || isForeign(owner, self));
  const sessions = [...(record.sessions ?? [])].filter(([path, { owner }]) => stays(path, owner));
  const open = [...changed].flatMap(([path, session]) => (session ? [[path, session] as const] : []));
  return withSessions({ ...record, ...image, layers: new Map([...known, ...record.layers, ...layers]) }, [
    ...sessions,
    ...open,
  ]);
}

function isForeign(owner: ProcessMark | undefined, self: ProcessMark): boolean {
  return owner !== undefined && !isSameProcess(owner, self);
}

/** A record without open sessions has no list of them. */
export function withSessions(
  record: JobRecord,
  sessions: Iterable<readonly [path: string, SessionRecord]>,
): JobRecord {
  const open = new Map(sessions);
  return { ...record, sessions: open.size === 0 ? undefined : open };
}

/** A tag names one image, so take this job's tags from earlier jobs with another image. */
export function withoutMovedTags(
  state: StateDocument,
  target: string,
  { manifestDigest, tags = [] }: NonNullable<JobChanges['image']>,
): StateDocument {
  const jobs = [...state.jobs].map(([key, record]) => {
    if (record.target !== target || record.manifestDigest === manifestDigest) return [key, record] as const;
    const left = record.tags?.filter((tag) => !tags.includes(tag));
    return [key, { ...record, tags: left }] as const;
  });
  return { ...state, jobs: new Map(jobs) };
}

const DAY_MS = 86_400_000;
/** Longer than anybody waits before the same model is pushed to the same place once more. */
const KEEP_JOBS_MS = 180 * DAY_MS;
/** Registries throw an upload away after 168 hours (`uploadpurging` of distribution); a day more for their clocks. */
const KEEP_SESSIONS_MS = 8 * DAY_MS;

/** Without what is of no use any more: complete jobs that nobody has touched for long, sessions that no registry has. */
export function prune(state: StateDocument, date: number): StateDocument {
  const isOlder = (time: string, ageMs: number) => date - Date.parse(time) > ageMs;
  const jobs = [...state.jobs].flatMap(([key, record]) => {
    if (record.manifestDigest !== undefined && isOlder(record.updatedAt, KEEP_JOBS_MS)) return [];
    const kept = [...(record.sessions ?? [])].filter(
      ([, { openedAt }]) => !isOlder(openedAt, KEEP_SESSIONS_MS),
    );
    return [[key, withSessions(record, kept)] as const];
  });
  return { ...state, jobs: new Map(jobs) };
}
