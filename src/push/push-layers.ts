import type { Descriptor } from '../core/descriptor.ts';
import type { TarLayout } from '../core/tar-layer.ts';
import type { PushPlan } from './push.ts';
import { pushLayer } from './push-layer.ts';
import type { World } from './world.ts';

export interface PushLayersOptions {
  readonly layout: TarLayout;
  readonly workers: number;
}

/**
 * All layers, `workers` at once, started in the order of the image and returned in it. The first failure stops the
 * others; it is thrown when all of them have ended, so that nothing is still running behind the caller's back.
 */
export async function pushLayers(
  { model, layers }: Pick<PushPlan, 'model' | 'layers'>,
  { layout, workers }: PushLayersOptions,
  world: World,
): Promise<readonly Descriptor[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([world.signal, stop.signal]);
  const done: Descriptor[] = [];
  const failures: unknown[] = [];
  const queue = layers.entries();

  async function work(): Promise<void> {
    for (const [index, layer] of queue) {
      if (signal.aborted) return;
      done[index] = await pushLayer(
        { model: { id: model.id, commit: model.commit }, layer, layout },
        { ...world, signal },
      );
    }
  }

  const running = Array.from({ length: Math.min(workers, layers.length) }, () =>
    work().catch((failure) => {
      failures.push(failure);
      stop.abort(failure);
    }),
  );
  await Promise.all(running);
  world.signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return done;
}
