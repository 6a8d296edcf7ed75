export type WeightFormat =
  | 'safetensors'
  | 'GGUF'
  | 'ONNX'
  | 'OpenVINO'
  | 'Core ML'
  | 'TensorFlow'
  | 'LiteRT'
  | 'Flax'
  | 'Rust'
  | 'TensorRT'
  | 'ExecuTorch'
  | 'DDUF'
  | 'MLX'
  | 'pickle';

/** The format in which a file holds weights, by its name; undefined: it holds none that we know. */
export function weightFormat(path: string): WeightFormat | undefined {
  const name = weightName(path).toLowerCase();
  return FORMATS.find(([, pattern]) => pattern.test(name))?.[0];
}

/**
 * The weights that an index goes with (`model.safetensors` for `model.safetensors.index.json`, or `model.fp16.safetensors`
 * for `model.safetensors.index.fp16.json`); for other files their own path.
 */
export function weightName(path: string): string {
  return path.replace(/^(.*)\.(\w+)\.index(\.\w+)?\.json$/, '$1$3.$2');
}

/** The first that matches. A folder of a format holds configs and data of that format whatever they are called. */
const FORMATS: readonly (readonly [WeightFormat, RegExp])[] = [
  ['safetensors', /\.safetensors$/],
  // What torch, Paddle, joblib and NeMo write is a pickle or holds one, in whatever folder it lies.
  ['pickle', /\.(?:pt|pth|ckpt|pkl|pickle|joblib|dill|ptl|th|t7|mar|nemo|pdparams)$/],
  ['OpenVINO', /(?:^|\/)openvino(?:\/|_[^/]*\.(?:xml|bin)$)/],
  ['Core ML', /\.(?:mlmodel|mlpackage|mlmodelc)(?:\/|$)|(?:^|\/)coreml\//],
  // Any other .bin can be one.
  ['pickle', /\.bin$/],
  ['ONNX', /\.onnx(?:$|[._]data)|\.ort$|(?:^|\/)onnx\//],
  // An importance matrix is for who quantises.
  ['GGUF', /(?<!imatrix)\.gguf$/],
  [
    'TensorFlow',
    // The lookbehind runs once, at the end. With `\.ckpt[^/]*` first, the rest would run at each `.ckpt`.
    /\.(?:h5|hdf5|keras|pb)$|\.data-\d+-of-\d+$|\.(?:index|meta)$(?<=\.ckpt[^/]*)|(?:^|\/)saved_model\//,
  ],
  ['LiteRT', /\.(?:tflite|litertlm|task)$/],
  ['Flax', /\.msgpack$/],
  ['Rust', /\.ot$/],
  ['TensorRT', /\.(?:engine|plan|trt)$/],
  ['ExecuTorch', /\.pte$/],
  ['DDUF', /\.dduf$/],
  ['MLX', /(?:^|\/)weights[^/]*\.npz$/],
];
