import { readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * The file that a link points at, also one that does not exist yet. Reading, locking and replacing all go there: a rename
 * onto the link would replace the link, and two links to one file would have two locks.
 */
export async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return path; // who uses it meets the same error
  }
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? path : realFile(resolve(await realpath(dirname(path)), target));
}
