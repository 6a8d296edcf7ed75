import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';
import { backoffMs, parseRetryAfter } from './retry-after.ts';
import { canRepeat, discard, type HttpResponse, type Wrapper } from './transport.ts';

/** Answers that a later request may not get: time-out, too early, too many, and the server's own failures. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isPassing(status: number): boolean {
  return PASSING.has(status);
}

export interface RetryPolicy {
  readonly retries: number;
  readonly clock: Clock;
  /** How long an answer asks us to wait; `Retry-After` where this is left out. */
  readonly waitMs?: (response: HttpResponse) => number | undefined;
}

/**
 * Repeats requests that failed in passing. Meant for requests that change nothing by being sent twice, with a small
 * body or none; one whose body is a stream goes through once.
 */
export function withRetry({ retries, clock, waitMs }: RetryPolicy): Wrapper {
  const asked =
    waitMs ?? ((response: HttpResponse) => parseRetryAfter(response.headers['retry-after'], clock.date()));
  return (transport) =>
    async function retrying(request) {
      for (let retry = 1; ; retry += 1) {
        const last = retry > retries || !canRepeat(request);
        let delayMs: number | undefined;
        try {
          const response = await transport(request);
          if (last || !isPassing(response.status)) return response;
          delayMs = asked(response);
          await discard(response);
        } catch (error) {
          if (last || !(error instanceof ModelcarError && error.code === 'UNAVAILABLE')) throw error;
        }
        await clock.sleep(delayMs ?? backoffMs(retry, clock.random()), request.signal);
      }
    };
}
