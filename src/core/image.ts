import { type Descriptor, HF_PATH, HF_SHA256 } from './descriptor.ts';
import { type Digest, sha256 } from './digest.ts';
import { encodeJson, type Json } from './json.ts';
import { CONFIG, LAYER, MANIFEST } from './media-type.ts';
import type { Sibling } from './model.ts';

/** A JSON document of the image with the descriptor that names it. What is hashed, sized and sent is `bytes`. */
export interface Document {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/** As much of a manifest or a config as readers take (containers/image, internal/iolimits): 4 MiB. */
export const DOCUMENT_LIMIT: number = 4 * 1024 * 1024;

export interface Image {
  readonly config: Document;
  readonly manifest: Document;
  readonly layers: readonly Descriptor[];
}

/** What a pushed layer is called in the manifest. */
export function layerDescriptor(sibling: Sibling, blob: Pick<Descriptor, 'digest' | 'size'>): Descriptor {
  const { path, oid } = sibling;
  return {
    mediaType: LAYER,
    digest: blob.digest,
    size: blob.size,
    annotations: { [HF_PATH]: path, ...(oid.algorithm === 'sha256' && { [HF_SHA256]: oid.hex }) },
  };
}

/**
 * Config and manifest over the layers, in the order given. A pure function of them: no clock, no host name, so that
 * two runs give the same manifest digest.
 *
 * There is no `artifactType`: CRI-O 1.33 would mount the tar files themselves instead of what is in them
 * (cri-o v1.33.0, internal/ociartifact/store.go).
 */
export function buildImage(layers: readonly Descriptor[]): Image {
  const config = document(CONFIG, {
    architecture: 'amd64',
    config: {},
    os: 'linux',
    // Uncompressed layers: a layer's digest is its diff ID (OCI image-spec, config.md, "Layer DiffID").
    rootfs: { diff_ids: layers.map((layer) => layer.digest), type: 'layers' },
  });
  const manifest = document(MANIFEST, {
    config: { ...config.descriptor },
    layers: layers.map(entryOf),
    mediaType: MANIFEST,
    schemaVersion: 2,
  });
  return { config, manifest, layers };
}

function entryOf({ mediaType, digest, size, annotations }: Descriptor): { readonly [key: string]: Json } {
  return { mediaType, digest, size, ...(annotations && { annotations }) };
}

/**
 * How many of these layers, from the first on, fit into a manifest of at most `limit` bytes. Digests have one length,
 * so this is known before any digest is. The config is always the smaller document.
 */
export function layersThatFit(
  layers: readonly { readonly sibling: Sibling; readonly size: number }[],
  limit: number = DOCUMENT_LIMIT,
): number {
  const empty = buildImage([]);
  const sizeField = (config: number) => String(config).length;
  let config = empty.config.bytes.length;
  let manifest = empty.manifest.bytes.length - sizeField(config);
  for (const [index, { sibling, size }] of layers.entries()) {
    const comma = index === 0 ? 0 : 1;
    config += JSON.stringify(ANY_DIGEST).length + comma;
    manifest += encodeJson(entryOf(layerDescriptor(sibling, { digest: ANY_DIGEST, size }))).length + comma;
    if (manifest + sizeField(config) > limit) return index;
  }
  return layers.length;
}

const ANY_DIGEST: Digest = `sha256:${'0'.repeat(64)}`;

function document(mediaType: string, content: Json): Document {
  const bytes = encodeJson(content);
  return { bytes, descriptor: { mediaType, digest: sha256(bytes), size: bytes.length } };
}
