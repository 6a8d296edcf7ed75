import { weightName } from './weight-format.ts';

export type ReasonOf = (path: string) => string | undefined;

/**
 * Why weights, in the format that was chosen, are a second copy of others in that format; undefined for those that are
 * not.
 * @param weights paths of all weights in the format, without their indexes
 * @param paths paths of the whole model
 */
export function secondCopies(weights: readonly string[], paths: ReadonlySet<string>): ReasonOf {
  const full = new Set(weights.map(variantOf).flatMap(({ stem, variant }) => (variant ? [] : [stem])));
  const folders = new Set(weights.map(folderOf));
  const components = new Set(
    paths.has('model_index.json')
      ? [...folders].filter((folder) => folder !== '' && paths.has(`${folder}config.json`))
      : [],
  );
  return (path) => {
    const name = weightName(path);
    const folder = folderOf(name);
    const { stem, variant } = variantOf(name);
    if (variant && full.has(stem)) return 'weights in another precision, beside the full ones';
    if (/(?:^|\/)consolidated[^/]*$/.test(name) && full.has(`${folder}model`)) {
      return 'consolidated weights, a second copy beside model*.safetensors';
    }
    // A component of a pipeline has a config.json of its own: https://huggingface.co/docs/diffusers/using-diffusers/other-formats
    if (components.size > 0 && !components.has(folder) && name.endsWith('.safetensors')) {
      return 'weights outside of the components of the diffusers pipeline';
    }
    return undefined;
  };
}

/**
 * `model.fp16-00001-of-00002.safetensors`, as transformers and diffusers name shards of a variant, with the older
 * `model-00001-of-00002.fp16.safetensors`, and `model_q4.onnx`, are variants of `model`.
 */
function variantOf(path: string): { readonly stem: string; readonly variant: boolean } {
  const [, stem = path, , variant] = VARIANT.exec(path) ?? [];
  return { stem, variant: variant !== undefined };
}

const PRECISION =
  'fp\\d+\\w*|bf16|f16|f32|q?u?int[48]\\w*|q\\d\\w*|nf4|bnb4|quantized|o[1-4]|non_ema|ema|[48]bit';
const VARIANT = new RegExp(
  `^(.*?)(-\\d+-of-\\d+)?(?:[._](${PRECISION}))?(?:-\\d+-of-\\d+)?\\.(?:safetensors|onnx[^/]*)$`,
  'i',
);

/** Empty, or ending in `/`. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}
