import type { ModelcarError } from '../../core/error.ts';
import type { Clock, Pause } from '../../core/ports.ts';
import { withSpentRetries } from '../../http/gave-up.ts';
import { backoffMs } from '../../http/retry-after.ts';
import { outcomeOf } from '../meaning-outcome.ts';
import { refusalError } from '../registry-error.ts';
import { pollDelayMs } from './commit-patience.ts';
import { BODY_LADDER, rangeDisputed } from './host-profile.ts';
import { LARGER_BODIES, REDIRECTS } from './refusals.ts';
import type { UploadFailure, UploadReply, UploadState } from './upload-state.ts';

export interface BudgetOptions {
  /** How often an upload may fail without getting further than ever before. */
  readonly retries: number;
  readonly clock: Clock;
  /** `registry/repository`, for messages. */
  readonly target: string;
  /** The blob in messages: the path of its file, if known. */
  readonly name: string;
  /** Length of the blob in bytes. */
  readonly size: number;
}

/** Getting further by less than this is none that anybody would call so. */
const LEAST_PROGRESS = 64 * 1024;

/** What is still on its way to storage when a connection breaks is there a moment later. */
const SETTLING_MS = 1_000;

/**
 * How often the registry may refuse requests of this upload without progress. Each next request differs: another method, a
 * smaller body, another URL or another token. So it needs no pause and is no retry. `next` ends such a series itself; these
 * limits hold even if `next` is wrong.
 */
const MOST_REFUSALS: Partial<Record<UploadReply['type'], number>> = {
  refused: 4,
  unfit: 4,
  'too-large': BODY_LADDER.length + 1,
  'out-of-order': BODY_LADDER.length + 1,
  moved: 5,
  unauthorized: 4,
};

/**
 * How long an upload may go on failing. Counted are the failures since it last got further than ever before: a
 * session that is lost falls back to 0, and counting any movement as progress would send a large blob for ever.
 */
export class UploadBudget {
  readonly #options: BudgetOptions;
  readonly #refusals = new Map<UploadReply['type'], number>();
  #furthest = 0;
  #failures = 0;
  /** Time of the first of these failures, by the clock's `now()`. */
  #failingSince = 0;
  /** 401 answers in a row: the second one refuses a fresh token. */
  #tokensRefused = 0;
  #lostCommits = 0;
  /** Sessions that were unknown to the very first request in them. */
  #strangers = 0;
  #opened = false;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /**
   * @returns how long to wait before the next request, with `retry` 0 where nobody need hear of it; undefined where nothing
   *   went wrong
   * @param from the state that asked
   * @param to the state that follows
   * @throws ModelcarError `UNAVAILABLE` or `RATE_LIMITED` when the retries are spent; the last refusal when the limit is exceeded
   */
  after(reply: UploadReply, from: UploadState, to: UploadState): Pause | undefined {
    this.#noteProgress(to);
    if (reply.type === 'opened') this.#opened = true;
    this.#tokensRefused = reply.type === 'unauthorized' ? this.#tokensRefused + 1 : 0;
    // `next` has ended the upload with its own error.
    if (to.phase === 'failed') return undefined;
    const waiting = this.#waiting(reply, to);
    if (waiting) return waiting;
    // A registry need not accept a blob in one POST, so this is no failure.
    if (from.phase === 'posting' && to.phase === 'opening') return undefined;
    this.#noteLostCommit(from, to);
    const said = failureOf(reply, from, to);
    if (said === undefined) return undefined;
    const { retries, clock } = this.#options;
    const reason = `${this.#options.target}: ${said}`;
    if (isCounted(reply, from) || this.#isRefusal(reply, from, to, said)) {
      return { retry: Math.max(this.#failures, 1), delayMs: 0, reason };
    }
    if (this.#failures === 0) this.#failingSince = clock.now();
    this.#failures += 1;
    const unknown = (from.phase === 'sending' || from.phase === 'committing') && from.offset === 0;
    if (reply.type === 'session-lost' && unknown) this.#strangers += 1;
    if (this.#failures > retries) {
      const limited = reply.type === 'busy' && reply.status === 429;
      const code = limited ? 'RATE_LIMITED' : 'UNAVAILABLE';
      const { hint } = limited ? outcomeOf('rate-limit', undefined) : { hint: this.#hint(reply, from) };
      throw this.#error({ code, said: this.#gaveUp(said), hint });
    }
    return { retry: this.#failures, retries, delayMs: this.#delayMs(reply), reason };
  }

  #error(failure: UploadFailure): ModelcarError {
    const { name, target } = this.#options;
    return refusalError(`push ${name} to ${target}`, failure);
  }

  #gaveUp(said: string): string {
    const { retries, clock } = this.#options;
    return withSpentRetries(said, { retries, ms: clock.now() - this.#failingSince });
  }

  /** @throws ModelcarError the last refusal, if there are more refusals than other ways */
  #isRefusal(reply: UploadReply, from: UploadState, to: UploadState, said: string): boolean {
    const { type } = reply;
    const most = MOST_REFUSALS[type];
    if (most === undefined) return false;
    // A 416 that names another offset is no refusal.
    if (type === 'out-of-order' && to.phase !== 'asking' && !rangeDisputed(from, reply)) return false;
    const refusals = (this.#refusals.get(type) ?? 0) + 1;
    this.#refusals.set(type, refusals);
    if (refusals > most || this.#tokensRefused > 1) throw this.#error(finalRefusal(reply, said));
    return true;
  }

  #noteProgress(state: UploadState): void {
    const offset = 'offset' in state ? state.offset : 0;
    // A byte at a time is no way to send a layer.
    if (offset < Math.min(this.#furthest + LEAST_PROGRESS, this.#options.size) || offset === this.#furthest)
      return;
    this.#furthest = offset;
    this.#failures = 0;
    this.#refusals.clear();
    this.#strangers = 0;
  }

  /** Where the same question is asked again, because the answer takes its time to come true. */
  #waiting(reply: UploadReply, to: UploadState): Pause | undefined {
    if (to.phase === 'confirming' && to.polls && reply.type === 'absent') {
      const delayMs = pollDelayMs(to.polls - 1, this.#options.size) ?? 0;
      return { retry: to.polls, delayMs, reason: `${this.#options.target}: it is still storing the blob` };
    }
    if (to.phase !== 'asking' || reply.type !== 'status') return undefined;
    return {
      retry: 0,
      delayMs: SETTLING_MS,
      reason: `${this.#options.target}: it is still taking what was sent`,
    };
  }

  /** Once is an accident; a blob that is gone after each commit is too large for what is behind the registry. */
  #noteLostCommit(from: UploadState, to: UploadState): void {
    if (from.phase !== 'confirming' || to.phase !== 'opening' || from.posted || from.disputed) return;
    this.#lostCommits += 1;
    if (this.#lostCommits > 1) {
      const said = 'the blob is gone after its commit, twice';
      throw this.#error({ code: 'REJECTED', said, hint: LOST_COMMIT });
    }
  }

  #hint({ type }: UploadReply, { phase }: UploadState): string {
    if (this.#strangers > 1) return SEVERAL_NODES;
    const unheard = phase === 'opening' && type === 'interrupted' && !this.#opened;
    return unheard ? NO_REPOSITORY : 'Run the same command again.';
  }

  #delayMs(reply: UploadReply): number {
    const backoff = backoffMs(this.#failures, this.#options.clock.random());
    if (reply.type === 'busy') return reply.retryAfterMs ?? backoff;
    // The first question after a cut is asked at once; it costs nothing and often nothing is wrong.
    return this.#failures === 1 ? 0 : backoff;
  }
}

/** https://github.com/distribution/distribution/issues/2814 and 4572: parts of an S3 upload are limited in number. */
const LOST_COMMIT =
  'Look at the log of the registry and at the limits of its storage: older ones on S3 lose layers over 10 GB.';

/** ECR hangs up in place of an answer: https://github.com/aws/containers-roadmap/issues/1970 */
const NO_REPOSITORY =
  'Run the same command again; if it never gets further, create the repository: ECR hangs up where there is none.';

const SEVERAL_NODES =
  'Give the load balancer in front of the registry sticky sessions, and all its nodes one storage and one http.secret.';

/** A status query follows a failure that was already counted, unless its answer is a new failure. */
function isCounted(reply: UploadReply, from: UploadState): boolean {
  if (from.phase !== 'asking' || (reply.type !== 'session-lost' && reply.type !== 'status')) return false;
  return !from.disputed || rangeDisputed(from, reply);
}

/** What a person is told; undefined for a reply that is no failure. */
function failureOf(reply: UploadReply, from: UploadState, state: UploadState): string | undefined {
  if (rangeDisputed(from, reply)) return 'it refuses the range (416)';
  switch (reply.type) {
    case 'status':
      if (from.phase === 'asking' && from.disputed) return 'it expects another offset (416)';
      return state.phase === 'opening' && reply.end > 0
        ? 'the upload session holds nothing of use, beginning anew'
        : undefined;
    case 'accepted':
      if (state.phase === 'opening') return 'it takes no more in this session, beginning anew';
      if (state.phase === 'asking') return 'it does not say how much of the chunk it took';
      return state.phase === 'sending' && state.offset < reply.end
        ? 'it took a part of the chunk only'
        : undefined;
    case 'session-lost':
      return `it lost the upload session: ${reply.reason}`;
    case 'out-of-order':
      return 'it expects another offset (416)';
    case 'moved':
      return 'it sends the upload elsewhere';
    case 'refused':
      return reply.failure.said;
    case 'too-large':
    case 'unfit':
    case 'unauthorized':
    case 'busy':
    case 'interrupted':
      return reply.reason;
    case 'exists':
    case 'absent':
    case 'opened':
    case 'committed':
      return undefined;
  }
}

function finalRefusal(reply: UploadReply, said: string): UploadFailure {
  switch (reply.type) {
    case 'refused':
    case 'unauthorized':
      return reply.failure;
    case 'too-large':
      return { code: 'REJECTED', said, hint: LARGER_BODIES };
    case 'moved':
      return { code: 'UNSUPPORTED', said: `${said}, and again each time`, hint: REDIRECTS };
    default:
      return { ...outcomeOf('rejected', undefined), said };
  }
}
