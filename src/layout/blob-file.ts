import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, HashFrontier } from '../core/digest.ts';
import type { BlobPush } from '../core/ports.ts';

/**
 * Writes content under a name of its own beside the blobs, and gives it its digest's name when every byte has come
 * and is on the disk. What fails on the way leaves nothing behind.
 */
export async function writeBlob(
  folder: string,
  { content, signal, onProgress }: BlobPush,
  finalPath: (digest: Digest) => string,
): Promise<Digest> {
  const unfinished = join(folder, `.unfinished-${randomUUID()}`);
  const hash = new HashFrontier();
  try {
    const file = await open(unfinished, 'wx', 0o644);
    try {
      for await (const chunk of content.open({ signal })) {
        hash.update(chunk, hash.position);
        await file.writeFile(chunk);
        onProgress?.(hash.position);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const digest: Digest = `sha256:${hash.hex()}`;
    await rename(unfinished, finalPath(digest));
    return digest;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
