import { ModelcarError } from '../index.ts';
import { printable } from './ui/printable.ts';

/** An error as people read it, one line each for what happened and what to do. `docs/errors.md` has more, by the code. */
export function explain(error: unknown): readonly string[] {
  if (error instanceof ModelcarError) {
    const lines = [`error: ${printable(error.message)} (${error.code})`];
    if (error.hint !== undefined) lines.push(`hint: ${printable(error.hint)}`);
    return lines;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    'error: this is a bug in oci-modelcar',
    ...detail.split('\n').map(printable),
    'hint: report it with these lines.',
  ];
}
