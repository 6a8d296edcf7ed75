import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ProcessMark } from './process-mark.ts';
import { unfinishedSuffix } from './unfinished.ts';

/**
 * Replaces the file at `path`: readers see the old bytes or the new ones, also after a crash or a power loss.
 * @param self named in the unfinished file, so that a later run can sweep it if this process is killed
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  mode: number,
  self: ProcessMark,
): Promise<void> {
  const unfinished = path + unfinishedSuffix(self);
  try {
    const file = await open(unfinished, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    // What went wrong with the file is what people should hear of.
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The rename is in the folder, which has blocks of its own (fsync(2)). Not every system can do that to a folder. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // The file is whole either way: at worst it is the old one after a power loss.
  }
}
