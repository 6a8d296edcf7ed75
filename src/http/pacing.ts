import type { Clock } from '../core/ports.ts';
import { originOf, withoutQuery } from './origin.ts';
import { type Allowance, type Pace, paceAfter, passing, UNHURRIED } from './pace.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpRequest, HttpResponse, Wrapper } from './transport.ts';

export interface PacingPolicy {
  readonly clock: Clock;
  /** Requests with the same name draw from one quota; those of one origin where this is left out. */
  readonly bucketOf?: (url: string) => string;
  /** What an answer says of the quota that it was counted against. */
  readonly allowanceOf?: (response: HttpResponse) => Allowance | undefined;
  /** How long a refusal asks us to wait; `Retry-After` where this is left out. */
  readonly waitMs?: (response: HttpResponse) => number | undefined;
  readonly onHold?: ((hold: Hold) => void) | undefined;
}

/** Requests are held back, all of them that go to one place. */
export interface Hold {
  readonly delayMs: number;
  readonly reason: string;
}

/** A person notices a wait of this length. */
const NOTICEABLE_MS = 1_000;

/**
 * Holds requests back where a quota is used up, or nearly: one refusal is then not followed by one for each worker. It
 * never repeats a request; that is for who wraps it. What it wraps shares what it knows.
 */
export function withPacing({ clock, onHold, ...policy }: PacingPolicy): Wrapper {
  const bucketOf = policy.bucketOf ?? originOf;
  const allowanceOf = policy.allowanceOf ?? (() => undefined);
  const asked =
    policy.waitMs ??
    ((response: HttpResponse) => parseRetryAfter(response.headers['retry-after'], clock.date()));
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

  /** @returns the request's number, and where it was counted */
  async function pass({ url, signal }: HttpRequest): Promise<readonly [number: number, bucket: string]> {
    const ours = bucketOf(url);
    for (;;) {
      const bucket = names.get(ours) ?? ours;
      const pace = paceOf(bucket);
      const delayMs = pace.openAt - clock.now();
      if (delayMs <= 0) {
        const passed = passing(pace, clock.now());
        paces.set(bucket, passed);
        return [passed.passed, bucket];
      }
      tell(bucket, pace, delayMs);
      // Many may wake at once: the first goes, the others find a new moment to wait for.
      await clock.sleep(delayMs, signal);
    }
  }

  return (transport) =>
    async function paced(request) {
      const [number, counted] = await pass(request);
      const response = await transport(request);
      const allowance = allowanceOf(response);
      const bucket = allowance === undefined ? counted : `${originOf(request.url)} ${allowance.bucket}`;
      names.set(bucketOf(request.url), bucket);
      const { status } = response;
      const what = `${request.method} ${withoutQuery(request.url)}`;
      const answered = { number, status, now: clock.now(), waitMs: asked(response), allowance, what };
      paces.set(bucket, paceAfter(paceOf(bucket), { ...answered, random: clock.random() }));
      return response;
    };
}
