import type { Verbosity } from './choose.ts';

/** One thing that a log says, before a style writes it down. Its text may be foreign and is not escaped yet. */
export type LogEntry =
  | { readonly kind: 'info' | 'detail' | 'warning' | 'heading'; readonly text: string }
  /** What follows belongs together, up to `group-end`, and may be folded away. */
  | { readonly kind: 'group'; readonly text: string }
  | { readonly kind: 'group-end' }
  | { readonly kind: 'progress'; readonly text: string; readonly percent: number }
  /** What happened, and then what to do, a line each. */
  | { readonly kind: 'error'; readonly lines: readonly string[] };

/** The lines of one entry in one style. */
export type FormatEntry = (entry: LogEntry) => readonly string[];

export function isShown({ kind }: LogEntry, verbosity: Verbosity): boolean {
  switch (kind) {
    case 'warning':
    case 'error':
      return true;
    case 'info':
    case 'heading':
    case 'group':
    case 'group-end':
    case 'progress':
      return verbosity !== 'quiet';
    case 'detail':
      return verbosity === 'verbose';
  }
}

/** The lines of an error for a display that writes `error` itself. */
export function withoutLevel(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? line.replace(/^error: /, '') : line));
}
