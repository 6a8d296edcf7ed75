import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, HashFrontier } from '../core/digest.ts';
import type { BlobPush } from '../core/ports.ts';
import type { ProcessMark } from '../files/process-mark.ts';
import { unfinishedSuffix } from '../files/unfinished.ts';
import { stampOf } from './known-blobs.ts';

export interface WrittenBlob {
  readonly digest: Digest;
  readonly stamp: string;
}

/**
 * Writes content to a file beside the blobs, and renames it to its digest once every byte is on the disk. A failure
 * removes the file; a killed process leaves it, named after the process.
 */
export async function writeBlob(
  folder: string,
  { content, signal, onProgress }: BlobPush,
  finalPath: (digest: Digest) => string,
  self: ProcessMark,
): Promise<WrittenBlob> {
  const unfinished = join(folder, unfinishedSuffix(self));
  const hash = new HashFrontier();
  let stamp: string;
  try {
    const file = await open(unfinished, 'wx', 0o644);
    try {
      for await (const chunk of content.open({ signal })) {
        hash.update(chunk, hash.position);
        await file.writeFile(chunk);
        onProgress?.(hash.position);
      }
      await file.sync();
      stamp = stampOf(await file.stat({ bigint: true }));
    } finally {
      await file.close();
    }
    const digest: Digest = `sha256:${hash.hex()}`;
    await rename(unfinished, finalPath(digest));
    return { digest, stamp };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
