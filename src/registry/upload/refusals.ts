import { chooseFraming, type UploadTerms } from './framing.ts';
import { isAppended } from './host-profile.ts';
import { sendFrom } from './send-from.ts';
import type { Framing, UploadFailure, UploadReply, UploadState } from './upload-state.ts';

/*
 * After a refusal the upload tries another way of sending the blob, or ends. It goes on only if the next request differs
 * from the refused one, so no refusal can repeat for ever.
 */

export const LARGER_BODIES =
  'Raise the limit of the proxy in front of the registry (nginx: client_max_body_size), or push with --chunk-mib.';

/** Below this size no push works. The default limit of nginx is 1 MiB. */
const SMALLEST_BODY = 512 * 1024;

const SMALL_BODIES =
  'Raise the limit of the proxy in front of the registry (nginx: client_max_body_size): it refuses even small requests.';

export const REDIRECTS =
  'Check the URL of the registry, and where the proxies in front of it redirect a PATCH and a PUT.';

const NO_WAY_LEFT =
  'Look for a proxy in front of the registry that refuses uploads, and read the log of the registry.';

/** Opens a session for another way after `framing` was refused; without another way, the refusal is final. */
function otherWay(framing: Framing, failure: UploadFailure, terms: UploadTerms): UploadState {
  const other = chooseFraming(terms);
  return other === undefined || other === framing ? { phase: 'failed', failure } : { phase: 'opening' };
}

/** A 416 to a request whose offset the registry agrees on. */
export function rangeRefused({ framing }: { readonly framing: Framing }, terms: UploadTerms): UploadState {
  const said = 'it refuses every range (416)';
  return otherWay(framing, { code: 'REJECTED', said, hint: NO_WAY_LEFT }, terms);
}

export function tooLarge(
  state: UploadState,
  { reason, bodySize }: UploadReply & { type: 'too-large' },
  { host }: UploadTerms,
): UploadState {
  if (state.phase === 'posting') return { phase: 'opening' };
  const smaller = (state.phase === 'sending' || state.phase === 'committing') && host.largestBody > 0;
  return smaller
    ? { phase: 'opening' }
    : failed('REJECTED', reason, bodySize < SMALLEST_BODY ? SMALL_BODIES : LARGER_BODIES);
}

/** The same bytes in a request of another kind, in the same session where the registry allows it. */
export function unfit(
  state: UploadState,
  { want, reason }: UploadReply & { type: 'unfit' },
  terms: UploadTerms,
): UploadState {
  if (state.phase === 'sending') {
    // `learn` has noted that the registry does not support PATCH, so the new session will not use it.
    if (want === 'put') return { phase: 'opening' };
    if (state.framing === 'stream') return sendFrom(state.offset, state.location, state.framing, terms);
  }
  // The request already has what the registry asks for, or cannot have it.
  const failure = { code: 'REJECTED', said: reason, hint: NO_WAY_LEFT } as const;
  return refused(state, { failure }, terms);
}

/** The same request, to another place. */
export function moved(state: UploadState, { location }: UploadReply & { type: 'moved' }): UploadState {
  if (state.phase === 'posting') return { phase: 'opening' };
  const known = 'location' in state ? state.location : undefined;
  if (known !== undefined && known !== location) return { ...state, location } as UploadState;
  return failed('UNSUPPORTED', 'it redirects the upload to the URL that it was sent to', REDIRECTS);
}

export function refused(
  state: UploadState,
  { failure, final }: Pick<UploadReply & { type: 'refused' }, 'failure' | 'final'>,
  terms: UploadTerms,
): UploadState {
  if (final) return { phase: 'failed', failure };
  // A registry may report an unknown session with any error.
  if (state.phase === 'asking' && state.recorded) return { phase: 'opening' };
  // The registry may refuse only this kind of request.
  if (state.phase === 'posting') return { phase: 'opening' };
  if (state.phase === 'committing' && state.framing === 'whole') {
    // A registry that ignores the body of a PUT reports a wrong size or digest.
    const kind = failure.code === 'REJECTED' || failure.code === 'CONTENT_MISMATCH';
    return kind ? otherWay('whole', failure, terms) : { phase: 'failed', failure };
  }
  if (state.phase !== 'sending' || failure.code !== 'REJECTED') return { phase: 'failed', failure };
  if (isAppended(state)) return sendFrom(state.offset, state.location, state.framing, terms);
  const { streams, ranges } = terms.host;
  const isKind = typeof state.framing === 'number' ? ranges === 'refused' : streams === 'never';
  return isKind ? otherWay(state.framing, failure, terms) : { phase: 'failed', failure };
}

export function failed(code: UploadFailure['code'], said: string, hint: string): UploadState {
  return { phase: 'failed', failure: { code, said, hint } };
}
