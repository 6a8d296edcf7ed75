import type { UploadSession } from '../../core/ports.ts';
import { pollDelayMs } from './commit-patience.ts';
import { type ChunkLimits, chooseFraming, type UploadTerms } from './framing.ts';
import { miscounted, rangeDisputed } from './host-profile.ts';
import { failed, LARGER_BODIES, moved, rangeRefused, refused, tooLarge, unfit } from './refusals.ts';
import { sendFrom } from './send-from.ts';
import type { Asking, UploadReply, UploadState } from './upload-state.ts';

/**
 * Where a reply leads. No request is sent here: `push-blob.ts` drives this.
 *
 * The normal way is the one that docker, podman and skopeo use: one streamed PATCH, then an empty PUT. Everything
 * else is what is left of an upload after a fault. Losing the session is an ordinary path, not an exception:
 * distribution 2.8 loses it whenever a body is cut.
 */

/** Where an upload begins: with a question where the blob may be there, else with what is sent first. */
export function begin(
  mayBeThere: boolean,
  terms: UploadTerms,
): UploadState & { phase: 'checking' | 'posting' | 'opening' } {
  return mayBeThere ? { phase: 'checking' } : first(terms);
}

function first({ mayPost }: UploadTerms): { readonly phase: 'posting' | 'opening' } {
  return { phase: mayPost ? 'posting' : 'opening' };
}

/** Where an upload goes on that an earlier run left: its session is asked what it has. */
export function resume(session: UploadSession, terms: UploadTerms): Asking {
  const { location, offset, chunkSize: chunk, digest } = session;
  const framing = chunk ?? chooseFraming(terms) ?? 'stream';
  // That run may have died just now, with bytes on their way.
  const asking = { phase: 'asking', location, offset, framing, recorded: true, sent: terms.size } as const;
  return digest === undefined ? asking : { ...asking, committed: true };
}

/** What a later run needs to go on from `state`; undefined where there is nothing to go on with. */
export function sessionOf(state: UploadState): UploadSession | undefined {
  if (state.phase !== 'sending' && state.phase !== 'asking' && state.phase !== 'committing') return undefined;
  const { location, framing, offset } = state;
  return { location, offset, ...(typeof framing === 'number' && { chunkSize: framing }) };
}

/**
 * The state after `reply`. Total and pure.
 * @param terms what is known of the host with `reply` learned already
 */
export function next(state: UploadState, reply: UploadReply, terms: UploadTerms): UploadState {
  if (state.phase === 'done' || state.phase === 'failed') return state;
  switch (reply.type) {
    case 'exists':
      return { phase: 'done', outcome: state.phase === 'checking' ? 'existed' : 'uploaded' };
    case 'absent':
      return absent(state, terms);
    case 'opened':
      return opened(reply, terms);
    case 'accepted':
      return accepted(state, reply, terms);
    case 'status':
      return state.phase === 'asking' ? status(state, reply, terms) : { phase: 'opening' };
    case 'committed':
      return { phase: 'done', outcome: 'uploaded' };
    case 'session-lost':
      return sessionLost(state, reply, terms);
    case 'out-of-order':
      return outOfOrder(state, reply, terms);
    case 'too-large':
      return tooLarge(state, reply, terms);
    case 'unfit':
      return unfit(state, reply, terms);
    case 'moved':
      return moved(state, reply);
    case 'unauthorized':
      return state;
    case 'busy':
    case 'interrupted':
      return afterSilence(state, reply);
    case 'refused':
      return refused(state, reply, terms);
  }
}

/** How often it is asked whether what was cut has come to rest; after that its word is taken. */
const MOST_LOOKS = 30;

/** A registry that answers 500 so often to what follows a cut does so for ever: Gitea and Forgejo. */
const MOST_FAILURES = 2;

function absent(state: UploadState, terms: UploadTerms): UploadState {
  const { size } = terms;
  if (state.phase === 'checking') return first(terms);
  if (state.phase !== 'confirming') return { phase: 'opening' };
  const { location, framing, polls } = state;
  if (state.disputed) return rangeRefused(state, terms);
  if (location !== undefined) return { phase: 'asking', location, offset: size, framing, committed: true };
  const waits = polls !== undefined && pollDelayMs(polls, size) !== undefined;
  return waits ? { ...state, polls: polls + 1 } : { phase: 'opening' };
}

function opened(reply: UploadReply & { type: 'opened' }, terms: UploadTerms): UploadState {
  const framing = chooseFraming(terms, reply);
  return framing === undefined ? contradiction(reply, terms) : sendFrom(0, reply.location, framing, terms);
}

function contradiction({ minChunk = 0 }: ChunkLimits, { host }: UploadTerms): UploadState {
  const least = Math.max(minChunk, host.smallestChunk);
  const most = Math.min(host.largestBody, host.largestChunk);
  const what =
    host.ranges === 'refused' || !host.patches
      ? 'blobs in one request only'
      : `chunks of at least ${least} bytes`;
  return failed('REJECTED', `it takes ${what}, and only ${most} get through`, LARGER_BODIES);
}

function accepted(
  state: UploadState,
  { location, end, claimed }: UploadReply & { type: 'accepted' },
  terms: UploadTerms,
): UploadState {
  if (state.phase !== 'sending') return { phase: 'opening' };
  const { offset, framing } = state;
  // A short accept is believed, a miscount is not: old zot names the last chunk only, ECR the first.
  if (claimed > offset && claimed <= end) return sendFrom(claimed, location, framing, terms);
  if (!terms.host.rangeTrusted) return sendFrom(end, location, framing, terms);
  return { phase: 'asking', location, offset, taken: end, framing };
}

function status(asking: Asking, reply: UploadReply & { type: 'status' }, terms: UploadTerms): UploadState {
  const { framing, offset, taken, sent, seen, looks = 0, failures } = asking;
  const { location, end } = reply;
  if (taken !== undefined && miscounted(asking, reply)) return sendFrom(taken, location, framing, terms);
  if (rangeDisputed(asking, reply)) return rangeRefused(asking, terms);
  // Its word is worth nothing here, and bytes that are sent twice would be stored twice.
  if (!terms.host.rangeTrusted && end < terms.size) return { phase: 'opening' };
  // In one piece or not at all; and it may hold bytes of somebody else, or a chunk stored twice.
  if (framing === 'whole' || end > terms.size) return { phase: 'opening' };
  const settles = sent !== undefined && end < sent && end !== seen;
  if (settles && looks < MOST_LOOKS) return { ...asking, location, seen: end, looks: looks + 1 };
  // An empty session is not worth keeping, it may be broken.
  if (end === 0 && terms.size > 0) return { phase: 'opening' };
  if (end === offset && failures !== undefined && failures >= MOST_FAILURES) return { phase: 'opening' };
  const going = sendFrom(end, location, framing, terms);
  return going.phase === 'sending' && end === offset && failures ? { ...going, failures } : going;
}

function sessionLost(
  state: UploadState,
  { unrouted }: UploadReply & { type: 'session-lost' },
  { size }: UploadTerms,
): UploadState {
  if (unrouted && state.phase === 'sending' && state.offset === 0) {
    const { location, offset, framing } = state;
    return { phase: 'asking', location, offset, framing, unrouted };
  }
  // Lost to the first request in it: nothing was committed.
  if (state.phase === 'committing' && state.offset === 0 && size > 0) return { phase: 'opening' };
  if (state.phase === 'committing') {
    // A commit whose answer never arrived ends the session too: look before sending everything again.
    return { phase: 'confirming', location: undefined, framing: state.framing };
  }
  if (state.phase === 'asking' && state.committed) {
    return { phase: 'confirming', location: undefined, framing: state.framing, polls: 0 };
  }
  return { phase: 'opening' };
}

function outOfOrder(
  state: UploadState,
  reply: UploadReply & { type: 'out-of-order' },
  terms: UploadTerms,
): UploadState {
  const { location, end } = reply;
  // ACR answers 416 to the repetition of a commit that had succeeded.
  if (state.phase === 'committing') {
    const confirming = { phase: 'confirming', location: state.location, framing: state.framing } as const;
    return state.framing === 'whole' ? { ...confirming, disputed: true } : confirming;
  }
  if (state.phase !== 'sending') return { phase: 'opening' };
  if (rangeDisputed(state, reply)) return rangeRefused(state, terms);
  const { offset, framing } = state;
  if (end === undefined) return { phase: 'asking', location, offset, disputed: true, framing };
  return end > terms.size ? { phase: 'opening' } : sendFrom(end, location, framing, terms);
}

/** Nothing certain was heard: never send again blindly, ask first what is there. */
function afterSilence(
  state: UploadState,
  reply: UploadReply & { type: 'busy' | 'interrupted' },
): UploadState {
  if (state.phase === 'committing') {
    const { location, framing } = state;
    return { phase: 'confirming', location, framing };
  }
  if (state.phase === 'posting') {
    return { phase: 'confirming', location: undefined, framing: 'whole', posted: true };
  }
  if (state.phase !== 'sending') return state; // the same question again
  const { location, offset, framing } = state;
  const failures = (state.failures ?? 0) + (reply.type === 'busy' && reply.status === 500 ? 1 : 0);
  return {
    phase: 'asking',
    location,
    offset,
    framing,
    ...(reply.type === 'interrupted' && reply.sent !== undefined && { sent: reply.sent }),
    ...(failures > 0 && { failures }),
  };
}
