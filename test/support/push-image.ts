import { fromBytes } from '../../src/core/bytes.ts';
import type { Descriptor } from '../../src/core/descriptor.ts';
import { sha256 } from '../../src/core/digest.ts';
import { buildImage, type Document, type Image, layerDescriptor } from '../../src/core/image.ts';
import { INDEX } from '../../src/core/media-type.ts';
import type { ImageTarget } from '../../src/core/ports.ts';
import { hexOf } from './byte-sources.ts';

const signal = new AbortController().signal;

/** Pushes an image of these layers, whatever is in them, and tags it. */
export async function pushImage(
  target: ImageTarget,
  files: Readonly<Record<string, Uint8Array>>,
  tag?: string,
): Promise<Image> {
  const layers: Descriptor[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const blob = await target.pushBlob({ content: fromBytes(bytes), signal });
    const oid = { algorithm: 'sha256', hex: hexOf(bytes) } as const;
    layers.push(layerDescriptor({ path, size: bytes.length, oid }, blob));
  }
  const image = buildImage(layers);
  await target.pushBlob({ content: fromBytes(image.config.bytes), signal });
  await pushManifest(target, image.manifest, tag);
  return image;
}

/** Pushes any document as a manifest: also one that leads nowhere, where the target does not look. */
export async function pushManifest(target: ImageTarget, manifest: Document, tag?: string): Promise<void> {
  await target.pushManifest(manifest, signal);
  if (tag !== undefined) await target.tagManifest(manifest, tag, signal);
}

export function jsonDocument(mediaType: string, content: object): Document {
  const bytes = Buffer.from(JSON.stringify(content));
  return { bytes, descriptor: { mediaType, digest: sha256(bytes), size: bytes.length } };
}

export function indexOf(...manifests: readonly Document[]): Document {
  return jsonDocument(INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: manifests.map(({ descriptor }) => descriptor),
  });
}
