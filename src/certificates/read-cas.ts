import { type Dirent, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { certificatesIn } from '../core/certificates.ts';
import { systemWords } from '../core/system-words.ts';

/** The CAs of one file or folder. */
export interface Reading {
  readonly origin: string;
  /** Each in PEM form. */
  readonly certificates: readonly string[];
  /** Why it cannot be used, if it exists or the user named it. */
  readonly problem?: string;
}

/** Whether the user named the path. Other paths may be missing. */
type Named = 'named' | undefined;

/** The largest known lists of CAs have half a mebibyte. */
const LONGEST = 16 * 2 ** 20;

/** Never waits: a pipe or a device is a problem. */
export function readCaFile(path: string, named?: Named): Reading {
  try {
    const certificates = certificatesIn(readRegular(path));
    return {
      origin: path,
      certificates,
      ...(certificates.length === 0 && { problem: 'no PEM certificate in it' }),
    };
  } catch (error) {
    return failed(path, error, named);
  }
}

/** All files of a folder that hold certificates. */
export function readCaFolder(folder: string, named?: Named): Reading {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !isAlias(folder, entry));
    const certificates = entries.flatMap(({ name }) => readCaFile(join(folder, name)).certificates);
    return { origin: folder, certificates };
  } catch (error) {
    return failed(folder, error, named);
  }
}

/** `c_rehash` gives each file of the folder a second name. */
function isAlias(folder: string, entry: Dirent): boolean {
  return entry.isSymbolicLink() && !readlinkSync(join(folder, entry.name)).includes('/');
}

/** @throws Error for anything but a regular file of a sensible size, without waiting */
export function readRegular(path: string): string {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error(stats.isDirectory() ? 'a folder' : 'not a regular file');
  if (stats.size > LONGEST) throw new Error(`${stats.size} bytes, more than the ${LONGEST} allowed`);
  return readFileSync(path, 'utf8');
}

function failed(origin: string, error: unknown, named: Named): Reading {
  const { code } = error as NodeJS.ErrnoException;
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  if (isMissing && named === undefined) return { origin, certificates: [] };
  return { origin, certificates: [], problem: systemWords(error) };
}
