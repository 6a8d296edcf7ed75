import { type ErrorCode, ModelcarError } from '../../core/error.ts';
import type { BlobPush } from '../../core/ports.ts';

/** A later run may go on with what was stopped, or failed in a way that can be put right. */
export function staysOpen(error: unknown, { onSession, isSessionKept, signal }: BlobPush): boolean {
  const isKept = onSession !== undefined && isSessionKept?.() !== false;
  return isKept && (signal.aborted || (error instanceof ModelcarError && MENDABLE.has(error.code)));
}

/** Somebody can put these right, and then run it again. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
  'GATED',
  'NOT_FOUND',
]);
