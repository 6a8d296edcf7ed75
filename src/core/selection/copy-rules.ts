import { folderOf } from '../file-path.ts';
import { isGguf } from './gguf.ts';
import { parseWeightName, type WeightName } from './weight-name.ts';

/** Weights that are known to be another copy of safetensors in the same component, by format and name. */
export interface CopyRule {
  readonly format: string;
  /** Matches the path below the component, in lower case, without precision and shard. */
  readonly path: RegExp;
  /** Stems of the safetensors that it is a copy of. */
  readonly of: readonly string[];
}

const MODEL = ['model', 'pytorch_model'];
const DIFFUSION = ['diffusion_pytorch_model'];
const MAIN = [...MODEL, ...DIFFUSION];

/** To teach the selection another copy, add a row. A file that matches no row is kept. */
export const COPY_RULES: readonly CopyRule[] = [
  { format: 'PyTorch', path: /^(?:pytorch_)?model\.(?:bin|pt|pth|ckpt)$/, of: MODEL },
  { format: 'PyTorch', path: /^consolidated(?:\.\d+)?\.(?:pt|pth|bin)$/, of: MODEL },
  { format: 'PyTorch', path: /^diffusion_pytorch_model\.(?:bin|pt|pth|ckpt)$/, of: DIFFUSION },
  { format: 'TensorFlow', path: /^tf_model\.h5$/, of: MODEL },
  { format: 'Flax', path: /^flax_model\.msgpack$/, of: MODEL },
  { format: 'Flax', path: /^diffusion_flax_model\.msgpack$/, of: DIFFUSION },
  { format: 'Rust', path: /^rust_model\.ot$/, of: MODEL },
  {
    format: 'ONNX',
    path: /^(?:onnx\/(?:[^/]+\/)*)?(?:(?:encoder_|decoder_|text_|vision_)?model(?:_merged|_optimized)?|decoder_with_past_model)\.onnx$/,
    of: MAIN,
  },
  // The parts that transformers.js names.
  { format: 'ONNX', path: /^onnx\/(?:vision_encoder|audio_encoder|embed_tokens)\.onnx$/, of: MAIN },
  { format: 'OpenVINO', path: /^(?:openvino\/)?openvino_[^/]*\.(?:xml|bin)$/, of: MAIN },
  { format: 'Core ML', path: /^coreml\/.*\.(?:mlpackage|mlmodelc|mlmodel)(?:\/|$)/s, of: MAIN },
  { format: 'GGUF', path: /\.gguf$|\.gguf[.-](?:part|split)/, of: MAIN },
];

/** Sub-folders that belong to the component above them. */
const FORMAT_FOLDER = /(?:^|\/)(?:onnx|openvino|coreml)\//i;
/** Folders of GGUF files may also be named after a quantisation. */
const GGUF_FOLDER = /(?:^|\/)(?:gguf|(?:ud-)?(?:iq|tq|q)\d\w*|bf16|f16|f32)\//i;

/** The folder of the component that a file belongs to: empty, or ending in `/`. */
export function componentOf(path: string): string {
  const at = path.search(isGguf(path) ? GGUF_FOLDER : FORMAT_FOLDER);
  if (at === -1) return folderOf(path);
  return path[at] === '/' ? path.slice(0, at + 1) : '';
}

export function copyRule(path: string, name: WeightName): CopyRule | undefined {
  const component = componentOf(path);
  const file = GENERIC.test(name.extension) ? `${name.folder}${name.stem}.${name.extension}` : path;
  const below = file.slice(component.length).toLowerCase();
  return COPY_RULES.find(
    ({ format, path: pattern }) => pattern.test(below) && (format !== 'GGUF' || isGguf(path)),
  );
}

/** The format of the weights of a whole model, in one file or in shards; undefined for anything else, also for GGUF. */
export function mainFormat(path: string): string | undefined {
  const name = parseWeightName(path);
  if (name.extension === 'safetensors') return MAIN_STEMS.has(name.stem) ? 'safetensors' : undefined;
  const rule = copyRule(path, name);
  return rule?.format === 'GGUF' ? undefined : rule?.format;
}

/** Extensions before which a name may carry precision and shard. */
const GENERIC = /^(?:bin|pt|pth|ckpt|h5|msgpack|ot|onnx)$/;

/** What `torch.save` writes: a copy of safetensors with the same name, whatever the name. */
export const TORCH_EXTENSION: RegExp = /^(?:bin|pt|pth|ckpt)$/;
/** Stems of the weights of a whole model, which other formats are copies of. */
export const MAIN_STEMS: ReadonlySet<string> = new Set(MAIN);
