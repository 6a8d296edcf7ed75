import { folderOf } from '../file-path.ts';
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
  const folder = folderOf(path);
  const name = path.slice(folder.length);
  const end = name.search(/\.(?:safetensors$|onnx)/i);
  if (end === -1) return { stem: path, variant: false };
  const whole = name.slice(0, end).replace(SHARD, '');
  const word = lastWord(whole);
  const from = whole.slice(word).search(PRECISION);
  const variant = from !== -1;
  const stem = variant ? whole.slice(0, word + from) : whole;
  return { stem: folder + stem.replace(SHARD, ''), variant };
}

const SHARD = /-\d+-of-\d+$/;

/** A suffix such as `fp16`, or the beginning of one such as `fp8_e4m3fn` or `q4_k_m`. */
const PRECISION =
  /[._](?:fp\d|q?u?int[48]|q\d|(?:bf16|f16|f32|nf4|bnb4|quantized|o[1-4]|non_ema|ema|[48]bit)$)/i;

/** Where the last run of letters, digits and `_` begins, with a dot before it. */
function lastWord(name: string): number {
  const start = /^.*\W/s.exec(name)?.[0].length ?? 0;
  return name[start - 1] === '.' ? start - 1 : start;
}
