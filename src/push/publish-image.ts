import { atOnce } from '../core/at-once.ts';
import { fromBytes } from '../core/bytes.ts';
import type { Document, Image } from '../core/image.ts';
import { smallAtOnce } from '../core/small-layer.ts';
import type { World } from './world.ts';

/**
 * Config, then every blob asked for once more, then the manifest by digest, then the tags. A tag appears only when
 * everything that it leads to is there.
 */
export async function publishImage(
  image: Image,
  tags: readonly string[],
  workers: number,
  world: World,
): Promise<void> {
  const { target, signal, onEvent } = world;
  await pushDocument(image.config, world);
  const blobs = [image.config.descriptor, ...image.layers];
  await atOnce(blobs, smallAtOnce(workers), signal, (blob, stop) => target.checkBlob(blob, stop));

  const { digest } = image.manifest.descriptor;
  await target.pushManifest(image.manifest, signal);
  onEvent({ type: 'manifest-pushed', digest, reference: target.formatReference({ digest }) });
  for (const tag of tags) {
    await target.tagManifest(image.manifest, tag, signal);
    onEvent({ type: 'tag-pushed', tag, reference: target.formatReference({ tag }) });
  }
}

async function pushDocument({ bytes, descriptor }: Document, { target, signal }: World): Promise<void> {
  await target.pushBlob({ content: fromBytes(bytes), digest: descriptor.digest, signal });
}
