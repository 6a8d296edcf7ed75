import { describe, expect, test } from 'vitest';
import type { Sibling } from '../model.ts';
import { NO_EVIDENCE } from './evidence.ts';
import { selectSiblings } from './selection.ts';

/** As the Hub lists them, with fewer shards. */
const oid = { algorithm: 'git-sha1', hex: '' } as const;
const siblings = (paths: readonly string[]): readonly Sibling[] =>
  paths.map((path) => ({ path, size: 1, oid }));

function select(paths: readonly string[], ignore: readonly string[] = []) {
  const { kept, leftOut } = selectSiblings(
    { id: { type: 'model', name: 'acme/m' }, siblings: siblings(paths) },
    { allow: [], ignore, pickles: 'refuse' },
    NO_EVIDENCE,
  );
  const names = (some: readonly Sibling[]) => some.map(({ path }) => path);
  return {
    kept: names(kept),
    leftOut: Object.fromEntries(leftOut.map((group) => [group.reason, names(group.siblings)])),
  };
}

const HIDDEN = 'hidden files, such as .gitattributes';
const MEDIA = 'pictures, sound, video and documents';
const PICKLES = 'pickles, which can run code when they are loaded';
const LONE_PICKLES = 'pickles without other weights beside them: ask for them if the model needs them';
const PRECISION = 'weights in another precision, beside the full ones';
const OUTSIDE = 'weights outside of the components of the diffusers pipeline';
const CONSOLIDATED = 'consolidated weights, a second copy beside model*.safetensors';
const UNKNOWN = 'of no kind that serving needs';
const other = (format: string) => `weights in another format: ${format}`;

interface Row {
  readonly kept: readonly string[];
  readonly leftOut: Readonly<Record<string, readonly string[]>>;
}

const MODELS: Readonly<Record<string, Row>> = {
  'Qwen/Qwen3-0.6B': {
    kept: [
      ...['LICENSE', 'README.md', 'config.json', 'generation_config.json', 'merges.txt'],
      ...['model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.json'],
    ],
    leftOut: { [HIDDEN]: ['.gitattributes'] },
  },
  'deepseek-ai/DeepSeek-V3': {
    kept: [
      ...['LICENSE-CODE', 'LICENSE-MODEL', 'README.md', 'config.json', 'configuration_deepseek.py'],
      ...['inference/configs/config_671B.json', 'inference/convert.py', 'inference/requirements.txt'],
      ...['model-00001-of-000163.safetensors', 'model-00163-of-000163.safetensors'],
      ...['model.safetensors.index.json', 'modeling_deepseek.py', 'tokenizer.json'],
    ],
    leftOut: { [MEDIA]: ['figures/benchmark.png', 'figures/niah.png'] },
  },
  'meta-llama/Llama-3.1-405B': {
    kept: [
      ...['LICENSE', 'README.md', 'USE_POLICY.md', 'config.json', 'model-00001-of-00191.safetensors'],
      ...['model.safetensors.index.json', 'tokenizer.json'],
    ],
    leftOut: {
      'original/, a second copy of the weights': [
        ...['original/mp16/consolidated.00.pth', 'original/mp16/params.json'],
        ...['original/mp8/consolidated.00.pth', 'original/mp8/tokenizer.model'],
      ],
    },
  },
  'openai/gpt-oss-20b': {
    kept: [
      ...['LICENSE', 'README.md', 'USAGE_POLICY', 'chat_template.jinja', 'config.json'],
      ...['model-00000-of-00002.safetensors', 'model.safetensors.index.json', 'tokenizer.json'],
    ],
    leftOut: {
      'metal/, a second copy of the weights': ['metal/model.bin'],
      'original/, a second copy of the weights': [
        'original/config.json',
        'original/dtypes.json',
        'original/model.safetensors',
      ],
    },
  },
  'black-forest-labs/FLUX.1-dev': {
    kept: [
      ...['LICENSE.md', 'README.md', 'model_index.json', 'scheduler/scheduler_config.json'],
      ...['text_encoder/config.json', 'text_encoder/model.safetensors', 'text_encoder_2/config.json'],
      ...['text_encoder_2/model-00001-of-00002.safetensors', 'text_encoder_2/model.safetensors.index.json'],
      ...['tokenizer/merges.txt', 'tokenizer_2/spiece.model', 'transformer/config.json'],
      ...['transformer/diffusion_pytorch_model-00001-of-00003.safetensors'],
      ...['transformer/diffusion_pytorch_model.safetensors.index.json'],
      ...['vae/config.json', 'vae/diffusion_pytorch_model.safetensors'],
    ],
    leftOut: { [OUTSIDE]: ['ae.safetensors', 'flux1-dev.safetensors'], [MEDIA]: ['dev_grid.jpg'] },
  },
  'a Stable Diffusion with variants': {
    kept: [
      ...[
        'model_index.json',
        'text_encoder/config.json',
        'text_encoder/model.safetensors',
        'unet/config.json',
      ],
      ...['unet/diffusion_pytorch_model-00001-of-00002.safetensors'],
      ...['unet/diffusion_pytorch_model.safetensors.index.json'],
    ],
    leftOut: {
      [OUTSIDE]: ['sd_xl_base_1.0.safetensors'],
      [PRECISION]: [
        ...[
          'text_encoder/model.fp16.safetensors',
          'unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors',
        ],
        ...['unet/diffusion_pytorch_model.non_ema.safetensors'],
        ...['unet/diffusion_pytorch_model.safetensors.index.fp16.json'],
      ],
      [PICKLES]: [
        'unet/diffusion_pytorch_model.bin',
        'unet/diffusion_pytorch_model.fp16.bin',
        'v1-5-pruned.ckpt',
      ],
      [other('OpenVINO')]: ['unet/openvino_model.bin', 'unet/openvino_model.xml'],
      [other('ONNX')]: ['unet/model.onnx', 'unet/model.onnx_data'],
    },
  },
  'openai-community/gpt2': {
    kept: [
      ...['README.md', 'config.json', 'generation_config.json', 'merges.txt', 'model.safetensors'],
      ...['tokenizer.json', 'vocab.json'],
    ],
    leftOut: {
      [PICKLES]: ['pytorch_model.bin'],
      [other('LiteRT')]: ['64-8bits.tflite', '64.tflite'],
      [other('Flax')]: ['flax_model.msgpack'],
      [other('TensorFlow')]: ['tf_model.h5'],
      [other('Rust')]: ['rust_model.ot'],
      [other('ONNX')]: ['onnx/config.json', 'onnx/decoder_model.onnx', 'onnx/merges.txt'],
    },
  },
  'mistralai/Mistral-7B-Instruct-v0.3': {
    kept: [
      ...['README.md', 'config.json', 'model-00001-of-00003.safetensors', 'model.safetensors.index.json'],
      ...['params.json', 'tokenizer.json', 'tokenizer.model', 'tokenizer.model.v3'],
    ],
    leftOut: { [CONSOLIDATED]: ['consolidated.safetensors'] },
  },
  'a Mistral with consolidated weights alone': {
    kept: [
      ...['README.md', 'SYSTEM_PROMPT.txt', 'consolidated-00001-of-00002.safetensors'],
      ...['consolidated.safetensors.index.json', 'params.json', 'tekken.json'],
    ],
    leftOut: {},
  },
  'a sentence-transformers model': {
    kept: [
      ...['1_Pooling/config.json', '2_Dense/config.json', '2_Dense/model.safetensors', 'README.md'],
      ...['config.json', 'config_sentence_transformers.json', 'model.safetensors', 'modules.json'],
      ...['sentence_bert_config.json', 'sentencepiece.bpe.model', 'tokenizer.json', 'vocab.txt'],
    ],
    leftOut: {
      [PICKLES]: ['2_Dense/pytorch_model.bin', 'pytorch_model.bin', 'training_args.bin'],
      [LONE_PICKLES]: ['3_Extra/vectors.pt'],
      [other('ONNX')]: ['onnx/model.onnx', 'onnx/model_O2.onnx'],
      [other('OpenVINO')]: ['openvino/openvino_model.bin', 'openvino/openvino_model.xml'],
      [UNKNOWN]: ['train_script.sh'],
    },
  },
  'a LoRA adapter with its training': {
    kept: ['README.md', 'adapter_config.json', 'adapter_model.safetensors'],
    leftOut: {
      'checkpoints of the training': [
        'checkpoint-500/adapter_model.safetensors',
        'checkpoint-500/optimizer.pt',
      ],
      [PICKLES]: ['training_args.bin'],
      [UNKNOWN]: ['runs/Jan01/events.out.tfevents.1.host'],
    },
  },
  'a full model that carries adapters (Phi-4-multimodal)': {
    kept: [
      ...['config.json', 'model-00001-of-00003.safetensors', 'speech-lora/adapter_config.json'],
      ...['speech-lora/adapter_model.safetensors', 'vision-lora/adapter_model.safetensors'],
    ],
    leftOut: {},
  },
  'Qwen/Qwen-7B-Chat, with its own tokenizer and kernels': {
    kept: [
      ...['LICENSE', 'NOTICE', 'Tongyi Qianwen LICENSE AGREEMENT', 'cache_autogptq_cuda_256.cpp'],
      ...['cache_autogptq_cuda_kernel_256.cu', 'config.json', 'model-00001-of-00008.safetensors'],
      ...['qwen.tiktoken', 'qwen_generation_utils.py', 'tokenization_qwen.py'],
    ],
    leftOut: { [MEDIA]: ['assets/logo.jpg', 'assets/wechat.png'] },
  },
  'a variant that has nothing beside it': {
    kept: ['config.json', 'model.fp16.safetensors', 'tokenizer.json'],
    leftOut: {},
  },
  'safetensors with GGUF beside them': {
    kept: ['config.json', 'model.safetensors'],
    leftOut: { [other('GGUF')]: ['gemma-7b.Q4_K_M.gguf', 'gemma-7b.gguf'] },
  },
  'one GGUF file': {
    kept: ['README.md', 'mmproj-model-f16.gguf', 'model-Q4_K_M.gguf'],
    leftOut: { [HIDDEN]: ['.gitattributes'], [UNKNOWN]: ['acme-imatrix.gguf', 'imatrix.dat'] },
  },
  'one split GGUF set, beside pickles': {
    kept: ['Q8_0/m-Q8_0-00001-of-00002.gguf', 'Q8_0/m-Q8_0-00002-of-00002.gguf', 'config.json'],
    leftOut: { [LONE_PICKLES]: ['pytorch_model.bin'] },
  },
  'nothing but ONNX (onnx-community)': {
    kept: ['config.json', 'onnx/decoder_model_merged.onnx', 'onnx/encoder_model.onnx', 'tokenizer.json'],
    leftOut: { [PRECISION]: ['onnx/encoder_model_fp16.onnx', 'onnx/encoder_model_quantized.onnx'] },
  },
  'nothing but ONNX, with a pickle among it': {
    kept: ['config.json', 'onnx/model.onnx', 'onnx/weights'],
    leftOut: { [PICKLES]: ['onnx/optimizer.pt'] },
  },
  'weights that lie hidden, too': {
    kept: ['model-Q8_0.gguf'],
    leftOut: { [HIDDEN]: ['.cache/model.safetensors'] },
  },
  'nothing but OpenVINO': {
    kept: ['config.json', 'openvino_model.bin', 'openvino_model.xml', 'openvino_tokenizer.bin'],
    leftOut: {},
  },
  'Llama with nothing but what is in original/': {
    kept: ['README.md', 'original/model.safetensors', 'original/params.json'],
    leftOut: {},
  },
  'weights of a kind that nobody knows': {
    kept: ['README.md', 'model.fancy'],
    leftOut: { [MEDIA]: ['plot.png'] },
  },
  'a tokenizer and no weights': { kept: ['tokenizer.json', 'tokenizer_config.json'], leftOut: {} },
};

describe('without patterns', () => {
  test.each(Object.entries(MODELS))('%s is pushed with what serves it, once', (_, { kept, leftOut }) => {
    const paths = [...kept, ...Object.values(leftOut).flat()].sort();
    expect(select(paths)).toEqual({ kept: [...kept].sort(), leftOut });
  });
});

test('leaving out a copy does not bring in another', () => {
  const paths = ['config.json', 'consolidated.safetensors', 'model.safetensors', 'pytorch_model.bin'];
  expect(select(paths, ['model.safetensors'])).toEqual({
    kept: ['config.json'],
    leftOut: {
      [CONSOLIDATED]: ['consolidated.safetensors'],
      'matched by the patterns to ignore': ['model.safetensors'],
      [PICKLES]: ['pytorch_model.bin'],
    },
  });
});
