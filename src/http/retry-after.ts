/** A server that asks for more patience than this gets asked again anyway. */
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * The wait that a `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
 * @param now milliseconds since the epoch
 * @returns milliseconds, at most ten minutes; undefined where the header is missing or says nothing
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\s*\d+\s*$/.test(header);
  // A date begins with its day; Date.parse would make one of "1.5" and of "-5", too.
  if (!seconds && !/^\s*[A-Z]/i.test(header)) return undefined;
  const ms = seconds ? Number(header) * 1000 : Date.parse(header) - now;
  // Who asks for no time at all has said nothing of use.
  return ms > 0 ? Math.min(ms, LONGEST_WAIT_MS) : undefined;
}

/**
 * Exponential backoff with full jitter, so that many who failed together do not come back together.
 * @param retry 1 for the first one
 * @param random evenly spread over 0 ≤ x < 1
 * @returns whole milliseconds, so that events and waits agree
 */
export function backoffMs(retry: number, random: number): number {
  return Math.round(random * Math.min(60_000, 500 * 2 ** retry));
}
