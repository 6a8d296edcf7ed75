import { ModelcarError } from '../index.ts';
import { printable } from './ui/printable.ts';

/** An error as people read it: what happened, with the code that `docs/errors.md` explains, then what to do. */
export function explain(error: unknown): readonly string[] {
  if (error instanceof ModelcarError) {
    const [first, ...more] = labelled('error', error.message);
    return [
      `${first} (${error.code})`,
      ...more,
      ...(error.hint === undefined ? [] : labelled('hint', withHelp(error.hint))),
    ];
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    'error: this is a bug in oci-modelcar',
    ...detail.split('\n').map(printable),
    'hint: report it with these lines.',
  ];
}

/** The installed command has no docs folder, so name the page of the manual. */
function withHelp(hint: string): string {
  return hint.replace(/\bdocs\/([a-z]+)\.md\b/g, 'oci-modelcar help $1');
}

/**
 * A text of one or more lines. The further ones stand behind a bar: a line break that came with foreign text begins no
 * line that could be taken for ours, or for a command by a CI system (GitHub reads `::…` behind white space, too).
 */
function labelled(label: string, text: string): readonly string[] {
  return text
    .split('\n')
    .map(printable)
    .map((line, at) => (at === 0 ? `${label}: ${line}` : `  | ${line}`));
}
