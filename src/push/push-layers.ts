import { atOnce } from '../core/at-once.ts';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import { isSmall, smallAtOnce } from '../core/small-layer.ts';
import type { World } from './world.ts';

export interface LayersToPush {
  readonly layers: readonly PlannedLayer[];
  /** How many large ones at once; of small ones {@link smallAtOnce}. */
  readonly workers: number;
  readonly continueOnError: boolean;
}

/**
 * All layers of an image, in its order. The first failure stops the others, unless they are to go on.
 * @throws ModelcarError the first failure; `INCOMPLETE` where the others went on
 */
export async function pushLayers(
  { layers, workers, continueOnError }: LayersToPush,
  { signal, onEvent }: Pick<World, 'signal' | 'onEvent'>,
  pushOne: (layer: PlannedLayer, signal: AbortSignal) => Promise<Descriptor>,
): Promise<readonly Descriptor[]> {
  const small = workers / smallAtOnce(workers);
  const weightOf = (layer: PlannedLayer) => (isSmall(layer) ? small : 1);
  if (!continueOnError) return atOnce(layers, workers, signal, pushOne, weightOf);
  const failures: { path: string; error: ModelcarError }[] = [];
  const attempt = async (layer: PlannedLayer, stop: AbortSignal) => {
    try {
      return [await pushOne(layer, stop)];
    } catch (error) {
      if (stop.aborted || !(error instanceof ModelcarError)) throw error;
      const { path } = layer;
      failures.push({ path, error });
      onEvent({ type: 'layer-failed', path, code: error.code, message: error.message });
      return [];
    }
  };
  const pushed = await atOnce(layers, workers, signal, attempt, weightOf);
  const [first] = failures;
  if (first) throw incomplete(failures.length, layers.length, first);
  return pushed.flat();
}

function incomplete(
  failed: number,
  all: number,
  { path, error }: { readonly path: string; readonly error: ModelcarError },
): ModelcarError {
  const { message } = error;
  const first = message.includes(path) ? `the first: ${message}` : `the first was ${path}: ${message}`;
  const what = `${failed} of ${all} layers failed, so nothing was tagged; ${first}`;
  const again = 'Run the same command again.';
  const { hint: advice = 'Look at what failed.' } = error;
  const hint = /run the same command again/i.test(advice) ? advice : `${advice} ${again}`;
  return new ModelcarError('INCOMPLETE', what, { hint, cause: error });
}
