import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Replaces the file at `path`: readers see the old bytes or the new ones, also after a crash. */
export async function writeAtomically(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const unfinished = `${path}.unfinished-${randomUUID()}`;
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
    await rm(unfinished, { force: true });
    throw error;
  }
}
