import { isPassingError } from '../core/error.ts';
import type { Clock, Pause } from '../core/ports.ts';
import { afterRetries } from './gave-up.ts';
import { shownUrl } from './presentable.ts';
import { backoffMs, parseRetryAfter } from './retry-after.ts';
import { canRepeat, discard, type HttpResponse, type Wrapper } from './transport.ts';

/** Answers that a later request may not get: time-out, too early, too many, and the server's own failures;
 * 520 to 524 are Cloudflare's words for a server behind it that fails or is slow. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

export function isPassing(status: number): boolean {
  return PASSING.has(status);
}

export interface RetryPolicy {
  readonly retries: number;
  readonly clock: Clock;
  readonly onRetry?: ((pause: Pause) => void) | undefined;
  /** How long an answer asks us to wait; `Retry-After` where this is left out. */
  readonly waitMs?: (response: HttpResponse) => number | undefined;
}

/** A server that has never answered is more likely misspelt than busy. docs/errors.md (UNAVAILABLE) says so. */
const FIRST_CONTACT_RETRIES = 2;

/**
 * Repeats requests that failed in passing. Meant for requests that change nothing by being sent twice, with a small
 * body or none; one whose body is a stream goes through once.
 */
export function withRetry({ retries, clock, waitMs, onRetry }: RetryPolicy): Wrapper {
  const asked =
    waitMs ?? ((response: HttpResponse) => parseRetryAfter(response.headers['retry-after'], clock.date()));
  let answered = false;
  return (transport) =>
    async function retrying(request) {
      const started = clock.now();
      const spent = (retry: number) => ({ retries: retry - 1, ms: clock.now() - started });
      for (let retry = 1; ; retry += 1) {
        let delayMs: number | undefined;
        let reason: string;
        let limit = retries;
        try {
          const response = await transport(request);
          answered = true;
          if (!canRepeat(request) || !isPassing(response.status)) return response;
          if (retry > retries) return { ...response, spent: spent(retry) };
          delayMs = asked(response);
          reason = `${request.method} ${shownUrl(request.url, response)} was answered with ${response.status}`;
          await discard(response);
        } catch (error) {
          limit = answered ? retries : Math.min(retries, FIRST_CONTACT_RETRIES);
          if (!isPassingError(error) || !canRepeat(request)) throw error;
          if (retry > limit) throw afterRetries(error, spent(retry));
          reason = error.message;
        }
        // "0", or a date that is over, is no leave to ask ten times at once.
        delayMs ||= backoffMs(retry, clock.random());
        onRetry?.({ retry, retries: limit, delayMs, reason });
        await clock.sleep(delayMs, request.signal);
      }
    };
}
