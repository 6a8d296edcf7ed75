import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { BlobPush, ImageTarget, PushedBlob } from '../core/ports.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { writeBlob } from './blob-file.ts';
import { digestOf, readIndex, withTag, writeIndex } from './layout-index.ts';

const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

/**
 * A folder in the OCI image layout (OCI image-spec, image-layout.md): what skopeo and podman call `oci:FOLDER:TAG`.
 * Every file appears whole or not at all.
 */
export function createLayoutTarget(folder: string): ImageTarget {
  const blobs = join(folder, 'blobs', 'sha256');
  const blobPath = ({ digest }: Pick<Descriptor, 'digest'>) => join(blobs, digest.slice('sha256:'.length));

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
        await mkdir(blobs, { recursive: true });
        await writeAtomically(join(folder, 'oci-layout'), Buffer.from(LAYOUT_FILE), 0o644);
      }),
    pushBlob: (push) => explained(`write a blob to ${folder}`, () => pushBlob(push)),
    hasBlob: (descriptor) =>
      explained(`read ${folder}`, async () => (await sizeOf(blobPath(descriptor))) === descriptor.size),
    checkBlob: (descriptor) => explained(`read ${folder}`, () => checkBlob(descriptor)),
    pushManifest: (manifest) =>
      explained(`write the manifest to ${folder}`, async () => {
        await writeAtomically(blobPath(manifest.descriptor), manifest.bytes, 0o644);
        await checkBlob(manifest.descriptor);
      }),
    tagManifest: ({ descriptor }, tag) =>
      explained(`tag ${folder}:${tag}`, async () => {
        await writeIndex(folder, withTag(await readIndex(folder), descriptor, tag));
        const held = digestOf(tag, await readIndex(folder));
        if (held !== descriptor.digest)
          throw mismatch(`${folder}:${tag}`, descriptor.digest, held ?? 'nothing');
      }),
    formatReference: (at) => ('tag' in at ? `oci:${folder}:${at.tag}` : `oci:${folder}@${at.digest}`),
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A failure of the file system, in the words of an adapter. */
async function explained<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new ModelcarError('REJECTED', `cannot ${what}: ${cause.message}`, {
      hint: 'Check that the folder can be written and that the disk has room for the whole model.',
      cause,
    });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
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
