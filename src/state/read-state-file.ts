import { ModelcarError } from '../core/error.ts';
import { openRegularFile } from '../files/read-regular-file.ts';
import { ownRealFile, requireOwnFile } from './require-own.ts';
import { parseState, type StateDocument } from './state-document.ts';

/** Some hundred thousand layers. A file is read whole: whatever else is named by mistake must not fill the memory. */
export const MAX_STATE_BYTES = 67_108_864;

/**
 * Undefined where there is no file; `torn` where a power loss has cut it short.
 * @param user the user ID of this process; undefined where the system has none
 * @throws ModelcarError `USAGE` when there is something that is not ours
 * @throws Error when the file cannot be read, or other users can write it
 */
export async function readStateFile(
  path: string,
  user: number | undefined,
): Promise<StateDocument | 'torn' | undefined> {
  const real = await ownRealFile(path, user);
  const refuse = (what: string) => notOurs(path, what);
  const file = await openRegularFile(real, refuse).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    requireOwnFile(path, stats, user);
    if (stats.size > MAX_STATE_BYTES) throw refuse(`of ${stats.size} bytes, more than one of ours ever has`);
    return parseState(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

function notOurs(path: string, what: string): ModelcarError {
  return new ModelcarError('USAGE', `the state file ${path} is ${what}: it is left as it is`, {
    hint: 'Give the path of a file with --state-file; it is made where there is none.',
  });
}
