import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LISTINGS } from '../../../test/support/listings.ts';
import { redundancy } from './redundant.ts';
import { weightFamilies } from './weight-families.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;

/** Why each file is left out; files that stay are absent. */
function reasons(paths: readonly string[], documents: Readonly<Record<string, unknown>> = {}) {
  const siblings = paths.map((path) => ({ path, size: 1, oid }));
  const reasonOf = redundancy(siblings, weightFamilies(siblings, new Map(Object.entries(documents))));
  return Object.fromEntries(paths.flatMap((path) => (reasonOf(path) ? [[path, reasonOf(path)?.code]] : [])));
}

/** The files of these that are left out. */
const left = (...paths: readonly string[]) => Object.keys(reasons(paths));

describe('a file that matches no rule stays', () => {
  test.each([
    'speech_tokenizer_v2.onnx',
    'campplus.onnx',
    'onnx/vocoder.onnx',
    'flow.pt',
    'models_t5_umt5-xxl-enc-bf16.pth',
    'weights.dat',
    'other.safetensors',
    'sub/pytorch_model.bin',
    'sub/model.fp16.safetensors',
    'imatrix.dat',
    'm-imatrix.gguf',
    'data/voices.npz',
    'voice.wav',
    'manual.docx',
    'LICENSE.pdf',
    'lora/original/a.safetensors',
    'model_ema.safetensors',
    'model_non_ema.pt',
  ])('%s beside model.safetensors', (path) => {
    expect(left('config.json', 'model.safetensors', path)).toEqual([]);
  });

  test('whatever its name, in any repository', () => {
    const unknown = fc.stringMatching(/^(?:[a-z]{1,4}\/)?[a-z]{1,6}\.(?:xyz|dat|weird|param|npz|mp3|q|zzz)$/);
    fc.assert(
      fc.property(fc.constantFrom(...LISTINGS), unknown, ({ files }, path) => {
        expect(reasons([...files.map(({ sibling }) => sibling.path), path])[path]).toBeUndefined();
      }),
    );
  });
});

test('no file counts as a copy if safetensors are missing or lack a shard', () => {
  const byCopy = ['other-format', 'consolidated', 'single-file'];
  for (const { files } of LISTINGS) {
    const paths = files.map(({ sibling }) => sibling.path);
    const without = paths.filter((path) => !path.endsWith('.safetensors'));
    const short = paths.map((path) => path.replace(/([^/]*)\.safetensors$/, '$1-00001-of-00009.safetensors'));
    for (const some of [without, short]) {
      expect(Object.values(reasons(some)).filter((code) => byCopy.includes(code ?? ''))).toEqual([]);
    }
  }
});

describe('another copy of complete safetensors', () => {
  test.each([
    ['model.safetensors', 'model.bin', 'other-format'],
    ['model.safetensors', 'pytorch_model.fp16.bin', 'other-format'],
    ['model.safetensors', 'pytorch_model.bin.index.json', 'other-format'],
    ['model.safetensors', 'consolidated.00.pth', 'other-format'],
    ['model.safetensors', 'tf_model-00001-of-00002.h5', 'other-format'],
    ['model.safetensors', 'coreml/text/float32_model.mlpackage/Data/weight.bin', 'other-format'],
    ['model.safetensors', 'onnx/fp16/model.onnx', 'other-format'],
    ['model.safetensors', 'onnx/model.onnx_data_1', 'other-format'],
    ['model.safetensors', 'openvino_model_qint8_quantized.xml', 'other-format'],
    ['model.safetensors', 'Q4_K_M/m-00001-of-00002.gguf', 'other-format'],
    ['2_Dense/model.safetensors', '2_Dense/pytorch_model.bin', 'other-format'],
    ['v1-5-pruned.safetensors', 'v1-5-pruned.ckpt', 'other-format'],
    ['model.fp16.safetensors', 'pytorch_model.fp16.bin', 'other-format'],
    ['model.safetensors', 'model-00001-of-00002.fp16.safetensors', 'other-precision'],
    ['model.safetensors', 'consolidated-00001-of-00002.safetensors', 'consolidated'],
  ])('beside %s is %s (%s)', (safetensors, path, code) => {
    expect(reasons([safetensors, path])).toEqual({ [path]: code });
  });

  test.each([
    ['model.fp16.safetensors', 'pytorch_model.bin'],
    ['adapter_model.safetensors', 'pytorch_model.bin'],
    ['diffusion_pytorch_model.safetensors', 'pytorch_model.bin'],
    ['consolidated.safetensors', 'params.json'],
  ])('beside %s is not %s', (...paths) => {
    expect(left(...paths)).toEqual([]);
  });
});

describe('folders of copies', () => {
  test('are left out if there are weights outside', () => {
    expect(
      reasons(['model.safetensors', 'original/params.json', 'checkpoint-9/x', 'global_step1/x']),
    ).toEqual({
      'original/params.json': 'original',
      'checkpoint-9/x': 'training',
      'global_step1/x': 'training',
    });
  });

  test('stay if there are none, or only an unrelated pickle', () => {
    expect(left('README.md', 'spk_dict.pt', 'original/model.safetensors', 'checkpoint-9/x')).toEqual([]);
  });

  test.each([
    'silero_vad.onnx',
    'lora/adapter_model.safetensors',
    'split_einsum/Unet.mlpackage/model.mlmodel',
  ])('stay beside %s, which is no copy of a whole model', (path) => {
    expect(left(path, 'original/consolidated.00.pth', 'original/params.json')).toEqual([]);
  });

  test('of a training are left out beside the adapter that it made, but not beside a helper', () => {
    expect(left('adapter_model.safetensors', 'checkpoint-9/adapter_model.safetensors')).toEqual([
      'checkpoint-9/adapter_model.safetensors',
    ]);
    expect(left('silero_vad.onnx', 'checkpoint-9/model.safetensors')).toEqual([]);
  });

  test('are kept if the weights outside are in hidden folders', () => {
    expect(left('.cache/model.safetensors', 'original/x.pth')).toEqual(['.cache/model.safetensors']);
  });
});

describe('a diffusers pipeline in one file', () => {
  const WHOLE = ['model_index.json', 'unet/config.json', 'unet/diffusion_pytorch_model.safetensors'];

  test('is left out if each component is complete', () => {
    const files = ['flux1-dev.safetensors', 'ae.safetensors', 'sd_xl_base_1.0_0.9vae.safetensors'];
    expect(reasons([...WHOLE, ...files])).toEqual(
      Object.fromEntries(files.map((path) => [path, 'single-file'])),
    );
  });

  test('is left out also beside the VAE as ONNX has it', () => {
    const halves = ['vae_encoder/config.json', 'vae_encoder/model.onnx', 'vae_decoder/config.json'];
    expect(reasons([...WHOLE, ...halves, 'sd_xl_base_1.0.safetensors'])).toEqual({
      'sd_xl_base_1.0.safetensors': 'single-file',
    });
  });

  test.each([
    [['flux1-dev.safetensors', 'vae/config.json']],
    [['flux1-dev.safetensors', 'vae/config.json', 'vae/diffusion_pytorch_model.fp16.safetensors']],
    [['flux1-lora.safetensors']],
    [['flux1-controlnet-union.safetensors']],
    [['sd3_ip_adapter.safetensors']],
    [['sdxl_vae.safetensors']],
    [['upscaler.safetensors']],
    [['sub/flux1-dev.safetensors']],
  ])('or what else %j has stays', (more) => {
    expect(left(...WHOLE, ...more)).toEqual([]);
  });
});

describe('two sets of shards', () => {
  const eight = Array.from({ length: 8 }, (_, at) => `transformer/a-0000${at + 1}-of-00008.safetensors`);
  const four = Array.from({ length: 4 }, (_, at) => `transformer/a-0000${at + 1}-of-00004.safetensors`);
  const index = 'transformer/a.safetensors.index.json';
  const naming = (paths: readonly string[]) => ({
    [index]: { weight_map: Object.fromEntries(paths.map((path, at) => [at, path.replace(/.*\//, '')])) },
  });

  test('the index decides which one stays', () => {
    expect(reasons([...four, ...eight, index], naming(eight))).toEqual(
      Object.fromEntries(four.map((path) => [path, 'other-shards'])),
    );
  });

  test('both stay without an index, with one that names a missing shard, and with a broken one', () => {
    const paths = [...four, ...eight, index];
    expect(reasons(paths)).toEqual({});
    expect(reasons(paths, naming([...eight, 'gone.safetensors']))).toEqual({});
    for (const document of [[], {}, { weight_map: [] }, { weight_map: { a: 1 } }, 'x', null]) {
      expect(reasons(paths, { [index]: document })).toEqual({});
    }
  });
});
