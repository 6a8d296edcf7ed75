import { nameOf } from '../file-path.ts';

/**
 * The kind of a file, by its name alone. `pickle` is certain. `other` matches no row: it may be weights, data or a
 * pickle, and its first bytes decide (`pickles.ts`).
 */
export type FileKind =
  | 'hidden'
  | 'media'
  | 'training'
  | 'pickle'
  | 'weights'
  | 'data'
  | 'config'
  | 'tokenizer'
  | 'code'
  | 'card'
  | 'text'
  | 'other';

export function fileKind(path: string): FileKind {
  const lower = path.toLowerCase();
  // Keep names that mean deletion or another folder: `planLayers` refuses them.
  if (/(?:^|\/)\.(?!\.?(?:\/|$)|wh\.)/.test(lower)) return 'hidden';
  const name = nameOf(lower);
  return KINDS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
}

/**
 * To teach the selection a kind of file, add a row; the first match decides. Patterns see only the last component, in
 * lower case: on a whole path, `[^/]*` on both sides of a word takes quadratic time.
 */
const KINDS: readonly (readonly [FileKind, RegExp])[] = [
  // A licence stays, whatever its format.
  ['card', /^(?=.*\.pdf$).*(?:licen[cs]e|notice|copyright|agreement)/],
  // Sound is not media: reference voices belong to models. Other documents stay too.
  ['media', /\.(?:png|jpe?g|gif|svg|webp|bmp|ico|tiff?|avif|heic|mp4|m4v|webm|mov|avi|mkv|pdf)$/],
  // What transformers' Trainer, accelerate and DeepSpeed leave beside the weights.
  [
    'training',
    /^(?:training_args\.bin|(?:optimizer|scheduler|optim_states)\.(?:pt|bin)|(?:rng_state|random_states)\w*\.(?:pth|pkl)|zero_pp_rank_\w*\.pt)$/,
  ],
  // What torch, Paddle, joblib, TorchServe and NeMo write is a pickle or holds one, also compressed or packed.
  [
    'pickle',
    /\.(?:pt|pth|pkl|pickle|joblib|dill|ptl|th|t7|mar|nemo|pdparams)(?:\.(?:gz|bz2|xz|lzma|zst|lz4|zip|tar))*$/,
  ],
  // transformers, diffusers and PEFT load these with torch, and nothing else.
  ['pickle', /^(?:(?:diffusion_)?pytorch_model|adapter_model|pytorch_lora_weights).*\.bin$/],
  ['weights', /\.(?:safetensors|gguf|ggml|onnx|ort|h5|hdf5|keras|pb|tflite|litertlm|task|msgpack|ot)$/],
  ['weights', /\.(?:engine|plan|trt|pte|dduf|mlmodel)$|\.onnx[._]data|\.data-\d+-of-\d+$|^weights.*\.npz$/],
  ['weights', /\.gguf[.-](?:part|split)/],
  ['config', /\.safetensors\.index(?:\.\w+)?\.json$/],
  // Tokenizers and vocabularies: SentencePiece (Mistral has tokenizer.model.v3), tiktoken, byte pairs.
  ['tokenizer', /^(?:tokenizer|spiece|sentencepiece|spm)[^/]*\.model(?:\.v\d\w*)?$|\.bpe\.model$/],
  [
    'tokenizer',
    /\.(?:spm|tiktoken|bpe|vocab|codes|merges|dict)$|^(?:tokenizer|vocab|added_tokens)\b.*\.json$/,
  ],
  ['tokenizer', /^(?:vocab|merges|tokens|bpe)\b.*\.txt$|^tekken\.json$/],
  ['config', /^(?=.*config).*\.json$|^(?:params|modules|model_index|meta|attrs|special_tokens_map)\.json$/],
  ['config', /\.(?:ya?ml|toml|ini|cfg|conf|pbtxt|prototxt|jinja2?|j2|xml|param|onnx\.json)$/],
  ['code', /\.(?:py|pyi|cu|cuh|c|cc|cpp|h|hpp|js|mjs|ts|rs|go|java|sh|bat|ps1|ipynb|lua|proto|whl|jar)$/],
  ['card', /\.(?:md|rst)$|^(?:readme|model_card|authors|changelog|makefile|dockerfile)[^.]*$/],
  [
    'card',
    /^(?=[^.]*(?:\.\d+)*$).*(?:licen[cs]e|notice|copying|copyright|[-_]policy|agreement|patents|citation)/,
  ],
  // Numbers, sound, archives, fonts, tables: no loader reads these formats as a pickle.
  ['data', /\.(?:np[yz]|wav|mp3|flac|ogg|opus|m4a|zip|gz|bz2|xz|zst|7z|ttf|otf|parquet|arrow|index|meta)$/],
  ['data', /^events\.out\.tfevents\./],
  ['text', /\.(?:json|jsonl|txt|csv|tsv|log|lock|html?|css|docx?|pptx?|xlsx?)$/],
];
