import { styleText } from 'node:util';
import { inert } from './inert.ts';
import type { FormatEntry } from './log-entry.ts';

/** Entries as plain lines, with colours only for a terminal. A log of this style too may be one of a CI service. */
export function createTextStyle({ coloured }: { readonly coloured: boolean }): FormatEntry {
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;

  return (entry) => {
    switch (entry.kind) {
      case 'info':
      case 'progress':
        return [inert(entry.text)];
      case 'detail':
        return [paint('dim', inert(entry.text))];
      case 'heading':
      case 'group':
        return [paint('bold', `── ${inert(entry.text)} ──`)];
      case 'group-end':
        return [];
      case 'warning':
        return [paint('yellow', `warning: ${inert(entry.text)}`)];
      case 'error':
        return entry.lines.map((line, index) => (index === 0 ? paint('red', inert(line)) : inert(line)));
    }
  };
}

/** Every line on its own line, whatever is in it. */
export function toLines(lines: readonly string[]): string {
  return lines.map((line) => `${inert(line)}\n`).join('');
}
