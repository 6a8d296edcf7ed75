import { createReadStream } from 'node:fs';
import { type Digest, HashFrontier } from '../core/digest.ts';
import type { FoundBlob } from '../core/ports.ts';
import { blobPathIn, sizeOf } from './blob-place.ts';

/**
 * What lies in a layout under `digest`; undefined where nothing does. All of it is read: nothing else finds a disk that
 * has lost a bit, and it moves no byte over a network. Where the size differs already, nobody reads.
 */
export async function findBlob(
  folder: string,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  signal: AbortSignal,
): Promise<FoundBlob | undefined> {
  const path = blobPathIn(folder, digest);
  const found = await sizeOf(path);
  if (found === undefined) return undefined;
  if (found !== size) return { size: found, digest: undefined };
  const hash = new HashFrontier();
  for await (const chunk of readBytes(path, signal)) hash.update(chunk, hash.position);
  return { size: hash.position, digest: `sha256:${hash.hex()}` };
}

/** The bytes of a file, at most `limit` of them; an abort is told by its reason. */
export async function* readBytes(
  path: string,
  signal: AbortSignal,
  limit?: number,
): AsyncGenerator<Uint8Array> {
  const end = limit === undefined ? Number.POSITIVE_INFINITY : limit - 1;
  try {
    yield* createReadStream(path, { signal, end, highWaterMark: 1024 * 1024 });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
