import { inspect } from 'node:util';
import { secretsIn } from './secrets.ts';

const leaks: string[] = [];

/**
 * Something that our code has shown: output, an event, a file that it left, an error down its chain of causes. A secret in
 * it fails the test that runs (`no-leaks.ts`), whatever else the test expects.
 */
export function capture(what: string, content: unknown): void {
  const text = typeof content === 'string' ? content : inspect(content, EVERYTHING);
  for (const name of secretsIn(text)) leaks.push(`${what} shows the ${name}`);
}

/** `work` with what it throws captured. */
export async function capturingErrors<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    capture(`an error of ${what}`, error);
    throw error;
  }
}

/** What was found since it was last asked. */
export function takeLeaks(): readonly string[] {
  return leaks.splice(0);
}

const EVERYTHING = {
  depth: Number.POSITIVE_INFINITY,
  maxArrayLength: null,
  maxStringLength: null,
  showHidden: true,
  getters: false,
} as const;
