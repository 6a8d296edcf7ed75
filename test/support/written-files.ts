import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from './captures.ts';

/**
 * Notes what lies in the folders now. The function it returns captures every file that is new or changed by then: what
 * a test has put there itself, such as an auth file, is not what our code shows.
 */
export async function watchFolders(folders: readonly string[]): Promise<() => Promise<void>> {
  const before = new Map<string, string | undefined>();
  for (const file of await filesIn(folders)) before.set(file, await versionOf(file));
  return async () => {
    for (const file of await filesIn(folders)) {
      capture(`the name of ${file}`, file);
      if (before.get(file) !== (await versionOf(file))) capture(file, await contentOf(file));
    }
  };
}

async function filesIn(folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(folders.map(listing));
  return [...new Set(found.flat())];
}

async function listing(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // not there, or no folder
  }
}

/** Undefined for one that is gone: a lock of another run. */
async function versionOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && `${found.ino} ${found.mtimeMs} ${found.size}`;
}

/** One handle for the bytes and the mode: a live process may rename or remove the file between two calls by path. */
async function contentOf(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { mode } = await file.stat();
    const content = await file.readFile('latin1');
    // Only a journal that no other user can read may contain the location of an open upload.
    return (mode & 0o077) === 0 ? content.replaceAll(/^ *"location": ".*$/gm, '') : content;
  } finally {
    await file.close();
  }
}
