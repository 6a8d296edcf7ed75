import { atOnce } from '../core/at-once.ts';
import type { Descriptor } from '../core/descriptor.ts';
import { type Digest, sha256 } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import type { ImageReader } from '../core/ports.ts';
import type { ManifestName } from '../core/reference.ts';
import { type Complaints, compareBlob, compareConfig, TOO_LARGE } from './complaints.ts';
import { type JudgedManifest, judgeChildren, judgeManifest } from './judge-manifest.ts';
import { QUESTIONS_AT_ONCE } from './questions-at-once.ts';
import type { ImageManifest, ManifestDocument } from './wire.ts';

export interface Validation {
  /** As it was asked for. */
  readonly reference: string;
  /** Of the bytes that came for it. */
  readonly manifestDigest: Digest;
  /** What the manifest or index calls itself, else what the registry calls it; empty where nobody says. */
  readonly mediaType: string;
  /** Everything that the image is made of, each once: the manifests of an index, then configs, then layers. */
  readonly blobs: readonly CheckedBlob[];
  /** Everything that is wrong, one sentence each, with what `blobs` says. None: the image is whole. */
  readonly problems: readonly string[];
}

export interface CheckedBlob {
  readonly kind: 'manifest' | 'config' | 'layer';
  readonly digest: Digest;
  /** Bytes, as its descriptor promises. */
  readonly size: number;
  readonly problem: string | undefined;
}

/**
 * Whether everything that a reference leads to is there and is what it is called: manifest or index, configs, and every
 * layer. It goes on past what is wrong and tells all of it.
 *
 * @throws ModelcarError `NOT_FOUND` when there is no such image; whatever keeps us from looking, such as `UNAUTHORIZED`
 */
export async function validateImage(
  reader: ImageReader,
  name: ManifestName,
  signal: AbortSignal,
): Promise<Validation> {
  const reference = reader.formatReference(name);
  const root = await reader.readManifest(name, DOCUMENT_LIMIT + 1, signal);
  if (root === undefined) throw notFound(reference);
  const { document, complaints } = judgeManifest(root, 'digest' in name ? name : {});
  const blobs = document ? await checkParts(document, reader, signal) : [];
  return {
    reference,
    manifestDigest: sha256(root.bytes),
    mediaType: reader.redact(document?.mediaType ?? root.mediaType ?? ''),
    blobs: blobs.map((blob) => ({ ...blob, problem: blob.problem && reader.redact(blob.problem) })),
    problems: [
      ...complaints.map((complaint) => `${reference} ${reader.redact(complaint)}`),
      ...blobs.flatMap(({ kind, digest, problem }) =>
        problem ? [`${kind} ${digest} ${reader.redact(problem)}`] : [],
      ),
    ],
  };
}

async function checkParts(
  root: ManifestDocument,
  reader: ImageReader,
  signal: AbortSignal,
): Promise<readonly CheckedBlob[]> {
  const children = await judgeChildren(root, reader, signal);
  const images = [root, ...[...children.values()].map(({ document }) => document)].filter(isImage);
  const configs = await checkConfigs(images, reader, signal);
  const layers = once(images.flatMap((image) => image.layers));
  const found = await atOnce(layers, QUESTIONS_AT_ONCE, signal, async (layer, stop) =>
    checked('layer', layer, compareBlob(layer, await reader.findBlob(layer, stop))),
  );
  return [...[...children].map(checkedManifest), ...configs, ...found];
}

/** A config with other layers is checked again: what it says must fit each of its manifests. */
async function checkConfigs(
  images: readonly ImageManifest[],
  reader: ImageReader,
  signal: AbortSignal,
): Promise<readonly CheckedBlob[]> {
  const configs = await atOnce(images, QUESTIONS_AT_ONCE, signal, async (image, stop) => {
    const { config } = image;
    if (config.size > DOCUMENT_LIMIT) return checked('config', config, [TOO_LARGE]);
    const bytes = await reader.readBlob(config.digest, config.size + 1, stop);
    return checked('config', config, compareConfig(image, bytes));
  });
  return once(configs);
}

function checkedManifest([descriptor, { complaints }]: [Descriptor, JudgedManifest]): CheckedBlob {
  return checked('manifest', descriptor, complaints);
}

function checked(kind: CheckedBlob['kind'], blob: Descriptor, complaints: Complaints): CheckedBlob {
  const { digest, size } = blob;
  return { kind, digest, size, problem: complaints.length > 0 ? complaints.join('; ') : undefined };
}

/** The same blob at several places is one; promised in two sizes, it is two of which one is wrong. */
function once<T extends Pick<CheckedBlob, 'digest' | 'size'> & { readonly problem?: string | undefined }>(
  blobs: readonly T[],
): readonly T[] {
  return [...new Map(blobs.map((blob) => [`${blob.digest} ${blob.size} ${blob.problem}`, blob])).values()];
}

function isImage(document: ManifestDocument | undefined): document is ImageManifest {
  return document?.kind === 'manifest';
}

function notFound(reference: string): ModelcarError {
  return new ModelcarError('NOT_FOUND', `there is no image ${reference}`, {
    hint: 'Check the name; `oci-modelcar status` with registry/repository lists the tags.',
  });
}
