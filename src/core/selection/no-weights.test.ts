import { expect, test } from 'vitest';
import { hasWeights, lacksWeights, noWeightsError } from './no-weights.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;
const model = (...paths: readonly string[]) =>
  ({
    id: { type: 'model', name: 'acme/m' },
    revision: 'main',
    siblings: paths.map((path) => ({ path, size: 1, oid })),
  }) as const;
const DEFAULT = { allow: [], ignore: [] };

test.each([
  [['README.md']],
  [['README.md', 'measurement.json', '.gitattributes', 'plot.png', 'LICENSE', 'results.csv']],
])('%j would be an image that serves nothing', (paths) => {
  expect(lacksWeights(model(...paths), DEFAULT)).toBe(true);
});

test.each([
  [['README.md', 'config.yaml', 'handler.py']],
  [['README.md', 'tokenizer.json']],
  [['README.md', 'vocab.txt']],
  [['README.md', 'spiece.model']],
  [['README.md', 'phontab']],
  [['README.md', 'model.fancy']],
  [['README.md', 'output.safetensors']],
  [[]],
])('%j can be of use', (paths) => {
  expect(lacksWeights(model(...paths), DEFAULT)).toBe(false);
});

test('patterns or a dataset never count as without weights', () => {
  expect(lacksWeights(model('README.md'), { allow: ['*'], ignore: [] })).toBe(false);
  expect(lacksWeights(model('README.md'), { allow: [], ignore: ['x'] })).toBe(false);
  expect(lacksWeights({ ...model('README.md'), id: { type: 'dataset', name: 'a/b' } }, DEFAULT)).toBe(false);
});

test('a branch has weights if any file may hold some', () => {
  const paths = ['config.json', 'tokenizer.json', 'README.md', 'a.py', '.x.safetensors', 'a.png'];
  expect(hasWeights(paths.map((path) => ({ path })))).toBe(false);
  for (const path of ['output.safetensors', 'x/a.bin', 'weights', 'a.pt'])
    expect(hasWeights([{ path }])).toBe(true);
});

test('the error lists the branches with weights, and the hint has the first one ready to paste', () => {
  expect(noWeightsError(model(), ['3.0bpw', '4.0bpw'])).toMatchObject({
    code: 'USAGE',
    message: 'acme/m has no weights at main; these branches have some:\n  3.0bpw\n  4.0bpw',
    hint: 'Choose one of them: acme/m@3.0bpw',
  });
  expect(noWeightsError(model(), [])).toMatchObject({
    message: 'acme/m has no weights at main',
    hint: expect.stringContaining("--allow-patterns '*'"),
  });
  expect(noWeightsError(model(), Array.from({ length: 30 }, String)).message).toMatch(/\n {2}and 10 more$/);
});
