import { expect, test } from 'vitest';
import { readAll } from './byte-source.ts';
import { demoModelFiles, demoRepo } from './demo-model.ts';

const files = demoModelFiles();

function contentOf(path: string): Buffer {
  const file = files[path];
  if (!file) throw new Error(`no ${path}`);
  return Buffer.from(readAll(file.source));
}

test('the weights are a safetensors file whose tensors fill it without a gap', () => {
  const file = contentOf('model.safetensors');
  const headerLength = Number(file.readBigUInt64LE(0));
  expect(headerLength % 8).toBe(0);
  const header: Record<string, Tensor> = JSON.parse(file.subarray(8, 8 + headerLength).toString());
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  let end = 0;
  for (const [, { dtype, shape, data_offsets: offsets }] of tensors) {
    expect([dtype, offsets[0]]).toEqual(['F32', end]);
    expect(offsets[1] - offsets[0]).toBe(4 * shape.reduce((product, size) => product * size, 1));
    end = offsets[1];
  }
  expect(8 + headerLength + end).toBe(file.length);
  expect(tensors.map(([name]) => name)).toContain('encoder.layer.1.output.LayerNorm.bias');
  const values = new Float32Array(
    file.buffer.slice(file.byteOffset + 8 + headerLength, file.byteOffset + file.length),
  );
  expect(values.every((value) => Math.abs(value) <= 0.02)).toBe(true);
  expect(new Set(values).size).toBeGreaterThan(1000);
});

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

test('the model is the same in every run', () => {
  const again = demoModelFiles();
  expect(Object.values(again).map((file) => file.source.key)).toEqual(
    Object.values(files).map((file) => file.source.key),
  );
});

test('the vocabulary has as many words as the config says', () => {
  const config: { vocab_size: number } = JSON.parse(contentOf('config.json').toString());
  const words = contentOf('vocab.txt').toString().trim().split('\n');
  expect(new Set(words).size).toBe(config.vocab_size);
  const tokenizer: { model: { vocab: Record<string, number> } } = JSON.parse(
    contentOf('tokenizer.json').toString(),
  );
  expect(Object.keys(tokenizer.model.vocab)).toHaveLength(config.vocab_size);
});

test('it has the odd corners of real repositories', () => {
  expect(contentOf('1_Pooling/config.json').equals(contentOf('config.json'))).toBe(false);
  expect(contentOf('notes/empty.txt')).toHaveLength(0);
  expect(contentOf('README.md').toString()).toMatch(/^---\nlicense: apache-2\.0\n/);
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['LICENSE', 'notes/größe & maß #1 (final)+%41.md']),
  );
  expect(demoRepo().files).toHaveProperty(['model.safetensors', 'lfs'], true);
});
