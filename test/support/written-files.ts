import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { capture } from './captures.ts';

/**
 * Notes what lies in the folders now. The function it returns captures every file that is new or changed by then: what
 * a test has put there itself, such as an auth file, is not what our code shows.
 */
export async function watchFolders(folders: readonly string[]): Promise<() => Promise<void>> {
  const before = new Map<string, string>();
  for (const file of await filesIn(folders)) before.set(file, await versionOf(file));
  return async () => {
    for (const file of await filesIn(folders)) {
      if (before.get(file) === (await versionOf(file))) continue;
      capture(`the name of ${file}`, file);
      capture(file, await readFile(file, 'latin1'));
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

async function versionOf(file: string): Promise<string> {
  const { ino, mtimeMs, size } = await stat(file);
  return `${ino} ${mtimeMs} ${size}`;
}
