import { readFile } from 'node:fs/promises';
import { parseState, type StateDocument } from './state-document.ts';

/**
 * Undefined where there is no file.
 * @throws ModelcarError `USAGE` when there is a file that is not ours
 */
export async function readStateFile(path: string): Promise<StateDocument | undefined> {
  try {
    return parseState(await readFile(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
