import { type CostMeter, createCostMeter } from '../core/cost.ts';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import { layerDescriptor } from '../core/image.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import type { ResolvedModel } from '../core/model.ts';
import type { BlobPush, PushedBlob, RecordedBlob, Retry, UploadSession } from '../core/ports.ts';
import { limited } from '../core/rate-limit.ts';
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

/** What one layer needs of the world. */
export type LayerWorld = Pick<
  World,
  'source' | 'target' | 'clock' | 'onEvent' | 'signal' | 'rateLimit' | 'hashOf'
>;

/** How it is written down that an upload is open. */
export type LayerSessions = Pick<BlobPush, 'onSession' | 'isSessionKept'>;

/** Ten progress events a second are what a person can see. */
const PROGRESS_INTERVAL_MS = 100;

/**
 * The way of one file's bytes: Hub file → verified bytes → tar layer → blob upload.
 * @param sessions as in {@link BlobPush}
 */
export async function pushLayer(
  job: LayerJob,
  world: LayerWorld,
  sessions: LayerSessions = {},
): Promise<Descriptor> {
  const { layer, recorded, session } = job;
  const { sibling, path } = layer;
  const { onEvent, signal } = world;
  if (recorded && (await world.target.hasBlob(layerDescriptor(sibling, recorded), signal))) {
    onEvent({ type: 'layer-done', path, ...recorded, outcome: 'existed' });
    return layerDescriptor(sibling, recorded);
  }

  onEvent({ type: 'layer-started', path, size: layer.size });
  const meter = createCostMeter(session?.offset ?? 0);
  const sent = sendLayer(job, world, meter, sessions);
  const blob = await sent.finally(() => {
    const { cost } = meter;
    if (cost.retries + cost.reread + cost.resent > 0) onEvent({ type: 'layer-cost', path, ...cost });
  });
  onEvent({ type: 'layer-done', path, ...blob });
  return layerDescriptor(sibling, blob);
}

async function sendLayer(
  { model, layer, tarLayout, session }: LayerJob,
  { source, target, clock, onEvent, signal, rateLimit, hashOf }: LayerWorld,
  meter: CostMeter,
  sessions: LayerSessions,
): Promise<PushedBlob> {
  const { sibling, path, size } = layer;
  const retrying = (side: 'hub' | 'target') => (retry: Retry) => {
    meter.retried();
    onEvent({ type: 'layer-retrying', path, side, ...retry });
  };
  let reported = clock.now();
  const isDue = () => {
    const due = clock.now() - reported >= PROGRESS_INTERVAL_MS;
    if (due) reported = clock.now();
    return due;
  };

  /** @param earlier what may be gone on with */
  async function send(earlier: UploadSession | undefined, onMismatch?: () => void): Promise<PushedBlob> {
    const file = source.file(model, sibling, { onRetry: retrying('hub'), onReread: meter.reread });
    const bytes = verified(rateLimit ? limited(file, rateLimit) : file, {
      name: sibling.path,
      oid: sibling.oid,
      origin: source.origin,
      onMismatch,
      hash: hashOf?.(sibling),
    });
    return target.pushBlob({
      content: tarLayer(path, bytes, tarLayout),
      name: path,
      signal,
      session: earlier,
      ...sessions,
      onResume(offset) {
        meter.reread(offset);
        onEvent({ type: 'layer-resumed', path, offset, size });
      },
      onProgress(sent) {
        meter.at(sent);
        if (isDue()) onEvent({ type: 'layer-progress', path, sent, size });
      },
      onCatchUp(read, end) {
        if (isDue()) onEvent({ type: 'layer-rereading', path, read, size: end });
      },
      onRetry: retrying('target'),
    });
  }

  let wrong = false;
  try {
    return await send(session, () => {
      wrong = true;
    });
  } catch (error) {
    if (!wrong || !(error instanceof ModelcarError)) throw error;
    if (source.origin?.secondRead === 'is the same') throw error;
    // A bit may have been turned on the way: the bytes are fetched once more, from a URL of their own, and all is sent
    // anew. Twice is no accident.
    meter.reread(sibling.size);
    retrying('hub')({ offset: 0, retry: 1, delayMs: 0, reason: error.message });
    return await send(undefined);
  }
}
