import { ModelcarError } from '../index.ts';
import { BUG, EXIT_CODES } from './exit-code.ts';
import { explain } from './explain.ts';
import type { Interruption } from './interruption.ts';
import type { Failure } from './ui/renderer.ts';
import { usageMessage } from './usage-message.ts';

/** What went wrong, ready to be shown. */
export function failureOf(thrown: unknown, { signal, exitCode }: Interruption, command?: string): Failure {
  const usage = usageMessage(thrown, command);
  const error = usage ? new ModelcarError('USAGE', usage.message, { hint: usage.hint }) : thrown;
  const lines = explain(error);
  if (!(error instanceof ModelcarError)) return { error, exitCode: BUG, lines };
  const stopped = signal.aborted && error === signal.reason;
  return { error, exitCode: stopped ? exitCode() : EXIT_CODES[error.code], lines };
}
