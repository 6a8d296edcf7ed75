import { type Digest, isDigest } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import type { ImageReader, StoredManifest } from '../core/ports.ts';
import { formatReference, isTag, type ManifestName, type TargetLocation } from '../core/reference.ts';
import { blobPathIn, sizeOf } from './blob-place.ts';
import { explained } from './explained.ts';
import { findBlob, readBytes } from './find-blob.ts';
import { entryOf, readIndex, tagsOf } from './layout-index.ts';

/**
 * Reads a folder in the OCI image layout (OCI image-spec, image-layout.md).
 */
export function createLayoutReader(folder: string): ImageReader {
  const location: TargetLocation = { kind: 'layout', folder };

  async function resolve(name: ManifestName): Promise<Omit<StoredManifest, 'bytes'>> {
    if ('digest' in name) return { digest: name.digest, mediaType: undefined };
    const index = await readIndex(folder);
    const { digest, mediaType } = (index && entryOf(name.tag, index)) ?? {};
    return { digest: digest !== undefined && isDigest(digest) ? digest : undefined, mediaType };
  }

  async function readBlob(
    digest: Digest,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const path = blobPathIn(folder, digest);
    if ((await sizeOf(path)) === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    if (limit > 0) for await (const chunk of readBytes(path, signal, limit)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  const reading = <T>(work: () => Promise<T>) =>
    explained(`read ${folder}`, work, 'Check that the folder can be read.');

  return {
    listTags: () =>
      reading(async () => {
        const index = await readIndex(folder);
        if (index === undefined) throw noLayout(folder);
        return tagsOf(index).filter(isTag);
      }),
    resolveTag: (tag) =>
      reading(async () => {
        const { digest } = await resolve({ tag });
        const isThere = digest && (await sizeOf(blobPathIn(folder, digest))) !== undefined;
        return isThere ? digest : undefined;
      }),
    readManifest: (name, limit, signal) =>
      reading(async () => {
        const { digest, mediaType } = await resolve(name);
        const bytes = digest && (await readBlob(digest, limit, signal));
        if (digest && bytes === undefined && 'tag' in name) throw lostManifest(name.tag, digest);
        if (bytes === undefined && (await readIndex(folder)) === undefined) throw noLayout(folder);
        return bytes && { bytes, digest, mediaType };
      }),
    readBlob: (digest, limit, signal) => reading(() => readBlob(digest, limit, signal)),
    findBlob: (blob, signal) => reading(() => findBlob(folder, blob, signal)),
    formatReference: (name) => formatReference(location, name),
    // A folder receives no secrets.
    redact: (text) => text,
  };

  /** The index names it, so the layout is damaged: another name would not help. */
  function lostManifest(tag: string, digest: Digest): ModelcarError {
    const message = `${formatReference(location, { tag })} points to ${digest}, which is not in the layout`;
    return new ModelcarError('CONTENT_MISMATCH', message, { hint: 'Push the model again.' });
  }
}

function noLayout(folder: string): ModelcarError {
  return new ModelcarError('NOT_FOUND', `there is no OCI image layout in ${folder}`, {
    hint: 'Check the folder; what is one holds a file index.json.',
  });
}
