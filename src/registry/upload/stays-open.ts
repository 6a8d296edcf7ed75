import { type ErrorCode, ModelcarError } from '../../core/error.ts';
import type { BlobPush } from '../../core/ports.ts';

/** A later run may resume an upload that was stopped, or that failed for a cause that can be fixed. */
export function staysOpen(error: unknown, { onSession, isSessionKept, signal }: BlobPush): boolean {
  const isKept = onSession !== undefined && isSessionKept?.() !== false;
  return isKept && (signal.aborted || (error instanceof ModelcarError && MENDABLE.has(error.code)));
}

/** The user can fix the cause and run the push again. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
  'GATED',
  'NOT_FOUND',
]);
