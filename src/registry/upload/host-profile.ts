import type { UploadReply, UploadState } from './upload-state.ts';

/**
 * What is known of a registry and the proxies in front of it: at first what `host-seeds.ts` says, then what the run
 * learns. All uploads of a push share it, so a limit is run into once.
 */
export interface HostProfile {
  /** No larger request gets through, for all we know: more was answered with 413. */
  readonly largestBody: number;
  /** The same for requests that name their range. */
  readonly largestChunk: number;
  /** The registry takes no smaller chunks, but for the last. */
  readonly smallestChunk: number;
  /** Whether it takes requests that name their range. */
  readonly ranges: 'unknown' | 'taken' | 'refused';
  /** Whether it takes PATCHes of no stated length: any, only the first of a session, or none. */
  readonly streams: 'any' | 'first' | 'never';
  /** Whether a session takes more after a stream that ended in good order: otherwise none ends before its time. */
  readonly appends: boolean;
  /** Whether it knows PATCH. */
  readonly patches: boolean;
  /** Whether it takes a blob in the POST that would open a session: the spec leaves that to it. */
  readonly posts: 'unknown' | 'taken' | 'refused';
  /** Whether it takes a blob in the PUT alone, where it knows PATCH. */
  readonly wholePuts: boolean;
  /** Whether what it says of the bytes that it has can be believed. */
  readonly rangeTrusted: boolean;
  /** It wants the last chunk in the PUT. */
  readonly lastChunkInPut: boolean;
  /** A streamed request is ended in good order after this, in milliseconds: what cuts it does so later. */
  readonly requestMs: number;
  /** Sessions with a first PATCH whose 404 names no session. */
  readonly unroutedPatches: number;
  /** Sessions that were lost because a request was cut: a streamed one, a chunk. */
  readonly lostStreams: number;
  readonly lostChunks: number;
}

export const UNKNOWN_HOST: HostProfile = {
  largestBody: Number.POSITIVE_INFINITY,
  largestChunk: Number.POSITIVE_INFINITY,
  smallestChunk: 0,
  ranges: 'unknown',
  streams: 'any',
  appends: true,
  patches: true,
  posts: 'unknown',
  wholePuts: true,
  rangeTrusted: true,
  lastChunkInPut: false,
  requestMs: Number.POSITIVE_INFINITY,
  unroutedPatches: 0,
  lostStreams: 0,
  lostChunks: 0,
};

const MIB = 2 ** 20;

/** Steps down from a body that was too large: below the limits that proxies are set to, to nginx' 1 MiB and under. */
export const BODY_LADDER: readonly number[] = [64 * MIB, 32 * MIB, 16 * MIB, 8 * MIB, 4 * MIB, MIB, MIB / 2];

/** What proxies are set to as a rule, such as Traefik's 60 s for a whole request (traefik/traefik#10805). */
const USUAL_LIMITS_MS: readonly number[] = [60_000, 100_000, 120_000, 300_000, 600_000];

/** A connection that breaks sooner than this was hardly cut by a limit on time. */
const SHORTEST_LIMIT_MS = 1_000;

/**
 * What `reply` teaches of the host. Pure.
 * @param size length of the blob in bytes
 */
export function learn(host: HostProfile, state: UploadState, reply: UploadReply, size: number): HostProfile {
  if (state.phase === 'posting') return { ...host, posts: postsAfter(host, reply) };
  if (isWholePut(state) && host.patches && refusesKind(reply)) return { ...host, wholePuts: false };
  switch (reply.type) {
    case 'accepted':
      return inChunks(state) && host.ranges === 'unknown' ? { ...host, ranges: 'taken' } : host;
    case 'too-large':
      return { ...host, largestBody: Math.min(host.largestBody, stepBelow(tried(state, reply, size))) };
    case 'unfit':
      return unfit(host, state, reply);
    case 'interrupted':
      return state.phase === 'sending' ? cut(host, state, reply) : host;
    case 'session-lost':
      if (isUnrouted(state)) return unrouted(host);
      return lost(rangeDisputed(state, reply) ? rangeRefused(host, state, reply) : host, state);
    case 'status':
      if (isUnrouted(state)) return unrouted(host);
      if (miscounted(state, reply)) return { ...host, rangeTrusted: false };
      return rangeDisputed(state, reply) ? rangeRefused(host, state, reply) : host;
    case 'out-of-order':
      return rangeDisputed(state, reply) ? rangeRefused(host, state, reply) : host;
    case 'refused':
      if (reply.final || reply.failure.code !== 'REJECTED') return host;
      if (isAppended(state)) return streamedFirst(host);
      if (firstStream(state)) return { ...host, streams: 'never' };
      return firstChunk(state) ? rangeRefused(host, state, reply) : host;
    case 'exists':
    case 'absent':
    case 'opened':
    case 'committed':
    case 'moved':
    case 'unauthorized':
    case 'busy':
      return host;
  }
}

/** What the answer to a whole blob in a POST says of the next one. */
function postsAfter({ posts }: HostProfile, reply: UploadReply): HostProfile['posts'] {
  if (reply.type === 'committed') return 'taken';
  // With success it has opened a session, and has thrown the body away.
  const refused = reply.type === 'opened' || reply.type === 'too-large' || refusesKind(reply);
  return refused ? 'refused' : posts;
}

/** Whether an answer may be meant for all requests of this kind: what else is wrong shows when another kind is sent. */
function refusesKind(reply: UploadReply): boolean {
  switch (reply.type) {
    case 'refused':
      return !reply.final;
    case 'unfit':
    case 'out-of-order':
      return true;
    case 'busy':
      return reply.status === 500 || reply.status === 501;
    default:
      return false;
  }
}

/** A single one may come from a restarting proxy. */
const ENOUGH_UNROUTED = 2;

function isUnrouted(state: UploadState): boolean {
  return state.phase === 'asking' && state.unrouted === true;
}

/** A proxy without PATCH may answer 404. Then only a PUT with the whole blob remains. */
function unrouted(host: HostProfile): HostProfile {
  const unroutedPatches = host.unroutedPatches + 1;
  return { ...host, unroutedPatches, patches: host.patches && unroutedPatches < ENOUGH_UNROUTED };
}

/** Whether all of the blob was in the request. */
function isWholePut(state: UploadState): boolean {
  return state.phase === 'committing' && state.framing === 'whole';
}

/** It agrees on the offset of a body and still refuses it: then it is the range or the size that it does not want. */
export function rangeDisputed(state: UploadState, reply: UploadReply): boolean {
  if (state.phase === 'sending') return reply.type === 'out-of-order' && isAgreed(reply, state.offset);
  if (state.phase !== 'asking' || !state.disputed) return false;
  return reply.type === 'session-lost' || (reply.type === 'status' && reply.end === state.offset);
}

function isAgreed({ end, limit }: UploadReply & { type: 'out-of-order' }, offset: number): boolean {
  return end === offset || (end === undefined && limit !== undefined);
}

/** Its success is the better word than what it counts. */
export function miscounted(state: UploadState, reply: UploadReply): boolean {
  if (state.phase !== 'asking' || reply.type !== 'status' || state.taken === undefined) return false;
  return reply.end <= state.offset;
}

/** Whether the request was a chunk at the beginning of a blob: no other of this upload was taken. */
function firstChunk(state: UploadState): boolean {
  return inChunks(state) && (state.phase === 'sending' || state.phase === 'asking') && state.offset === 0;
}

/** A stream in the first request of its session. */
function firstStream(state: UploadState): boolean {
  return state.phase === 'sending' && state.framing === 'stream' && state.offset === 0;
}

/** A stream that is not the first request of its session. */
export function isAppended(state: UploadState): boolean {
  return state.phase === 'sending' && state.framing === 'stream' && state.offset > 0;
}

function inChunks(state: UploadState): boolean {
  return 'framing' in state && typeof state.framing === 'number';
}

/** A limit that it names; else it may refuse all ranges (Artifact Registry), or those of this size. */
function rangeRefused(host: HostProfile, state: UploadState, reply: UploadReply): HostProfile {
  const limit = reply.type === 'out-of-order' ? reply.limit : undefined;
  const streams = inChunks(state) ? host.streams : 'never';
  if (limit !== undefined) return { ...host, streams, largestChunk: Math.min(host.largestChunk, limit) };
  if (!('framing' in state) || typeof state.framing !== 'number') return { ...host, streams };
  if (host.ranges === 'unknown' && firstChunk(state)) return { ...host, ranges: 'refused' };
  return { ...host, largestChunk: Math.min(host.largestChunk, stepBelow(state.framing)) };
}

function unfit(host: HostProfile, state: UploadState, reply: UploadReply & { type: 'unfit' }): HostProfile {
  const { want } = reply;
  if (want === 'put') return { ...host, patches: false };
  // A chunk names its length and its range already, so this is a refusal of chunks.
  if (inChunks(state)) return firstChunk(state) ? rangeRefused(host, state, reply) : host;
  if (want === 'length') return { ...host, streams: 'never' };
  return state.phase === 'sending' && state.offset > 0 ? streamedFirst(host) : { ...host, streams: 'never' };
}

/** Keeps a stricter rule that another upload has learned meanwhile. */
function streamedFirst(host: HostProfile): HostProfile {
  return { ...host, streams: host.streams === 'never' ? 'never' : 'first' };
}

/**
 * Two requests of one upload that last as long, or one that lasts as long as proxies are set to, were not cut by chance.
 * A stream ends earlier from then on; a chunk cannot, so chunks get smaller.
 */
function cut(
  host: HostProfile,
  { offset, framing }: UploadState & { phase: 'sending' },
  { elapsedMs = 0, previousMs = 0, sent = 0 }: UploadReply & { type: 'interrupted' },
): HostProfile {
  if (sent <= offset || elapsedMs < SHORTEST_LIMIT_MS) return host;
  const again = Math.abs(elapsedMs - previousMs) <= previousMs / 10;
  const usual = USUAL_LIMITS_MS.some((limit) => Math.abs(elapsedMs - limit) <= limit / 50);
  if (!again && !usual) return host;
  const requestMs = Math.min(host.requestMs, elapsedMs / 2);
  if (typeof framing !== 'number') return { ...host, requestMs };
  return { ...host, requestMs, largestChunk: Math.min(host.largestChunk, stepBelow(framing)) };
}

/** distribution 2.x loses a session with whatever is cut. */
function lost(host: HostProfile, state: UploadState): HostProfile {
  if (state.phase !== 'asking' || state.sent === undefined || state.sent <= state.offset) return host;
  if (state.recorded) return host;
  return state.framing === 'stream'
    ? { ...host, lostStreams: host.lostStreams + 1 }
    : { ...host, lostChunks: host.lostChunks + 1 };
}

/** Refused before much of a stream was sent, what was sent says nothing; then the ladder begins at the top. */
function tried(state: UploadState, { bodySize }: UploadReply & { type: 'too-large' }, size: number): number {
  const early =
    state.phase === 'sending' && state.framing === 'stream' && bodySize <= Math.min(...BODY_LADDER);
  return early ? size : bodySize;
}

/** 0 where there is no step left. */
function stepBelow(size: number): number {
  return BODY_LADDER.find((step) => step < size) ?? 0;
}
