import { type Digest, HashFrontier } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import type { FoundBlob } from '../core/ports.ts';
import { openRegularFile, readChunks } from '../files/read-regular-file.ts';
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

/** The bytes of a file, at most `limit` of them. An abort throws its reason. */
export async function* readBytes(
  path: string,
  signal: AbortSignal,
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const file = await openRegularFile(path, (what) => new ModelcarError('REJECTED', `${path} is ${what}`));
  try {
    yield* readChunks(file, limit, signal);
  } finally {
    await file.close();
  }
}
