import type { PushResult } from '../../index.ts';
import { printable } from './printable.ts';

/** The results under the Python tool's names, which steps of pipelines refer to. */
export function outputsOf(result: PushResult): readonly (readonly [name: string, value: string])[] {
  return [
    ['manifestDigest', result.manifestDigest],
    ['imageRef', result.imageReference],
    ['imageRefDigest', result.imageReferenceDigest],
  ];
}

/** The same as a line for `eval`: `IMAGEREF=…`. */
export function variableLine([name, value]: readonly [name: string, value: string]): string {
  return printable(`${name.toUpperCase()}=${quoted(value)}`);
}

/** As a shell reads it: a folder can have any name, and these lines are made to be evaluated. */
function quoted(value: string): string {
  if (/^[\w@%+=:,./[\]-]*$/.test(value)) return value;
  // CI services read commands behind "##" wherever it stands; for the shell '#''#' is the same.
  return `'${value.replaceAll("'", "'\\''").replace(/#(?=#)/g, "#''")}'`;
}
