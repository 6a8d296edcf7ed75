import { expect, test } from 'vitest';
import { quantisedParts } from './gguf.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;

/** The first file of each quantisation, by parts. */
function parts(names: string) {
  const siblings = names.split(' ').map((name, at) => ({ path: `${name}.gguf`, size: at, oid }));
  return quantisedParts(siblings).map((part) => part.map(([first]) => first?.path.replace('.gguf', '')));
}

test.each([
  'm-Q4_K_M m-Q8_0 m-UD-IQ1_S m-bf16 m-MXFP4_MOE',
  'm.i1-IQ1_S m.Q4_K_M m',
  'm.i1-IQ1_S m.Q4_K_M m.f16',
  'M-q4_0 m-fp16',
  'm-Q2_K m-f16/m-f16-00001-of-00002 Q4_K_M/m-Q4_K_M gguf/m-Q8_0',
  'Q4_K_M Q8_0',
  'Q4_K_M/model Q8_0/model',
  'm-Q4_0 m-draft-Q4_0',
  'a b-Q4_0',
])('%s are quantisations of one part', (names) => {
  expect(parts(names)).toEqual([names.split(' ')]);
});

test.each([
  ['lfm-audio-Q4_0 lfm-audio-F16 vocoder-lfm-audio-Q4_0 vocoder-lfm-audio-F16', [2, 2]],
  ['orpheus-3b-Q4_K_M snac-decoder-f16', [1, 1]],
  ['llm/m-Q4_0 llm/m-Q8_0 vae/m-f16 text_encoder/t5-Q8_0', [2, 1, 1]],
])('%s are quantisations of several parts', (names, sizes) => {
  expect(parts(names).map(({ length }) => length)).toEqual(sizes);
});

test('a projector and an importance matrix are no part', () => {
  expect(parts('m-Q4_0 mmproj-m-f16 m-imatrix')).toEqual([['m-Q4_0']]);
});
