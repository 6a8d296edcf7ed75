import { type Descriptor, HF_PATH, HF_SHA256 } from './descriptor.ts';
import { sha256 } from './digest.ts';
import { encodeJson } from './json.ts';
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
    layers: layers.map(({ mediaType, digest, size, annotations }) => ({
      mediaType,
      digest,
      size,
      ...(annotations && { annotations }),
    })),
    mediaType: MANIFEST,
    schemaVersion: 2,
  });
  return { config, manifest, layers };
}

function document(mediaType: string, content: Parameters<typeof encodeJson>[0]): Document {
  const bytes = encodeJson(content);
  return { bytes, descriptor: { mediaType, digest: sha256(bytes), size: bytes.length } };
}
