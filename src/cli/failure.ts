import { ModelcarError } from '../index.ts';
import { BUG, EXIT_CODES } from './exit-code.ts';
import { explain } from './explain.ts';
import type { Interruption } from './interruption.ts';
import { usageMessage } from './program.ts';
import type { Failure } from './ui/renderer.ts';

/** What went wrong, ready to be shown; undefined where nothing did, as after `--help`. */
export function failureOf(error: unknown, { signal, exitCode }: Interruption): Failure | undefined {
  const usage = usageMessage(error);
  if (usage?.exitCode === 0) return undefined;
  const shown = usage
    ? new ModelcarError('USAGE', usage.message, { hint: 'Run: oci-modelcar --help' })
    : error;
  const lines = explain(shown);
  if (!(shown instanceof ModelcarError)) {
    const message = shown instanceof Error ? shown.message : String(shown);
    return { code: undefined, exitCode: BUG, message, hint: undefined, lines };
  }
  const { code, message, hint } = shown;
  const stopped = signal.aborted && error === signal.reason;
  return { code, exitCode: stopped ? exitCode() : EXIT_CODES[code], message, hint, lines };
}
