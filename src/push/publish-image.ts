import { atOnce } from '../core/at-once.ts';
import { fromBytes } from '../core/bytes.ts';
import type { Document, Image } from '../core/image.ts';
import { smallAtOnce } from '../core/small-layer.ts';
import type { LookAtTag, SeenTag } from './look-at-tags.ts';
import { type MovedTag, setTags } from './set-tags.ts';
import type { World } from './world.ts';

export interface PublishOptions {
  /** As they were before the first byte. */
  readonly tags: readonly SeenTag[];
  readonly look: LookAtTag;
  readonly workers: number;
}

/**
 * Config, then every blob asked for once more, then the manifest by digest, then the tags. A tag appears only when
 * everything that it leads to is there.
 * @returns the tags that pointed at another image
 */
export async function publishImage(
  image: Image,
  { tags, look, workers }: PublishOptions,
  world: World,
): Promise<readonly MovedTag[]> {
  const { target, signal, onEvent } = world;
  await pushDocument(image.config, world);
  const blobs = [image.config.descriptor, ...image.layers];
  await atOnce(blobs, smallAtOnce(workers), signal, (blob, stop) => target.checkBlob(blob, stop));

  const { digest } = image.manifest.descriptor;
  await target.pushManifest(image.manifest, signal);
  onEvent({ type: 'manifest-pushed', digest, reference: target.formatReference({ digest }) });
  return setTags(image.manifest, tags, look, world);
}

async function pushDocument({ bytes, descriptor }: Document, { target, signal }: World): Promise<void> {
  await target.pushBlob({ content: fromBytes(bytes), name: 'the config', digest: descriptor.digest, signal });
}
