import { systemWords } from '../core/system-words.ts';
import { readRegular } from './read-cas.ts';

/** The content of a file of `certs.d`. Warns of a file that it cannot read. */
export function readText(path: string, warnings: string[]): string | undefined {
  try {
    return readRegular(path);
  } catch (error) {
    warnings.push(`cannot read ${path}: ${systemWords(error)}`);
    return undefined;
  }
}
