import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Descriptor } from '../core/descriptor.ts';
import type { Digest } from '../core/digest.ts';
import type { FoundBlob } from '../core/ports.ts';
import { blobPathIn } from './blob-place.ts';
import { findBlob } from './find-blob.ts';

/**
 * The blobs that this push wrote or hashed, each with the stamp of its file: until the stamp changes, the file need not be
 * hashed again. The threads of a push share one.
 */
export interface KnownBlobs {
  get(digest: Digest): string | undefined;
  set(digest: Digest, stamp: string): void;
}

/** Changes whenever the file is written to or replaced. */
export function stampOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join(' ');
}

/** Like {@link findBlob}, but does not read a known blob again. */
export async function findKnownBlob(
  folder: string,
  known: KnownBlobs,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  signal: AbortSignal,
): Promise<FoundBlob | undefined> {
  const { digest } = blob;
  const stamp = known.get(digest);
  const found = await stat(blobPathIn(folder, digest), { bigint: true }).catch(() => undefined);
  if (found !== undefined && stampOf(found) === stamp) return { size: Number(found.size), digest };
  const hashed = await findBlob(folder, blob, signal);
  if (hashed?.digest === digest && found !== undefined) known.set(digest, stampOf(found));
  return hashed;
}
