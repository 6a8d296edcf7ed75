import { formatSize } from '../format-size.ts';
import type { Sibling } from '../model.ts';

export interface SizedRow {
  /** Bytes. */
  readonly size: number;
  readonly text: string;
}

/** Rows for a message, a line each, after a first line that says what they are. Only the first `most` are shown. */
export function withRows(first: string, rows: readonly SizedRow[], most = 20): string {
  const shown = rows.slice(0, most).map(({ size, text }) => `${formatSize(size).padStart(9)}  ${text}`);
  const more = rows.length > shown.length ? [`and ${rows.length - shown.length} more`] : [];
  return [first, ...shown, ...more].join('\n');
}

export function totalSize(siblings: readonly Sibling[]): number {
  return siblings.reduce((sum, { size }) => sum + size, 0);
}

/** A name on one line of a message, whatever is in it. */
export function onOneLine(name: string): string {
  return name.replace(/\p{C}/gu, '\ufffd');
}

/** The most bytes first. */
export function bySize(siblings: readonly Sibling[]): readonly Sibling[] {
  return [...siblings].sort((a, b) => b.size - a.size);
}
