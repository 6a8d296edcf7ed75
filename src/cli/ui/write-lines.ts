import type { Output } from './renderer.ts';

/** Lines without their ends, in one write. */
export function writeLines(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(lines.map((line) => `${line}\n`).join(''));
}
