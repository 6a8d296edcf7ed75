import { type ErrorCode, ModelcarError } from '../core/error.ts';
import type { Clock, Pause } from '../core/ports.ts';
import { backoffMs } from '../http/retry-after.ts';
import type { UploadReply, UploadState } from './blob-upload.ts';
import { HINTS } from './registry-error.ts';

/**
 * How long an upload may go on failing. Counted are the failures since it last got further than ever before: a
 * session that is lost falls back to 0, and counting any movement as progress would send a large blob for ever.
 */
export class UploadBudget {
  readonly #retries: number;
  readonly #clock: Clock;
  #furthest = 0;
  #failures = 0;
  #refusals = 0;

  constructor(retries: number, clock: Clock) {
    this.#retries = retries;
    this.#clock = clock;
  }

  /**
   * @returns how long to wait before the next request; undefined where nothing went wrong
   * @param from the state that asked
   * @param to the state that follows
   * @throws ModelcarError `UNAVAILABLE`, `RATE_LIMITED` or `UNAUTHORIZED` when the budget is spent
   */
  after(reply: UploadReply, from: UploadState, to: UploadState): Pause | undefined {
    this.#noteProgress(to);
    const reason = failureOf(reply, to);
    if (reply.type !== 'unauthorized') this.#refusals = 0;
    if (reason === undefined) return undefined;
    // A question follows a failure that was counted; and smaller and smaller chunks come to an end by themselves.
    const bad = reply.type === 'session-lost' || reply.type === 'status';
    const counted = !(bad && from.phase === 'asking') && reply.type !== 'too-large';
    if (!counted) return { retry: Math.max(this.#failures, 1), delayMs: 0, reason };
    this.#failures += 1;
    if (reply.type === 'unauthorized') {
      this.#refusals += 1;
      if (this.#refusals > 1) throw spent('UNAUTHORIZED', reason, HINTS.UNAUTHORIZED);
    }
    if (this.#failures > this.#retries) {
      const limited = reply.type === 'busy' && reply.status === 429;
      throw spent(limited ? 'RATE_LIMITED' : 'UNAVAILABLE', reason, 'Run the same command again.');
    }
    return { retry: this.#failures, delayMs: this.#delayMs(reply), reason };
  }

  #noteProgress(state: UploadState): void {
    const offset = 'offset' in state ? state.offset : 0;
    if (offset <= this.#furthest) return;
    this.#furthest = offset;
    this.#failures = 0;
  }

  #delayMs(reply: UploadReply): number {
    const backoff = backoffMs(this.#failures, this.#clock.random());
    switch (reply.type) {
      case 'busy':
        return reply.retryAfterMs ?? backoff;
      // The first question after a cut is asked at once; it costs nothing and often nothing is wrong.
      case 'interrupted':
      case 'session-lost':
        return this.#failures === 1 ? 0 : backoff;
      case 'out-of-order':
      case 'unauthorized':
      case 'too-large':
      case 'exists':
      case 'absent':
      case 'opened':
      case 'accepted':
      case 'status':
      case 'committed':
      case 'refused':
        return 0;
    }
  }
}

/** What a person is told; undefined for a reply that is no failure. */
function failureOf(reply: UploadReply, state: UploadState): string | undefined {
  switch (reply.type) {
    case 'status':
      return state.phase === 'opening' && reply.end > 0
        ? 'the upload session holds nothing of use: beginning anew'
        : undefined;
    case 'accepted':
      return state.phase === 'asking' ? 'the registry does not say how much of the chunk it took' : undefined;
    case 'session-lost':
      return `the registry lost the upload session: ${reply.reason}`;
    case 'out-of-order':
      return 'the registry expects another offset (416)';
    case 'too-large':
    case 'unauthorized':
    case 'busy':
    case 'interrupted':
      return reply.reason;
    case 'exists':
    case 'absent':
    case 'opened':
    case 'committed':
    case 'refused':
      return undefined;
  }
}

function spent(code: ErrorCode, reason: string, hint: string | undefined): ModelcarError {
  return new ModelcarError(code, `cannot push a blob to ${reason}`, hint === undefined ? {} : { hint });
}
