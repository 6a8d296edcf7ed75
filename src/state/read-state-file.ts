import { readFile, stat } from 'node:fs/promises';
import { ModelcarError } from '../core/error.ts';
import { parseState, type StateDocument } from './state-document.ts';

/** Some hundred thousand layers. A file is read whole: whatever else is named by mistake must not fill the memory. */
export const MAX_STATE_BYTES = 67_108_864;

/**
 * Undefined where there is no file; `torn` where a power loss has cut it short.
 * @throws ModelcarError `USAGE` when there is something that is not ours
 */
export async function readStateFile(path: string): Promise<StateDocument | 'torn' | undefined> {
  try {
    const found = await stat(path);
    // Looked at before it is opened: a pipe would never end, and /dev/null must not be moved away.
    if (!found.isFile()) throw notOurs(path, found.isDirectory() ? 'a folder' : 'no ordinary file');
    if (found.size > MAX_STATE_BYTES)
      throw notOurs(path, `of ${found.size} bytes, more than one of ours ever has`);
    return parseState(await readFile(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function notOurs(path: string, what: string): ModelcarError {
  return new ModelcarError('USAGE', `the state file ${path} is ${what}: it is left as it is`, {
    hint: 'Give the path of a file with --state-file; it is made where there is none.',
  });
}
