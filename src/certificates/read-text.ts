import { readRegular, reasonOf } from './read-cas.ts';

/** The content of a file of `certs.d`. One that cannot be read is a warning, which names it. */
export function readText(path: string, warnings: string[]): string | undefined {
  try {
    return readRegular(path);
  } catch (error) {
    warnings.push(`cannot read ${path}: ${reasonOf(error)}`);
    return undefined;
  }
}
