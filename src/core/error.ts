/**
 * What went wrong, as a question a script can act on. `cli/exit-code.ts` maps each code to an exit
 * code; the map is complete by construction, so a new code does not compile without it.
 */
export type ErrorCode =
  /** The command, a flag, a name or a reference is wrong. */
  | 'USAGE'
  /** Credentials are missing, wrong, or not enough, at the Hub or at the registry. */
  | 'UNAUTHORIZED'
  /** The model is gated and this account has not been granted access. */
  | 'GATED'
  /** The model was disabled by the Hub. */
  | 'DISABLED'
  /** No such model, file, repository or host (or, for an anonymous caller of the Hub, perhaps a private one). */
  | 'NOT_FOUND'
  /** The model exists, the revision does not. */
  | 'REVISION_NOT_FOUND'
  /** Bytes or a size differ from what was promised, on either side. Never retried silently, never tagged. */
  | 'CONTENT_MISMATCH'
  /** The registry understood and refused: too large, quota, invalid manifest. */
  | 'REJECTED'
  /** The other side answered in a way that we cannot work with, such as JSON of another shape. */
  | 'UNSUPPORTED'
  /** Some layers were pushed and some failed, so there is no image (`continueOnError`). */
  | 'INCOMPLETE'
  /** A rate limit, after the retry budget is spent. */
  | 'RATE_LIMITED'
  /** Network, time-out or 5xx, after the retry budget is spent, or a disk that fails. Run the same again. */
  | 'UNAVAILABLE'
  /** `HF_HUB_OFFLINE` forbids talking to the Hub. */
  | 'OFFLINE'
  /** The caller's signal was aborted. */
  | 'CANCELLED';

/** Whether `error` may be gone when the same is tried again. */
export function isPassingError(error: unknown): error is ModelcarError {
  return error instanceof ModelcarError && (error.code === 'UNAVAILABLE' || error.code === 'RATE_LIMITED');
}

export interface ModelcarErrorOptions {
  /** One imperative sentence: what to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The only error this library throws on purpose; anything else is a bug.
 * `message` says what we were doing, to what, and what we got. It never carries a token or a signed query string.
 */
export class ModelcarError extends Error {
  override readonly name = 'ModelcarError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, { hint, cause }: ModelcarErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
