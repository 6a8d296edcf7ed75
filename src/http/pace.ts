import { backoffMs } from './retry-after.ts';

/** How fast requests may follow each other where they draw from one quota: what its answers have said so far. */
export interface Pace {
  /** On the clock's `now()`: before it nobody may ask. */
  readonly openAt: number;
  /** The least time from one request to the next. */
  readonly gapMs: number;
  /** Why there is something to wait for, in words. */
  readonly reason: string;
  /** Requests that were let through so far; each one's number is the count when it was. */
  readonly passed: number;
  /** Its number, and all before: requests whose answers can no longer open what is closed. */
  readonly closedAt: number;
  /** Refusals in a row. Those of requests that were on their way together count as one. */
  readonly refusals: number;
}

/** What a server says of a quota (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/). */
export interface Allowance {
  readonly bucket: string;
  readonly remaining: number;
  /** Until the quota is whole again. */
  readonly resetMs: number;
  /** Undefined where the server does not say what the whole is. */
  readonly quota: number | undefined;
}

export interface Answered {
  /** Which of the requests that were let through. */
  readonly number: number;
  readonly status: number;
  /** When the answer came. */
  readonly now: number;
  /** How long the answer asks us to wait. */
  readonly waitMs: number | undefined;
  readonly allowance: Allowance | undefined;
  /** Evenly spread over 0 ≤ x < 1. */
  readonly random: number;
  /** What was asked, for the reason. */
  readonly what: string;
}

export const UNHURRIED: Pace = { openAt: 0, gapMs: 0, reason: '', passed: 0, closedAt: 0, refusals: 0 };

/** Of a quota, what is left is spread over the rest of its time when it is less than this. */
const SCARCE = 0.05;

/**
 * Between requests that all waited for the same moment: if the first one is refused again, the others should not be on
 * their way yet.
 */
const REOPENING_GAP_MS = 250;

const LONGEST_WAIT_MS = 10 * 60_000;

/** One request is let through, now. */
export function passing(pace: Pace, now: number): Pace {
  return { ...pace, passed: pace.passed + 1, openAt: now + pace.gapMs };
}

/** What an answer makes of the pace: a 429 holds back everybody who asks there, not only the one whom it refused. */
export function paceAfter(pace: Pace, answered: Answered): Pace {
  const { status, allowance } = answered;
  if (status === 429) return refused(pace, answered);
  // An answer to what was asked before the refusal says nothing about the time after it.
  if (answered.number <= pace.closedAt) return pace;
  if (allowance === undefined || !isScarce(allowance)) {
    return { ...pace, openAt: Math.min(pace.openAt, answered.now), gapMs: 0, refusals: 0 };
  }
  return spread(pace, answered.now, allowance);
}

function refused(pace: Pace, { number, now, waitMs, random, what }: Answered): Pace {
  const together = number <= pace.closedAt;
  const refusals = together ? pace.refusals : pace.refusals + 1;
  const asked = waitMs || (together ? 0 : backoffMs(refusals, random));
  return {
    ...pace,
    openAt: Math.max(pace.openAt, now + asked),
    gapMs: REOPENING_GAP_MS,
    reason: `${what} was answered with 429`,
    closedAt: pace.passed,
    refusals,
  };
}

function isScarce({ remaining, quota }: Allowance): boolean {
  return remaining === 0 || (quota !== undefined && remaining < quota * SCARCE);
}

function spread(pace: Pace, now: number, { bucket, remaining, resetMs, quota }: Allowance): Pace {
  const of = quota === undefined ? '' : ` of ${quota}`;
  const reason = `${remaining}${of} requests are left to us (${bucket})`;
  const waitMs = Math.min(LONGEST_WAIT_MS, remaining === 0 ? resetMs : resetMs / remaining);
  const paced = { ...pace, openAt: Math.max(pace.openAt, now + waitMs), reason, refusals: 0 };
  // With nothing left the next one opens a new window, and what was on its way says nothing about that.
  return remaining === 0
    ? { ...paced, gapMs: REOPENING_GAP_MS, closedAt: pace.passed }
    : { ...paced, gapMs: waitMs };
}
