import type { Output } from './renderer.ts';

/** Columns and rows of a terminal. Some say 0 of both (a serial line, `docker run -t` at its start): then as of old. */
export function screenSize({ columns, rows }: Output): { readonly columns: number; readonly rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}
