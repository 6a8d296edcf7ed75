import { ModelcarError } from '../core/error.ts';
import { formatSize } from '../core/format-size.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import type { SizeLimit } from '../core/size-limit.ts';
import type { World } from './world.ts';

/**
 * Whether each layer can be had and can be stored, for all that is known of the Hub and of the registry: what would fail
 * at the end of hours fails, or is warned of, before the first byte.
 * @throws ModelcarError `REJECTED` when the target takes no such layer; `UNSUPPORTED` when the Hub gives no such file
 */
export function checkSizes(
  layers: readonly PlannedLayer[],
  { source, target, onEvent }: Pick<World, 'source' | 'target' | 'onEvent'>,
): void {
  const check = (limit: SizeLimit | undefined, does: string, sizeOf: (layer: PlannedLayer) => number) => {
    const over = limit && layers.find((layer) => sizeOf(layer) > limit.size);
    if (limit === undefined || over === undefined) return undefined;
    const { whose, size } = limit;
    return `${over.path} has ${formatSize(sizeOf(over))}, and ${whose} ${does} more than ${formatSize(size)}`;
  };
  const unread = check(source.largestFile, 'gives no file of', ({ sibling }) => sibling.size);
  if (unread !== undefined) {
    throw new ModelcarError('UNSUPPORTED', `cannot read the model: ${unread}`, {
      hint: 'Leave the file out with --ignore-patterns; huggingface_hub with hf_xet can download it.',
    });
  }
  const refused = check(target.largestBlob, 'takes no layer of', ({ size }) => size);
  if (refused !== undefined && !target.largestBlob?.firm) onEvent({ type: 'warning', message: refused });
  else if (refused !== undefined) throw rejected(refused);
}

function rejected(refused: string): ModelcarError {
  return new ModelcarError('REJECTED', `cannot push the model: ${refused}`, {
    hint: 'Push to another registry, or leave the file out with --ignore-patterns.',
  });
}
