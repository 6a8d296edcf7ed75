/**
 * One blob upload as data. A state names the one request to send next, a reply is what came back, and `next` says
 * where that leads. No request is sent here: `push-blob.ts` drives this, `read-reply.ts` reads what registries say.
 *
 *   checking ─▶ opening ─▶ sending ─▶ committing ─▶ done
 *                  ▲          │ ▲          │
 *                  │          ▼ │          ▼
 *                  └──────── asking ◀─ confirming
 *
 * The normal way is the one that docker, podman and skopeo use: one streamed PATCH, then an empty PUT. Everything
 * else is what is left of an upload after a fault. Losing the session is an ordinary path, not an exception:
 * distribution 2.8 loses it whenever a body is cut.
 */

import type { UploadSession } from '../core/ports.ts';

/** How a blob is parted into PATCH requests: not at all, or into bodies of so many bytes. */
export type Framing = 'stream' | number;

export type UploadState =
  /** HEAD: the digest is known, the blob may be there. */
  | { readonly phase: 'checking'; readonly framing: Framing }
  /** POST: open a session. `learned`: larger chunks than these were refused. */
  | { readonly phase: 'opening'; readonly framing: Framing; readonly learned?: true }
  /** PATCH: send from `offset`, which the registry has confirmed. */
  | {
      readonly phase: 'sending';
      readonly location: string;
      readonly offset: number;
      readonly framing: Framing;
    }
  /**
   * GET: ask the session how much it has. `offset` is what it last confirmed; `taken` is the end of a body that it
   * answered with success while its `Range` said otherwise; `disputed` that it refused the range of a body there;
   * `recorded` that the session is of an earlier run.
   */
  | {
      readonly phase: 'asking';
      readonly location: string;
      readonly offset: number;
      readonly taken?: number;
      readonly disputed?: true;
      readonly recorded?: true;
      readonly framing: Framing;
    }
  /** PUT: everything was sent. */
  | { readonly phase: 'committing'; readonly location: string; readonly framing: Framing }
  /** HEAD: the answer to the PUT was lost or unclear; the truth is whether the blob exists. */
  | { readonly phase: 'confirming'; readonly location: string | undefined; readonly framing: Framing }
  | { readonly phase: 'done'; readonly outcome: 'existed' | 'uploaded' }
  | { readonly phase: 'failed'; readonly failure: UploadFailure };

export interface UploadFailure {
  readonly code: 'UNAUTHORIZED' | 'NOT_FOUND' | 'REJECTED' | 'CONTENT_MISMATCH' | 'UNSUPPORTED';
  readonly message: string;
  readonly hint?: string;
}

export type UploadReply =
  | { readonly type: 'exists' }
  | { readonly type: 'absent' }
  | {
      readonly type: 'opened';
      readonly location: string;
      readonly minChunk?: number;
      readonly maxChunk?: number;
    }
  /** Success for a body that ended at `end`; the registry says that it has everything before `claimed`. */
  | { readonly type: 'accepted'; readonly location: string; readonly end: number; readonly claimed: number }
  /** The session lives, and says that it has everything before `end`. */
  | { readonly type: 'status'; readonly location: string; readonly end: number }
  | { readonly type: 'committed' }
  /** The session is gone, with what it had. */
  | { readonly type: 'session-lost'; readonly reason: string }
  /** 416: the registry did not take the range; it may say what it has. */
  | { readonly type: 'out-of-order'; readonly location: string; readonly end: number | undefined }
  /**
   * 413: the body was too large, for the registry or for a proxy in front of it. `bodySize` is the length that was
   * declared, or what was sent of a stream.
   */
  | { readonly type: 'too-large'; readonly bodySize: number; readonly reason: string }
  /** 401: the token is refreshed before the next request, the session is intact. */
  | { readonly type: 'unauthorized'; readonly reason: string }
  /** 408, 429, 5xx. */
  | {
      readonly type: 'busy';
      readonly reason: string;
      readonly status: number;
      readonly retryAfterMs: number | undefined;
    }
  /** No answer: the connection broke, or a time limit passed. */
  | { readonly type: 'interrupted'; readonly reason: string }
  /** Anything that will not get better by trying again. */
  | { readonly type: 'refused'; readonly failure: UploadFailure };

const MIB = 2 ** 20;

/** Below the limits that proxies are set to: Cloudflare 100 MB, then powers of two down to nginx' 1 MiB and under. */
export const CHUNK_LADDER: readonly number[] = [
  95 * MIB,
  64 * MIB,
  32 * MIB,
  16 * MIB,
  8 * MIB,
  4 * MIB,
  MIB,
  MIB / 2,
];

/** Where an upload begins: with a question when the digest is known, with a session when it is not. */
export function begin(framing: Framing, digestKnown: boolean): UploadState {
  return { phase: digestKnown ? 'checking' : 'opening', framing };
}

/** Where an upload goes on that an earlier run left: its session is asked what it has. */
export function resume({ location, offset, chunkSize }: UploadSession, framing: Framing): UploadState {
  return { phase: 'asking', location, offset, framing: chunkSize ?? framing, recorded: true };
}

/** What a later run needs to go on from `state`; undefined where there is nothing to go on with. */
export function sessionOf(state: UploadState): UploadSession | undefined {
  if (state.phase !== 'sending' && state.phase !== 'asking' && state.phase !== 'committing') return undefined;
  const { location, framing } = state;
  const offset = 'offset' in state ? state.offset : 0;
  return { location, offset, ...(framing !== 'stream' && { chunkSize: framing }) };
}

/**
 * The state after `reply`. Total and pure.
 * @param size length of the blob in bytes
 */
export function next(state: UploadState, reply: UploadReply, size: number): UploadState {
  if (state.phase === 'done' || state.phase === 'failed') return state;
  const { framing } = state;
  switch (reply.type) {
    case 'exists':
      return { phase: 'done', outcome: state.phase === 'checking' ? 'existed' : 'uploaded' };
    case 'absent':
      return state.phase === 'confirming' && state.location !== undefined
        ? { phase: 'asking', location: state.location, offset: size, framing }
        : { phase: 'opening', framing };
    case 'opened':
      return opened(state, reply, size);
    case 'accepted':
      return accepted(state, reply, framing, size);
    case 'status':
      return status(state, reply, framing, size);
    case 'committed':
      return { phase: 'done', outcome: 'uploaded' };
    case 'session-lost':
      // A commit whose answer never arrived ends the session too: look before sending everything again.
      return state.phase === 'committing'
        ? { phase: 'confirming', location: undefined, framing }
        : { phase: 'opening', framing };
    case 'out-of-order':
      return outOfOrder(state, reply, framing, size);
    case 'too-large':
      return tooLarge(state, reply, size);
    case 'unauthorized':
      return state;
    case 'busy':
    case 'interrupted':
      return afterSilence(state);
    case 'refused':
      // A registry may say it in any way that it does not know the session any more.
      return state.phase === 'asking' && state.recorded
        ? { phase: 'opening', framing }
        : { phase: 'failed', failure: reply.failure };
  }
}

function opened(
  state: UploadState & { readonly framing: Framing },
  { location, minChunk = 0, maxChunk = Number.POSITIVE_INFINITY }: UploadReply & { type: 'opened' },
  size: number,
): UploadState {
  const { framing } = state;
  if (framing === 'stream' && maxChunk >= size) return sendFrom(0, location, framing, size);
  // What the user prefers can be raised to what the registry takes at least; what was learned cannot.
  const learned = state.phase === 'opening' && state.learned && framing !== 'stream' ? framing : size;
  const ceiling = Math.min(maxChunk, learned);
  const wanted = framing === 'stream' ? ceiling : Math.min(framing, ceiling);
  if (ceiling < minChunk && ceiling < size) {
    return failed(
      'REJECTED',
      `the registry takes chunks of at least ${minChunk} bytes, and only ${ceiling} get through`,
    );
  }
  return sendFrom(0, location, Math.max(wanted, minChunk), size);
}

function accepted(
  state: UploadState,
  { location, end, claimed }: UploadReply & { type: 'accepted' },
  framing: Framing,
  size: number,
): UploadState {
  const offset = state.phase === 'sending' ? state.offset : 0;
  // A short accept is believed, a miscount is not: old zot names the last chunk only, ECR the first.
  if (claimed > offset && claimed <= end) return sendFrom(claimed, location, framing, size);
  return { phase: 'asking', location, offset, taken: end, framing };
}

function status(
  state: UploadState,
  { location, end }: UploadReply & { type: 'status' },
  framing: Framing,
  size: number,
): UploadState {
  const { offset = 0, taken = undefined, disputed = false } = state.phase === 'asking' ? state : {};
  // It counts wrongly here too. Its success is the better word; the digest at the commit proves it.
  if (taken !== undefined && end <= offset) return sendFrom(taken, location, framing, size);
  if (disputed && end === offset) return rangeRefused(framing, size);
  // Nothing is lost with an empty session, and after a cut Gitea and Forgejo answer 500 to all that follows in it.
  if (end === 0 && size > 0) return { phase: 'opening', framing };
  if (end > size) return { phase: 'opening', framing }; // bytes of somebody else, or a chunk stored twice
  return sendFrom(end, location, framing, size);
}

function outOfOrder(
  state: UploadState,
  reply: UploadReply & { type: 'out-of-order' },
  framing: Framing,
  size: number,
): UploadState {
  const { location, end } = reply;
  // ACR answers 416 to the repetition of a commit that had succeeded.
  if (state.phase === 'committing') return { ...state, phase: 'confirming' };
  if (state.phase !== 'sending') return { phase: 'opening', framing };
  if (end === undefined) return { phase: 'asking', location, offset: state.offset, disputed: true, framing };
  if (end !== state.offset)
    return end > size ? { phase: 'opening', framing } : sendFrom(end, location, framing, size);
  return rangeRefused(framing, size);
}

/** It agrees on the offset and still refuses: then the size is wrong (GHCR: over 4 MiB; R2: unequal chunks). */
function rangeRefused(framing: Framing, size: number): UploadState {
  return (
    smaller(framing, framing === 'stream' ? size : framing) ??
    failed('REJECTED', 'the registry refuses every range (416)', 'Push without --chunk-mib.')
  );
}

function tooLarge(state: UploadState, reply: UploadReply & { type: 'too-large' }, size: number): UploadState {
  const hint =
    'Raise the limit of the proxy in front of the registry (nginx: client_max_body_size), or push with --chunk-mib.';
  if (state.phase !== 'sending') return failed('REJECTED', reply.reason, hint);
  // Refused before much of a stream was sent, its length says nothing; then the ladder begins at the top.
  const early = state.framing === 'stream' && reply.bodySize <= Math.min(...CHUNK_LADDER);
  return smaller(state.framing, early ? size : reply.bodySize) ?? failed('REJECTED', reply.reason, hint);
}

/** The next step down from a body of `tried` bytes; undefined where there is none. */
function smaller(framing: Framing, tried: number): UploadState | undefined {
  const step = CHUNK_LADDER.find((size) => size < tried && (framing === 'stream' || size < framing));
  return step === undefined ? undefined : { phase: 'opening', framing: step, learned: true };
}

/** Nothing certain was heard: never send again blindly, ask first what is there. */
function afterSilence(state: UploadState): UploadState {
  switch (state.phase) {
    case 'sending':
      return { ...state, phase: 'asking' };
    case 'committing':
      return { ...state, phase: 'confirming' };
    case 'checking':
    case 'opening':
    case 'asking':
    case 'confirming':
    case 'done':
    case 'failed':
      return state; // the same question again
  }
}

function sendFrom(offset: number, location: string, framing: Framing, size: number): UploadState {
  return offset === size
    ? { phase: 'committing', location, framing }
    : { phase: 'sending', location, offset, framing };
}

function failed(code: UploadFailure['code'], message: string, hint?: string): UploadState {
  return { phase: 'failed', failure: hint === undefined ? { code, message } : { code, message, hint } };
}
