import type { ErrorCode } from '../index.ts';

/** Stable: scripts rely on them. 0 is done, 1 is a bug of ours; docs/errors.md has the table. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  USAGE: 2,
  OFFLINE: 2,
  UNAUTHORIZED: 3,
  GATED: 3,
  DISABLED: 3,
  NOT_FOUND: 4,
  REVISION_NOT_FOUND: 4,
  CONTENT_MISMATCH: 5,
  REJECTED: 6,
  UNSUPPORTED: 6,
  INCOMPLETE: 7,
  // EX_TEMPFAIL of sysexits.h: run it again.
  RATE_LIMITED: 75,
  UNAVAILABLE: 75,
  // 128 + SIGINT; after a SIGTERM it is 143.
  CANCELLED: 130,
};

export const BUG = 1;
