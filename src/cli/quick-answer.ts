import { readFileSync } from 'node:fs';

/** Help is laid out in this width, or in that of a terminal that is narrower. */
export const HELP_WIDTH = 80;

/**
 * The answer to the commonest questions, for the version and for help, without the parser: to load it takes longer than
 * to start Node. The texts are the parser's own, written down by `scripts/write-help.mjs` when the package is built.
 *
 * @param words of the command line, without the program
 * @param columns of the terminal, if there is one
 * @returns undefined for everything else: the parser will answer
 */
export function quickAnswer(words: readonly string[], columns: number | undefined): string | undefined {
  if (columns !== undefined && columns < HELP_WIDTH) return undefined;
  const [first = '--help', second, ...more] = words;
  if (more.length > 0) return undefined;
  if (second === undefined && isOneOf(first, '--version', '-V')) return read('version');
  if (second === undefined && isOneOf(first, '--help', '-h')) return read('help');
  if (isOneOf(second, '--help', '-h') && /^[a-z]+$/.test(first)) return read(`help-${first}`);
  return undefined;
}

function isOneOf(word: string | undefined, long: string, short: string): boolean {
  return word === long || word === short;
}

/** Undefined where there is no such text: run from source, or asked for a command that we do not have. */
function read(name: string): string | undefined {
  try {
    return readFileSync(new URL(`quick/${name}.txt`, import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}
