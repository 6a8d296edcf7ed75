import type { Descriptor } from '../core/descriptor.ts';
import { layerDescriptor } from '../core/image.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import type { ResolvedModel } from '../core/model.ts';
import type { BlobPush, RecordedBlob, Retry, UploadSession } from '../core/ports.ts';
import { type TarLayout, tarLayer } from '../core/tar-layer.ts';
import { verified } from '../core/verified.ts';
import type { World } from './world.ts';

/** One layer's work, as plain data: it can be handed to another thread. */
export interface LayerJob {
  readonly model: Pick<ResolvedModel, 'id' | 'commit'>;
  readonly layer: PlannedLayer;
  readonly tarLayout: TarLayout;
  /** The blob that it became in an earlier run, as that run wrote it down. */
  readonly recorded?: RecordedBlob | undefined;
  /** The upload that an earlier run left open. */
  readonly session?: UploadSession | undefined;
}

/** Ten progress events a second are what a person can see. */
const PROGRESS_INTERVAL_MS = 100;

/**
 * The way of one file's bytes: Hub file → verified bytes → tar layer → blob upload.
 * @param sessions as in {@link BlobPush}
 */
export async function pushLayer(
  job: LayerJob,
  world: World,
  sessions: Pick<BlobPush, 'onSession' | 'isSessionKept'> = {},
): Promise<Descriptor> {
  const { model, layer, tarLayout, recorded, session } = job;
  const { sibling, path } = layer;
  const { clock, onEvent, signal } = world;
  if (recorded && (await world.target.hasBlob(layerDescriptor(sibling, recorded), signal))) {
    onEvent({ type: 'layer-done', path, ...recorded, outcome: 'existed' });
    return layerDescriptor(sibling, recorded);
  }

  const retrying = (side: 'hub' | 'target') => (retry: Retry) =>
    onEvent({ type: 'layer-retrying', path, side, ...retry });

  const file = world.source.file(model, sibling, retrying('hub'));
  const bytes = verified(file, { name: sibling.path, oid: sibling.oid });
  const content = tarLayer(path, bytes, tarLayout);

  onEvent({ type: 'layer-started', path, size: content.size });
  let reported = clock.now();
  const blob = await world.target.pushBlob({
    content,
    signal,
    session,
    ...sessions,
    onResume: (offset) => onEvent({ type: 'layer-resumed', path, offset, size: content.size }),
    onProgress(sent) {
      if (clock.now() - reported < PROGRESS_INTERVAL_MS) return;
      reported = clock.now();
      onEvent({ type: 'layer-progress', path, sent, size: content.size });
    },
    onRetry: retrying('target'),
  });
  onEvent({ type: 'layer-done', path, ...blob });
  return layerDescriptor(sibling, blob);
}
