import { describe, expect, test } from 'vitest';
import { ModelcarError } from '../error.ts';
import { NO_EVIDENCE } from './evidence.ts';
import { selectSiblings } from './selection.ts';

const GB = 1e9;
const oid = { algorithm: 'git-sha1', hex: '' } as const;

function refusal(files: Readonly<Record<string, number>>, ignore: readonly string[] = []): ModelcarError {
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

describe('GGUF in several quantisations', () => {
  const FILES = {
    '.gitattributes': 1,
    'README.md': 1,
    'UD-IQ1_S/m-UD-IQ1_S-00001-of-00002.gguf': GB,
    'UD-IQ1_S/m-UD-IQ1_S-00002-of-00002.gguf': GB,
    'm-BF16-00001-of-00002.gguf': 16 * GB,
    'm-Q4_K_M.gguf': 4.92 * GB,
    'm-imatrix.gguf': 1,
    'mmproj-BF16.gguf': GB,
  };

  test('ends with an error that lists them, the smallest first, with an option for each', () => {
    expect(refusal(FILES)).toMatchObject({
      code: 'USAGE',
      message: [
        'acme/m has 3 quantisations (GGUF), and one is enough to serve it:',
        '  2.00 GB  UD-IQ1_S/m-UD-IQ1_S-00001-of-00002.gguf  (2 files)',
        "           --ignore-patterns 'm-Q4_K_M.gguf,m-BF16-00001-of-00002.gguf'",
        '  4.92 GB  m-Q4_K_M.gguf',
        "           --ignore-patterns 'UD-IQ1_S/m-UD-IQ1_S-*-of-00002.gguf,m-BF16-00001-of-00002.gguf'",
        '  16.0 GB  m-BF16-00001-of-00002.gguf  (1 shard is missing)',
        "           --ignore-patterns 'UD-IQ1_S/m-UD-IQ1_S-*-of-00002.gguf,m-Q4_K_M.gguf'",
      ].join('\n'),
      hint: 'Add the option below your choice: it leaves out the others and keeps the rest.',
    });
  });

  test('is pushed if the ignore patterns leave one', () => {
    expect(() => refusal(FILES, ['*UD*', 'm-BF16*'])).toThrow('nothing was refused');
  });

  test('shows at most sixty of them', () => {
    const files = Object.fromEntries(
      Array.from({ length: 67 }, (_, at) => [`m.Q${at + 10}_0.gguf`, (at + 1) * GB]),
    );
    const lines = refusal(files).message.split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([1 + 2 * 60 + 1, 'and 7 more']);
  });

  test('names a flag instead of patterns if there are too many', () => {
    const files = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`m${at}.gguf`, 1]));
    expect(refusal(files).message).toContain(
      '\n           --allow-patterns, with patterns for the files to keep\n',
    );
  });
});

test('the choice of a format keeps that format in all components', () => {
  const names = ['tf_model.h5', 'pytorch_model.bin', 'onnx/model.onnx'];
  const files = Object.fromEntries(['', 'b/'].flatMap((folder) => names.map((name) => [folder + name, GB])));
  const [, , option] = refusal(files).message.split('\n');
  expect(refusal(files).message.split('\n')).toHaveLength(7);
  expect(option).toBe(
    "           --ignore-patterns 'onnx/model.onnx,pytorch_model.bin,b/onnx/model.onnx,b/pytorch_model.bin'",
  );
});
