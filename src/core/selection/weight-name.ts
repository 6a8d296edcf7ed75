import { folderOf } from '../file-path.ts';

/** The parts of a name such as `unet/model.fp16-00001-of-00002.safetensors`. */
export interface WeightName {
  /** Empty, or ending in `/`. */
  readonly folder: string;
  /** `model` */
  readonly stem: string;
  /** `fp16`; empty for the full precision. */
  readonly variant: string;
  /** `safetensors`; `onnx` also for external data (`model.onnx_data`). */
  readonly extension: string;
  readonly shard: { readonly number: number; readonly total: number } | undefined;
  /** Whether this is the index of the shards, not weights. */
  readonly index: boolean;
}

/**
 * Shards of a variant are `model.fp16-00001-of-00002.safetensors` in transformers and diffusers, formerly
 * `model-00001-of-00002.fp16.safetensors`. ONNX writes `model_fp16.onnx`.
 */
export function parseWeightName(path: string): WeightName {
  const file = path.replace(INDEX, '$1$3.$2');
  const folder = folderOf(file);
  const name = file.slice(folder.length);
  const [, tensors = '', part, parts] = TENSORFLOW_SHARD.exec(name) ?? [];
  if (parts !== undefined) {
    const shard = { number: Number(part), total: Number(parts) };
    return { folder, stem: tensors, variant: '', extension: 'data', shard, index: false };
  }
  const end = name.search(/\.(?:onnx(?:$|[._]data)|[^.]*$)/is);
  const [whole, tail] = end === -1 ? [name, ''] : [name.slice(0, end), name.slice(end + 1)];
  const [, number, total] = SHARD.exec(whole) ?? SHARD.exec(whole.slice(0, variantStart(whole))) ?? [];
  const base = whole.replace(SHARD, '');
  const from = variantStart(base);
  return {
    folder,
    stem: base.slice(0, from).replace(SHARD, ''),
    variant: base.slice(from + 1),
    extension: tail.toLowerCase().replace(/^onnx[._]data.*$/s, 'onnx'),
    shard: total === undefined ? undefined : { number: Number(number), total: Number(total) },
    index: file !== path,
  };
}

export function isIndex(path: string): boolean {
  return INDEX.test(path);
}

/** `model.safetensors.index.json`, or `model.safetensors.index.fp16.json` */
const INDEX = /^(.*)\.(\w+)\.index(\.\w+)?\.json$/s;

/** `variables.data-00000-of-00001` */
const TENSORFLOW_SHARD = /^(.*)\.data-(\d{1,9})-of-(\d{1,9})$/s;

const SHARD = /-(\d{1,9})-of-(\d{1,9})$/;

/**
 * A suffix such as `fp16`, or the beginning of one such as `fp8_e4m3fn` or `q4_k_m`. `.ema` is a variant of diffusers;
 * `model_ema` has other weights.
 */
const PRECISION =
  /[._](?:fp\d|q?u?int[48]|q\d|(?:bf16|f16|f32|nf4|bnb4|quantized|o[1-4]|[48]bit)$)|\.(?:non_)?ema$/i;

/** Index of the suffix for a precision; the length of the name if it has none. */
function variantStart(name: string): number {
  const word = lastWord(name);
  const from = name.slice(word).search(PRECISION);
  return from === -1 ? name.length : word + from;
}

/** Index of the last run of letters, digits and `_`, with the dot before it. */
function lastWord(name: string): number {
  const start = /^.*\W/s.exec(name)?.[0].length ?? 0;
  return name[start - 1] === '.' ? start - 1 : start;
}
