import * as v from 'valibot';
import type { Digest } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { type Job, jobKey } from '../core/job.ts';
import { parseJson } from '../core/json.ts';
import { nameMap } from '../core/name-map.ts';
import type { UploadSession } from '../core/ports.ts';
import { type ProcessMark, processMark } from '../files/process-mark.ts';

/** The state file: what earlier runs have pushed. Times are ISO 8601, UTC. */
export interface StateDocument {
  readonly version: 2;
  readonly jobs: ReadonlyMap<string, JobRecord>;
}

export interface JobRecord {
  readonly endpoint: string;
  readonly model: string;
  readonly commit: string;
  readonly target: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** The image, once everything of it was pushed. */
  readonly manifestDigest?: Digest | undefined;
  readonly tags?: readonly string[] | undefined;
  /** By path in the image. */
  readonly layers: ReadonlyMap<string, LayerRecord>;
  /** Uploads that are open, by path in the image. */
  readonly sessions?: ReadonlyMap<string, SessionRecord> | undefined;
}

/** A blob that the registry has confirmed. */
export interface LayerRecord {
  /** The content that it was made of: `sha256:` or `git-sha1:` and the Hub's hash. */
  readonly oid: string;
  readonly digest: Digest;
  /** Bytes of the layer. */
  readonly size: number;
  readonly pushedAt: string;
}

/** Why the file is its owner's alone: with some registries the location is all that it takes to write. */
export interface SessionRecord extends UploadSession {
  /** The content that is being sent. */
  readonly oid: string;
  readonly openedAt: string;
  /**
   * The process that writes to it. While that lives no other takes the session: two that append to one blob spoil it
   * for both. Of another machine we cannot know, and take what it has left. Files of older versions name none.
   */
  readonly owner?: ProcessMark | undefined;
}

export const EMPTY_STATE: StateDocument = { version: 2, jobs: new Map() };

/** What is written down of a job; of one that is new, nothing but its name. */
export function recordOf(state: StateDocument | undefined, job: Job, date: number): JobRecord {
  const { endpoint, model, commit, target } = job;
  const at = new Date(date).toISOString();
  const known = state?.jobs.get(jobKey(job));
  return known ?? { endpoint, model, commit, target, startedAt: at, updatedAt: at, layers: new Map() };
}

export function withRecord(state: StateDocument, job: Job, record: JobRecord, date: number): StateDocument {
  const touched = { ...record, updatedAt: new Date(date).toISOString() };
  return { ...state, jobs: new Map([...state.jobs, [jobKey(job), touched]]) };
}

const digest = v.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const layer = v.object({ oid: v.string(), digest, size, pushedAt: v.string() });
const session = v.object({
  oid: v.string(),
  location: v.pipe(v.string(), v.url()),
  offset: size,
  digest: v.optional(digest),
  chunkSize: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  openedAt: v.string(),
  owner: v.optional(processMark),
});
const job = v.object({
  endpoint: v.string(),
  model: v.string(),
  commit: v.string(),
  target: v.string(),
  startedAt: v.string(),
  updatedAt: v.string(),
  manifestDigest: v.optional(digest),
  tags: v.optional(v.array(v.string())),
  layers: nameMap(layer),
  sessions: v.optional(nameMap(session)),
});
const schema = v.object({ version: v.literal(2), jobs: nameMap(job) });

/** How every file of ours begins. */
const HEAD = formatState(EMPTY_STATE).split('}', 1).join();

/**
 * `torn` when it is a file of ours that a power loss has cut short or filled with zeros: a failed write of a file
 * system, of which nothing can be told any more.
 * @throws ModelcarError `USAGE` when it is not a state file of ours: it is never overwritten
 */
export function parseState(text: string, path: string): StateDocument | 'torn' {
  const kept = withoutZeros(text);
  const value = parseJson(kept);
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  if (value === undefined && (kept.startsWith(HEAD) || HEAD.startsWith(kept))) return 'torn';
  const version = v.safeParse(v.object({ version: v.number() }), value);
  const what =
    version.success && version.output.version !== 2
      ? `of version ${version.output.version}`
      : 'damaged, or not ours';
  throw new ModelcarError('USAGE', `the state file ${path} is ${what}: it is left as it is`, {
    hint: 'Move it away, or give another one with --state-file. Without it everything is pushed once more.',
  });
}

export function formatState(state: StateDocument): string {
  const plain = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
  return `${JSON.stringify(state, plain, 2)}\n`;
}

/** A block that never reached the disk is read as zeros. */
function withoutZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}
