import type { Clock } from '../core/ports.ts';
import { originOf } from './origin.ts';
import { type Allowance, type Answered, type Pace, paceAfter, passing, UNHURRIED } from './pace.ts';
import { shownUrl } from './presentable.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpResponse, Wrapper } from './transport.ts';

/** How fast requests may follow each other, for everybody who draws from the same quotas, in whichever thread. */
export interface Pacer {
  /**
   * Resolves when a request may be sent that is counted against this bucket.
   * @throws the reason of the signal when it was aborted first
   */
  pass(bucket: string, signal: AbortSignal | undefined): Promise<Passed>;
  /** @param ours the bucket as it was called for {@link pass} */
  answered(ours: string, passed: Passed, said: Said): void;
}

/** A request that was let through. Plain data. */
export interface Passed {
  readonly number: number;
  /** Where it was counted. */
  readonly bucket: string;
}

/** What was answered to it. Plain data. */
export interface Said extends Omit<Answered, 'number' | 'now' | 'random'> {
  readonly origin: string;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly onHold?: ((hold: Hold) => void) | undefined;
}

/** Requests are held back, all of them that go to one place. */
export interface Hold {
  readonly delayMs: number;
  readonly reason: string;
}

/** How requests are counted, and what answers say of it. */
export interface PacingPolicy {
  readonly clock: Pick<Clock, 'date'>;
  readonly pacer: Pacer;
  /** Requests with the same name draw from one quota; those of one origin where this is left out. */
  readonly bucketOf?: (url: string) => string;
  /** What an answer says of the quota that it was counted against. */
  readonly allowanceOf?: (response: HttpResponse) => Allowance | undefined;
  /** How long a refusal asks us to wait; `Retry-After` where this is left out. */
  readonly waitMs?: (response: HttpResponse) => number | undefined;
}

/** A person notices a wait of this length. */
const NOTICEABLE_MS = 1_000;

export function createPacer({ clock, onHold }: PacerOptions): Pacer {
  const paces = new Map<string, Pace>();
  /** What the server calls the quota of a bucket of ours: two may turn out to be one. */
  const names = new Map<string, string>();
  const told = new Map<string, number>();
  const paceOf = (bucket: string) => paces.get(bucket) ?? UNHURRIED;

  function tell(bucket: string, { openAt, reason }: Pace, delayMs: number): void {
    if (delayMs < NOTICEABLE_MS || openAt < (told.get(bucket) ?? 0) + NOTICEABLE_MS) return;
    told.set(bucket, openAt);
    onHold?.({ delayMs, reason });
  }

  return {
    async pass(ours, signal) {
      for (;;) {
        const bucket = names.get(ours) ?? ours;
        const pace = paceOf(bucket);
        const delayMs = Math.ceil(pace.openAt - clock.now());
        if (delayMs <= 0) {
          const passed = passing(pace, clock.now());
          paces.set(bucket, passed);
          return { number: passed.passed, bucket };
        }
        tell(bucket, pace, delayMs);
        // Many may wake at once: the first goes, the others find a new moment to wait for.
        await clock.sleep(delayMs, signal);
      }
    },
    answered(ours, { number, bucket: counted }, { origin, ...said }) {
      const bucket = said.allowance === undefined ? counted : `${origin} ${said.allowance.bucket}`;
      names.set(ours, bucket);
      const answered = { ...said, number, now: clock.now(), random: clock.random() };
      paces.set(bucket, paceAfter(paceOf(bucket), answered));
    },
  };
}

/**
 * Holds requests back where a quota is used up, or nearly: one refusal is then not followed by one for each worker. It
 * never repeats a request; that is for who wraps it.
 */
export function withPacing({ clock, pacer, ...policy }: PacingPolicy): Wrapper {
  const bucketOf = policy.bucketOf ?? originOf;
  const allowanceOf = policy.allowanceOf ?? (() => undefined);
  const asked =
    policy.waitMs ??
    ((response: HttpResponse) => parseRetryAfter(response.headers['retry-after'], clock.date()));

  return (transport) =>
    async function paced(request) {
      const { method, url, signal, waitSignal = signal } = request;
      // Who tidies up is about to leave: that is not worth a wait.
      if (method === 'DELETE') return transport(request);
      const bucket = bucketOf(url);
      const passed = await pacer.pass(bucket, waitSignal);
      const response = await transport(request);
      pacer.answered(bucket, passed, {
        origin: originOf(url),
        status: response.status,
        waitMs: asked(response),
        allowance: allowanceOf(response),
        // Only the report of a refusal names the URL.
        what: response.status === 429 ? `${method} ${shownUrl(url, response)}` : method,
      });
      return response;
    };
}
