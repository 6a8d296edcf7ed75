import { ModelcarError } from '../core/error.ts';
import { formatSize } from '../core/format-size.ts';
import { DOCUMENT_LIMIT, layersThatFit } from '../core/image.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import type { SizeLimit } from '../core/size-limit.ts';
import type { World } from './world.ts';

/**
 * Checks the plan against the known size limits of files at the Hub, of layers at the registry, and of manifests. A push
 * that would fail after hours fails here, before the first byte, or warns.
 * @throws ModelcarError `REJECTED` when a layer is too large for the target, or the manifest for its readers;
 *   `UNSUPPORTED` when the Hub does not give such a file
 */
export function checkSizes(
  layers: readonly PlannedLayer[],
  { source, target, onEvent }: Pick<World, 'source' | 'target' | 'onEvent'>,
): void {
  checkManifest(layers);
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

function checkManifest(layers: readonly PlannedLayer[]): void {
  const fitting = layersThatFit(layers);
  if (fitting === layers.length) return;
  const limit = `${DOCUMENT_LIMIT / 2 ** 20} MiB`;
  throw new ModelcarError(
    'REJECTED',
    `cannot push the model: its manifest would exceed ${limit}, the limit of registries; only ${fitting} of ${layers.length} files fit`,
    {
      hint: 'Push fewer files, for example with --allow-patterns, or pack small files of the model into one.',
    },
  );
}

function rejected(refused: string): ModelcarError {
  return new ModelcarError('REJECTED', `cannot push the model: ${refused}`, {
    hint: 'Push to another registry, or leave the file out with --ignore-patterns.',
  });
}
