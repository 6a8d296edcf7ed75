import { ModelcarError } from '../core/error.ts';
import { formatDuration } from '../core/format-duration.ts';

/** How often a failed request was retried, and how long that took. */
export interface SpentRetries {
  readonly retries: number;
  readonly ms: number;
}

/** `gave up after 3 retries in 12s: 503`; without retries `said` alone. */
export function withSpentRetries(said: string, spent: SpentRetries | undefined): string {
  return spent === undefined || spent.retries === 0 ? said : `${gaveUp(spent)}: ${said}`;
}

/** The same error, with the retries at the end of its message. */
export function afterRetries(error: ModelcarError, spent: SpentRetries): ModelcarError {
  if (spent.retries === 0) return error;
  const { code, message, hint } = error;
  return new ModelcarError(code, `${message}; ${gaveUp(spent)}`, {
    ...(hint !== undefined && { hint }),
    cause: error.cause ?? error,
  });
}

function gaveUp({ retries, ms }: SpentRetries): string {
  return `gave up after ${retries === 1 ? '1 retry' : `${retries} retries`} in ${formatDuration(ms)}`;
}
