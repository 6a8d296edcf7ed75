import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasLayoutFile } from './layout-file.ts';
import { readIndex, realIndexPath } from './layout-index.ts';

/**
 * Checks that a push could write the layout, and creates nothing.
 * @throws ModelcarError `REJECTED` when the folder holds something else
 * @throws Error when this user cannot write there
 */
export async function checkWritable(folder: string, user: number | undefined): Promise<void> {
  await realIndexPath(folder, user);
  await readIndex(folder);
  await hasLayoutFile(folder);
  for (const path of [folder, join(folder, 'blobs'), join(folder, 'blobs', 'sha256')])
    await access(await nearestExisting(path), constants.W_OK | constants.X_OK);
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  return exists || dirname(path) === path ? path : nearestExisting(dirname(path));
}
