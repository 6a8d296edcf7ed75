import { describe, expect, test } from 'vitest';
import { ModelcarError } from '../error.ts';
import { NO_EVIDENCE } from './evidence.ts';
import { matcher } from './path-patterns.ts';
import { selectSiblings } from './selection.ts';

const GB = 1e9;

function refusal(files: Readonly<Record<string, number>>, ignore: readonly string[] = []): ModelcarError {
  const oid = { algorithm: 'git-sha1', hex: '' } as const;
  const siblings = Object.entries(files).map(([path, size]) => ({ path, size, oid }));
  try {
    selectSiblings(
      { id: { type: 'model', name: 'acme/m' }, siblings },
      { allow: [], ignore, pickles: 'refuse' },
      NO_EVIDENCE,
    );
  } catch (error) {
    if (error instanceof ModelcarError) return error;
  }
  throw new Error('nothing was refused');
}

/** What the hint's patterns would push. */
function asked({ hint = '' }: ModelcarError, files: Readonly<Record<string, number>>): readonly string[] {
  const patterns = /--allow-patterns '([^']*)'$/.exec(hint)?.[1]?.split(',') ?? [];
  return Object.keys(files).filter(matcher(patterns));
}

describe('GGUF in several quantisations', () => {
  const FILES = {
    '.gitattributes': 1,
    LICENSE: 1,
    'README.md': 1,
    'UD-IQ1_S/m-UD-IQ1_S-00001-of-00002.gguf': GB,
    'UD-IQ1_S/m-UD-IQ1_S-00002-of-00002.gguf': GB,
    'm-BF16.gguf': 16 * GB,
    'm-Q2_K.gguf': 3 * GB,
    'm-Q2_K_L.gguf': 3.3 * GB,
    'm-Q4_K_M.gguf': 4.92 * GB,
    'm-imatrix.gguf': 1,
    'mmproj-m-f16.gguf': GB,
  };

  test('is refused with the choices, a split set as one, the smallest first, and a pattern for each', () => {
    expect(refusal(FILES)).toMatchObject({
      code: 'USAGE',
      message: [
        'acme/m has 5 quantisations (GGUF), and one is enough to serve it:',
        '  2.00 GB  *UD-IQ1_S*  (2 files)',
        '  3.00 GB  *Q2_K.gguf',
        '  3.30 GB  *Q2_K_L*',
        '  4.92 GB  *Q4_K_M*',
        '  16.0 GB  *BF16*',
      ].join('\n'),
    });
  });

  test('is answered with patterns that push one of them and what goes with it', () => {
    expect(asked(refusal(FILES), FILES)).toEqual([
      'LICENSE',
      'README.md',
      'm-Q4_K_M.gguf',
      'mmproj-m-f16.gguf',
    ]);
  });

  test('is pushed when patterns to ignore leave one', () => {
    expect(() => refusal(FILES, ['IQ1_S/', '*UD*', '*Q2*', '*BF16*'])).toThrow('nothing was refused');
  });

  test('shows twenty of many', () => {
    const files = Object.fromEntries(
      Array.from({ length: 27 }, (_, at) => [`m.Q${at + 10}_0.gguf`, (at + 1) * GB]),
    );
    const lines = refusal(files).message.split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([22, 'and 7 more']);
  });

  test.each([
    [
      ['A B-Q4_0.gguf', 'C-Q4_0.gguf'],
      ['A?B-Q4_0.gguf', 'C-Q4_0.gguf'],
    ],
    [
      ['a-00001-of-00002.gguf', 'a-00002-of-00002.gguf', 'b.gguf'],
      ['a-0*-of-*.gguf', 'b.gguf'],
    ],
    [
      ['x/a-Q8_0.gguf', 'y/a-Q8_0.gguf'],
      ['x/a-Q8_0.gguf', 'y/a-Q8_0.gguf'],
    ],
    [
      ['a-Q4_K_XL.gguf', 'a-UD-Q4_K_XL.gguf'],
      ['a-Q4_K_XL.gguf', '*UD-Q4_K_XL*'],
    ],
  ])('%j are told apart by %j', (paths, patterns) => {
    const files = Object.fromEntries(paths.map((path, at) => [path, at + 1]));
    const rows = refusal(files).message.split('\n').slice(1);
    expect(rows.map((row) => /B {2}(\S+)/.exec(row)?.[1]).sort()).toEqual([...patterns].sort());
  });
});

test('quantisations and their card in one folder are chosen from without the others', () => {
  const files = { 'm/README.md': 1, 'm/a-Q4_0.gguf': 1, 'm/a-Q8_0.gguf': 2 };
  expect(asked(refusal(files), files)).toEqual(['m/README.md', 'm/a-Q4_0.gguf']);
});

describe('a model with nothing but pickles', () => {
  const FILES = {
    'README.md': 1,
    'config.json': 1,
    'pytorch_model-00001-of-00002.bin': 2 * GB,
    'pytorch_model-00002-of-00002.bin': GB,
    'pytorch_model.bin.index.json': 1,
    'training_args.bin': 1,
    'vocab.txt': 1,
  };

  test('is refused, not pushed without weights', () => {
    const { code, message } = refusal(FILES);
    expect([code, message.split('\n')]).toEqual([
      'USAGE',
      [
        'the only weights of acme/m are pickles, or can be, and loading a pickle can run code:',
        '  2.00 GB  pytorch_model-00001-of-00002.bin',
        '  1.00 GB  pytorch_model-00002-of-00002.bin',
      ],
    ]);
  });

  test('is answered with the patterns that ask for them', () => {
    expect(refusal(FILES).hint).toContain("--allow-patterns '*.bin,*.md,*.json,*.txt'");
  });
});

test('several formats without safetensors are refused with each one, its size and its patterns', () => {
  const error = refusal({
    'a.bin': GB,
    'b.pt': 1,
    'onnx/m.onnx': 2 * GB,
    'onnx/config.json': 1,
    'c.json': 1,
  });
  expect(error.message.split('\n')).toEqual([
    'the weights of acme/m are in several formats, and none of them is safetensors:',
    '  1.00 GB  pickle: *.bin,*.pt',
    '  2.00 GB  ONNX: onnx/',
  ]);
  expect(error).toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining("--allow-patterns 'onnx/,*.json'"),
  });
});

describe('safetensors that are not the weights of the model', () => {
  test.each([
    [['pytorch_model.bin', 'adapter_model.safetensors'], 'pytorch_model.bin'],
    [['pytorch_model.bin', '2_Dense/model.safetensors'], 'pytorch_model.bin'],
    [['model.safetensors', '2_Dense/pytorch_model.bin'], '2_Dense/pytorch_model.bin'],
    [['unet/model.safetensors', 'vae/diffusion_pytorch_model.bin'], 'vae/diffusion_pytorch_model.bin'],
  ])('%j do not leave out the pickles silently', (paths, pickle) => {
    const files = Object.fromEntries(
      [...paths, 'config.json', 'training_args.bin'].map((path) => [path, GB]),
    );
    const error = refusal(files);
    expect(error).toMatchObject({
      code: 'USAGE',
      message: `some weights of acme/m are only there as pickles, and loading a pickle can run code:\n  1.00 GB  ${pickle}`,
      hint: expect.stringContaining("--ignore-patterns '*.bin'"),
    });
    expect(asked(error, files)).toEqual(expect.arrayContaining([...paths, 'config.json']));
    expect(() => refusal(files, ['*.bin'])).toThrow('nothing was refused');
  });

  test('what a training left is no weights', () => {
    const names = ['optimizer.pt', 'scheduler.pt', 'training_args.bin', 'rng_state.pth', 'rng_state_0.pth'];
    const files = Object.fromEntries(['a/model.safetensors', ...names].map((path) => [path, 1]));
    expect(() => refusal(files)).toThrow('nothing was refused');
  });
});
