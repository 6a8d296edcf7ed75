import { atOnce } from '../core/at-once.ts';
import { type Digest, sha256 } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import type { ImageReader } from '../core/ports.ts';
import type { ManifestName } from '../core/reference.ts';
import { type CheckedBlob, checked } from './checked-blob.ts';
import { compareBlob } from './complaints.ts';
import { judgeManifest } from './judge-manifest.ts';
import { QUESTIONS_AT_ONCE } from './questions-at-once.ts';
import { walkManifests } from './walk-manifests.ts';

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
  if (root === undefined) throw notFound(reference, name);
  const { document, complaints } = judgeManifest(root, 'digest' in name ? name : {});
  const walk = document && (await walkManifests(document, reader, signal));
  const layers = await atOnce(walk?.layers ?? [], QUESTIONS_AT_ONCE, signal, async (layer, stop) =>
    checked('layer', layer, compareBlob(layer, await reader.findBlob(layer, stop))),
  );
  const blobs = [...(walk?.manifests ?? []), ...once(walk?.configs ?? []), ...layers];
  return {
    reference,
    manifestDigest: sha256(root.bytes),
    mediaType: reader.redact(document?.mediaType ?? root.mediaType ?? ''),
    blobs: blobs.map((blob) => ({
      ...blob,
      file: blob.file && reader.redact(blob.file),
      problem: blob.problem && reader.redact(blob.problem),
    })),
    problems: [
      ...[...complaints, ...(walk?.excess ?? [])].map(
        (complaint) => `${reference} ${reader.redact(complaint)}`,
      ),
      ...blobs.flatMap(({ kind, digest, file, problem }) =>
        problem
          ? [`${kind} ${digest}${file ? ` (${reader.redact(file)})` : ''} ${reader.redact(problem)}`]
          : [],
      ),
    ],
  };
}

/** Lists a blob that several manifests share once for each different problem. */
function once(blobs: readonly CheckedBlob[]): readonly CheckedBlob[] {
  return [...new Map(blobs.map((blob) => [`${blob.digest} ${blob.size} ${blob.problem}`, blob])).values()];
}

function notFound(reference: string, name: ManifestName): ModelcarError {
  const suffix = 'tag' in name ? `:${name.tag}` : `@${name.digest}`;
  return new ModelcarError('NOT_FOUND', `there is no image ${reference}`, {
    hint: `Check the name: oci-modelcar status ${reference.slice(0, -suffix.length)} lists the tags.`,
  });
}
