import { basename, dirname, join } from 'node:path';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { Document } from '../core/image.ts';
import type { BlobPush, ImageTarget, PushedBlob } from '../core/ports.ts';
import { formatReference } from '../core/reference.ts';
import type { LockWorld } from '../files/file-lock.ts';
import { makeFolder } from '../files/make-folder.ts';
import { sweepUnfinished } from '../files/unfinished.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { writeBlob } from './blob-file.ts';
import { blobPathIn } from './blob-place.ts';
import { checkWritable } from './check-writable.ts';
import { explained } from './explained.ts';
import { findKnownBlob, type KnownBlobs } from './known-blobs.ts';
import { hasLayoutFile, writeLayoutFile } from './layout-file.ts';
import { changeIndex, entryOf, readIndex, realIndexPath, withTag } from './layout-index.ts';
import { createLayoutReader } from './layout-reader.ts';

export interface LayoutWorld extends LockWorld {
  readonly known: KnownBlobs;
  /** The user ID of this process; undefined where the system has none. */
  readonly user: number | undefined;
}

/**
 * A folder in the OCI image layout (OCI image-spec, image-layout.md): what skopeo and podman call `oci:FOLDER:TAG`.
 * Every file appears whole or not at all. Pushes at the same time keep each other's tags.
 */
export function createLayoutTarget(folder: string, world: LayoutWorld): ImageTarget {
  const { known, processes } = world;
  const blobs = join(folder, 'blobs', 'sha256');
  const tagged = new Map<string, Descriptor>();
  const { resolveTag, readManifest, readBlob } = createLayoutReader(folder);

  async function prepare(): Promise<void> {
    const index = await realIndexPath(folder, world.user);
    await readIndex(folder);
    const isLayout = await hasLayoutFile(folder);
    await makeFolder(blobs);
    await sweep(index);
    if (!isLayout) await writeLayoutFile(folder, processes.self);
  }

  async function sweep(index: string): Promise<void> {
    await sweepUnfinished(dirname(index), (name) => name === basename(index), world);
    await sweepUnfinished(folder, (name) => name === '' || name === 'oci-layout', world);
    await sweepUnfinished(blobs, (name) => /^[0-9a-f]{64}$/.test(name), world);
  }

  async function hasBlob({ digest, size }: Pick<Descriptor, 'digest' | 'size'>, signal: AbortSignal) {
    const found = await findKnownBlob(folder, known, { digest, size }, signal);
    return found?.digest === digest && found.size === size;
  }

  async function pushBlob(push: BlobPush): Promise<PushedBlob> {
    const { digest, content, signal } = push;
    const { size } = content;
    if (digest !== undefined && (await hasBlob({ digest, size }, signal))) {
      return { digest, size, outcome: 'existed' };
    }
    const written = await writeBlob(folder, push, (got) => blobPathIn(folder, got), processes.self);
    known.set(written.digest, written.stamp);
    return { digest: written.digest, size, outcome: 'uploaded' };
  }

  async function checkBlob({ digest, size }: Descriptor, signal: AbortSignal): Promise<void> {
    const found = await findKnownBlob(folder, known, { digest, size }, signal);
    const what = `blob ${digest} in ${folder}`;
    if (found?.size !== size) {
      throw mismatch(what, `${size} bytes`, found === undefined ? 'nothing' : `${found.size} bytes`);
    }
    if (found.digest !== digest) throw mismatch(what, digest, `${found.digest}`);
  }

  async function pushManifest({ bytes, descriptor }: Document, signal: AbortSignal): Promise<void> {
    await writeAtomically(blobPathIn(folder, descriptor.digest), bytes, 0o644, processes.self);
    await checkBlob(descriptor, signal);
  }

  /** Other tools may drop our tags while we push (see `changeIndex`): writing the next tag restores them. */
  async function tagManifest({ descriptor }: Document, tag: string): Promise<void> {
    tagged.delete(tag);
    const index = await changeIndex(folder, world, (before) => {
      const lost = [...tagged].filter(([name]) => entryOf(name, before) === undefined);
      const restored = lost.reduce((index, [name, manifest]) => withTag(index, manifest, name), before);
      return withTag(restored, descriptor, tag);
    });
    const got = entryOf(tag, index)?.digest;
    if (got !== descriptor.digest) throw mismatch(`${folder}:${tag}`, descriptor.digest, got ?? 'nothing');
    tagged.set(tag, descriptor);
  }

  return {
    prepare: () => explained(`make an OCI image layout of ${folder}`, prepare),
    checkAccess: () =>
      explained(`make an OCI image layout of ${folder}`, () => checkWritable(folder, world.user)),
    pushBlob: (push) => explained(`write a blob to ${folder}`, () => pushBlob(push)),
    hasBlob: (blob, signal) => explained(`read ${folder}`, () => hasBlob(blob, signal)),
    checkBlob: (blob, signal) => explained(`read ${folder}`, () => checkBlob(blob, signal)),
    pushManifest: (manifest, signal) =>
      explained(`write the manifest to ${folder}`, () => pushManifest(manifest, signal)),
    tagManifest: (manifest, tag) => explained(`tag ${folder}:${tag}`, () => tagManifest(manifest, tag)),
    resolveTag,
    readManifest,
    readBlob,
    formatReference: (name) => formatReference({ kind: 'layout', folder }, name),
  };
}

function mismatch(what: string, expected: string, got: string): ModelcarError {
  return new ModelcarError(
    'CONTENT_MISMATCH',
    `${what} is not what was pushed: expected ${expected}, got ${got}`,
    {
      hint: 'Is another program writing to this folder? Push again.',
    },
  );
}
