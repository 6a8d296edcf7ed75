import { atOnce } from '../core/at-once.ts';
import { type Descriptor, HF_PATH } from '../core/descriptor.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import type { ManifestDocument } from '../core/manifest.ts';
import type { ImageReader } from '../core/ports.ts';
import { type CheckedBlob, checked } from './checked-blob.ts';
import { type Complaints, compareConfig, cut, TOO_LARGE } from './complaints.ts';
import { judgeManifest } from './judge-manifest.ts';
import { QUESTIONS_AT_ONCE } from './questions-at-once.ts';

/**
 * Nested indexes, the root included. The image-spec has no limit: https://github.com/opencontainers/image-spec/issues/780.
 * Buildx writes two levels; readers follow one to three.
 */
const INDEX_LEVELS = 4;
/** An index has one manifest for each platform, or two with attestations. */
const MANIFESTS_LIMIT = 5_000;
/** One manifest of 4 MiB can name 28,000. */
const LAYERS_LIMIT = 50_000;

/** Everything below a manifest or an index, as small records; the documents themselves are not kept. */
export interface Walk {
  readonly manifests: readonly CheckedBlob[];
  readonly configs: readonly CheckedBlob[];
  /** Each digest and size once, unchecked. */
  readonly layers: readonly Layer[];
  /** The limits that the image exceeds. */
  readonly excess: Complaints;
}

type Blob = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;

/** `file`: the path in the model that the manifest names, cut. */
type Layer = Blob & { readonly file: string | undefined };

/** Reads and checks the manifests and configs below a root, each manifest once however often it is named. */
export async function walkManifests(
  root: ManifestDocument,
  reader: ImageReader,
  signal: AbortSignal,
): Promise<Walk> {
  const manifests: CheckedBlob[] = [];
  const configs: CheckedBlob[] = [];
  const layers = boundedSet<Layer>(LAYERS_LIMIT, ({ digest, size }) => `${digest} ${size}`);
  const named = boundedSet<Blob>(MANIFESTS_LIMIT, ({ digest }) => digest);

  /** Records the layers and the config of a document; returns the manifests that it is the first to name. */
  function take({ document, config }: Read): readonly Blob[] {
    if (config !== undefined) configs.push(config);
    if (document?.kind === 'manifest') for (const layer of document.layers) layers.add(bareLayer(layer));
    return document?.kind === 'index' ? document.manifests.map(bare).filter(named.add) : [];
  }

  let children = take({ document: root, config: await checkConfig(root, reader, signal) });
  for (let level = 0; level < INDEX_LEVELS && children.length > 0; level += 1) {
    const next: Blob[] = [];
    for (let at = 0; at < children.length; at += QUESTIONS_AT_ONCE) {
      // Read a few at a time, so that few documents are in memory.
      const batch = children.slice(at, at + QUESTIONS_AT_ONCE);
      const read = await atOnce(batch, QUESTIONS_AT_ONCE, signal, (child, stop) =>
        readChild(child, reader, stop),
      );
      for (const one of read) {
        manifests.push(one.manifest);
        next.push(...take(one));
      }
    }
    children = next;
  }
  return {
    manifests,
    configs,
    layers: layers.members(),
    excess: [
      ...(children.length > 0 ? [`has more than ${INDEX_LEVELS} levels of indexes`] : []),
      ...(named.isOverfull() ? [`has more than ${MANIFESTS_LIMIT} manifests`] : []),
      ...(layers.isOverfull() ? [`has more than ${LAYERS_LIMIT} layers`] : []),
    ],
  };
}

interface Read {
  readonly document: ManifestDocument | undefined;
  readonly config: CheckedBlob | undefined;
}

async function readChild(
  child: Blob,
  reader: ImageReader,
  signal: AbortSignal,
): Promise<Read & { readonly manifest: CheckedBlob }> {
  const { digest, size } = child;
  const stored = await reader.readManifest({ digest }, Math.min(size, DOCUMENT_LIMIT) + 1, signal);
  const { document, complaints } = judgeManifest(stored, child);
  const config = document && (await checkConfig(document, reader, signal));
  return { document, config, manifest: checked('manifest', child, complaints) };
}

/** Checks a config that several manifests share once for each: it must fit all of them. */
async function checkConfig(
  document: ManifestDocument,
  reader: ImageReader,
  signal: AbortSignal,
): Promise<CheckedBlob | undefined> {
  if (document.kind === 'index') return undefined;
  const { config } = document;
  if (config.size > DOCUMENT_LIMIT) return checked('config', config, [TOO_LARGE]);
  const bytes = await reader.readBlob(config.digest, config.size + 1, signal);
  return checked('config', config, compareConfig(document, bytes));
}

/** Without its annotations, which can be as large as the document. */
function bare({ mediaType, digest, size }: Descriptor): Blob {
  return { mediaType, digest, size };
}

function bareLayer(layer: Descriptor): Layer {
  const file = layer.annotations?.[HF_PATH];
  return { ...bare(layer), file: file && cut(file) };
}

/** @returns a set of at most `limit` members, which reports whether there were more */
function boundedSet<T>(limit: number, keyOf: (member: T) => string) {
  const members = new Map<string, T>();
  let overfull = false;
  return {
    /** @returns whether it is a new member */
    add(member: T): boolean {
      const key = keyOf(member);
      if (members.has(key)) return false;
      if (members.size === limit) {
        overfull = true;
        return false;
      }
      members.set(key, member);
      return true;
    },
    members: (): readonly T[] => [...members.values()],
    isOverfull: () => overfull,
  };
}
