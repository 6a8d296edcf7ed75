import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Replaces the file at `path`: readers see the old bytes or the new ones, also after a crash or a power loss. */
export async function writeAtomically(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const unfinished = `${path}${UNFINISHED}${randomUUID()}`;
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

/**
 * Removes what a killed process has left of writing to `path`, once it is this old: what lives is done within
 * milliseconds. Best effort.
 */
export async function sweepUnfinished(path: string, ageMs: number, date: number): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => isUnfinished(name, basename(path)))) {
    const left = join(folder, name);
    const found = await stat(left).catch(() => undefined);
    if (found && date - found.mtimeMs > ageMs) await rm(left, { force: true }).catch(() => undefined);
  }
}

const UNFINISHED = '.unfinished-';

function isUnfinished(name: string, of: string): boolean {
  const start = `${of}${UNFINISHED}`;
  return (
    name.startsWith(start) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name.slice(start.length))
  );
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
