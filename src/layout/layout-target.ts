import { join } from 'node:path';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { BlobPush, ImageTarget, PushedBlob } from '../core/ports.ts';
import { formatReference } from '../core/reference.ts';
import { makeFolder } from '../files/make-folder.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { writeBlob } from './blob-file.ts';
import { blobPathIn, sizeOf } from './blob-place.ts';
import { explained } from './explained.ts';
import { findBlob } from './find-blob.ts';
import { EMPTY_INDEX, entryOf, readIndex, withTag, writeIndex } from './layout-index.ts';

const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

/**
 * A folder in the OCI image layout (OCI image-spec, image-layout.md): what skopeo and podman call `oci:FOLDER:TAG`.
 * Every file appears whole or not at all.
 */
export function createLayoutTarget(folder: string): ImageTarget {
  const blobPath = ({ digest }: Pick<Descriptor, 'digest'>) => blobPathIn(folder, digest);

  async function pushBlob(push: BlobPush): Promise<PushedBlob> {
    const { digest, content } = push;
    if (digest !== undefined && (await sizeOf(blobPath({ digest }))) === content.size) {
      return { digest, size: content.size, outcome: 'existed' };
    }
    const written = await writeBlob(folder, push, (got) => blobPath({ digest: got }));
    return { digest: written, size: content.size, outcome: 'uploaded' };
  }

  async function checkBlob({ digest, size }: Descriptor): Promise<void> {
    const got = await sizeOf(blobPath({ digest }));
    if (got === size) return;
    throw mismatch(
      `blob ${digest} in ${folder}`,
      `${size} bytes`,
      got === undefined ? 'nothing' : `${got} bytes`,
    );
  }

  return {
    prepare: () =>
      explained(`make an OCI image layout of ${folder}`, async () => {
        await readIndex(folder);
        await makeFolder(join(folder, 'blobs', 'sha256'));
        await writeAtomically(join(folder, 'oci-layout'), Buffer.from(LAYOUT_FILE), 0o644);
      }),
    pushBlob: (push) => explained(`write a blob to ${folder}`, () => pushBlob(push)),
    // What an earlier run wrote is not written again: then it had better be what it was.
    hasBlob: (descriptor, signal) =>
      explained(
        `read ${folder}`,
        async () => (await findBlob(folder, descriptor, signal))?.digest === descriptor.digest,
      ),
    checkBlob: (descriptor) => explained(`read ${folder}`, () => checkBlob(descriptor)),
    pushManifest: (manifest) =>
      explained(`write the manifest to ${folder}`, async () => {
        await writeAtomically(blobPath(manifest.descriptor), manifest.bytes, 0o644);
        await checkBlob(manifest.descriptor);
      }),
    tagManifest: ({ descriptor }, tag) =>
      explained(`tag ${folder}:${tag}`, async () => {
        await writeIndex(folder, withTag((await readIndex(folder)) ?? EMPTY_INDEX, descriptor, tag));
        const held = entryOf(tag, (await readIndex(folder)) ?? EMPTY_INDEX)?.digest;
        if (held !== descriptor.digest)
          throw mismatch(`${folder}:${tag}`, descriptor.digest, held ?? 'nothing');
      }),
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
