import { type Descriptor, HF_PATH, HF_SHA256 } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { shownPath } from './file-path.ts';
import { buildImage, layerDescriptor } from './image.ts';
import { imagePath, type LayerPlanOptions, type PlannedLayer } from './layer-plan.ts';
import type { ManifestDocument } from './manifest.ts';
import { LAYER } from './media-type.ts';
import { firstFilePath } from './tar-head.ts';
import { TAR_LAYOUTS, tarLayerSize } from './tar-layer.ts';

/** The image that a push is about to make. */
export interface WantedImage extends LayerPlanOptions {
  readonly layers: readonly PlannedLayer[];
}

/** The image that a tag points at. `document`: undefined for a manifest that we cannot read. */
export interface StoredImage {
  readonly digest: Digest;
  readonly document: ManifestDocument | undefined;
}

/** How a stored image compares with a wanted one, by its manifest. */
export type Likeness =
  | SameFiles
  /** `why` follows "which" in a message. It shows no text of the stored image. */
  | { readonly kind: 'other-files'; readonly why: string };

export interface SameFiles {
  readonly kind: 'same-files';
  /** `ours`: with the same layer bytes, the wanted image would have this digest. */
  readonly encoding: 'ours' | 'another';
  readonly witness: Witness;
}

/** The layer to read: its first bytes show the folder of the stored files. */
export interface Witness {
  readonly layer: Descriptor;
  /** The path of that file in the wanted image. */
  readonly path: string;
}

/**
 * Compares paths in the model, hashes of LFS files, and layer sizes: manifests of ours and of the Python tool have these.
 * Small files have no hash; at one commit, the path is enough.
 */
export function compareImages({ digest, document }: StoredImage, wanted: WantedImage): Likeness {
  const found = filesOf(document);
  if (typeof found === 'string') return { kind: 'other-files', why: found };
  const why = differentFiles(found, wanted.layers) ?? otherLayout(found, wanted);
  const [witness] = witnesses(found, wanted.layers);
  if (why !== undefined) return { kind: 'other-files', why };
  if (witness === undefined) return { kind: 'other-files', why: 'has no files' };
  const encoding = isOurEncoding(digest, found, wanted.layers) ? 'ours' : 'another';
  return { kind: 'same-files', encoding, witness };
}

/**
 * The likeness after reading the first bytes of the witness. One layer is enough: all layers of an image share the prefix.
 * If the target has lost the layer, the image still counts as the same: the push repairs it.
 */
export function comparePaths(likeness: SameFiles, head: Uint8Array | undefined): Likeness {
  const { path } = likeness.witness;
  if (head === undefined || firstFilePath(head) === path) return likeness;
  return { kind: 'other-files', why: `has no file ${shownPath(path)}: its files are in another folder` };
}

/**
 * What the push will do with an existing tag. `may-move`: a chosen tag may be of another commit, and the manifest has no
 * hash of small files.
 */
export type TagOutlook = 'stays' | 'moves' | 'may-move';

/** Users expect the default tag to mean its commit. A chosen tag may mean anything. */
export type TagKind = 'default' | 'chosen';

export type TagDecision =
  | { readonly kind: 'goes'; readonly outlook: TagOutlook }
  /** The tag would silently move to other files. */
  | { readonly kind: 'refused'; readonly why: string };

/** @param moveTag whether the default tag may move to other files */
export function decideTag(likeness: Likeness, kind: TagKind, moveTag: boolean): TagDecision {
  if (likeness.kind === 'other-files') {
    if (kind === 'default' && !moveTag) return { kind: 'refused', why: likeness.why };
    return { kind: 'goes', outlook: 'moves' };
  }
  if (likeness.encoding === 'another') return { kind: 'goes', outlook: 'moves' };
  return { kind: 'goes', outlook: kind === 'default' ? 'stays' : 'may-move' };
}

/** Bytes of a layer to read for {@link comparePaths}: more than the headers of the longest path. */
export const HEAD_LIMIT: number = 64 * 1024;

type Files = ReadonlyMap<string, Descriptor>;

/** The layers by their files, or why the manifest does not say. */
function filesOf(document: ManifestDocument | undefined): Files | string {
  if (document?.kind !== 'manifest') return 'is not an image of one model';
  const files = new Map<string, Descriptor>();
  for (const layer of document.layers) {
    const path = layer.annotations?.[HF_PATH];
    if (path === undefined || layer.mediaType !== LAYER || files.has(path)) {
      return 'does not say which file of a model is in which layer';
    }
    files.set(path, layer);
  }
  return files;
}

function differentFiles(found: Files, layers: readonly PlannedLayer[]): string | undefined {
  const lacking = layers.filter(({ sibling }) => !found.has(sibling.path));
  const more = found.size - (layers.length - lacking.length);
  const changed = layers.find(({ sibling }) => !mayHold(found.get(sibling.path), sibling));
  const [first] = lacking;
  if (first !== undefined) {
    const others = lacking.length > 1 ? ` and ${lacking.length - 1} more` : '';
    return `lacks ${shownPath(first.sibling.path)}${others}`;
  }
  if (more > 0) return `has ${more} more ${more === 1 ? 'file' : 'files'}`;
  return changed && `has a different ${shownPath(changed.sibling.path)}`;
}

/** Whether the layer may hold this file, by its size and hash. */
function mayHold(layer: Descriptor | undefined, { size, oid }: PlannedLayer['sibling']): boolean {
  const hash = layer?.annotations?.[HF_SHA256];
  if (layer !== undefined && layer.size < size) return false;
  return hash === undefined || oid.algorithm !== 'sha256' || hash === oid.hex;
}

/** Our tar layouts differ in size. Other sizes come from another version of a tool. */
function otherLayout(found: Files, { layers, prefix, tarLayout: ours }: WantedImage): string | undefined {
  if (layers.every(({ sibling, size }) => found.get(sibling.path)?.size === size)) return undefined;
  const other = TAR_LAYOUTS.find(
    (tarLayout) =>
      tarLayout !== ours &&
      layers.every(({ sibling }) => {
        const path = imagePath(sibling.path, { prefix, tarLayout });
        return found.get(sibling.path)?.size === tarLayerSize(path, sibling.size, tarLayout);
      }),
  );
  return other && `has the tar layout ${other}`;
}

/** Prefer a file in a folder, because the layouts differ only in such paths. Then prefer the smallest. */
function witnesses(found: Files, layers: readonly PlannedLayer[]): readonly Witness[] {
  const isNested = ({ sibling }: PlannedLayer) => Number(sibling.path.includes('/'));
  return layers
    .toSorted((a, b) => isNested(b) - isNested(a) || a.size - b.size)
    .flatMap(({ sibling, path }) => {
      const layer = found.get(sibling.path);
      return layer === undefined ? [] : [{ layer, path }];
    });
}

function isOurEncoding(digest: Digest, found: Files, layers: readonly PlannedLayer[]): boolean {
  const descriptors = layers.flatMap(({ sibling, size }) => {
    const layer = found.get(sibling.path);
    return layer?.size === size ? [layerDescriptor(sibling, layer)] : [];
  });
  return buildImage(descriptors).manifest.descriptor.digest === digest;
}
