import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unlessRefused } from '../../test/support/rejection.ts';
import { parseModelId, parseRevision } from '../core/model.ts';
import { ModelcarError } from '../index.ts';
import { meantModel, refuseForeignModel } from './model-mistakes.ts';

function refusal(text: string): ModelcarError | undefined {
  try {
    refuseForeignModel(text);
    return undefined;
  } catch (error) {
    if (error instanceof ModelcarError) return error;
    throw error;
  }
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

describe('a model in the style of another tool gets an error with our spelling', () => {
  test.each([
    ['https://huggingface.co/acme/llama', 'acme/llama'],
    ['https://huggingface.co/acme/llama/', 'acme/llama'],
    ['http://www.huggingface.co/acme/llama', 'acme/llama'],
    ['https://huggingface.co/gpt2', 'gpt2'],
    ['https://huggingface.co/acme/llama?library=transformers', 'acme/llama'],
    ['https://huggingface.co/acme/llama#usage', 'acme/llama'],
    ['https://huggingface.co/acme/llama/tree/v1.2', 'acme/llama@v1.2'],
    ['https://huggingface.co/acme/llama/tree/refs%2Fpr%2F1', 'acme/llama@refs/pr/1'],
    ['https://huggingface.co/acme/llama/tree/main/onnx', "acme/llama@main --allow-patterns 'onnx/'"],
    [
      'https://huggingface.co/acme/llama/blob/main/sub/a.gguf',
      "acme/llama@main --allow-patterns 'sub/a.gguf'",
    ],
    [`https://huggingface.co/acme/llama/commit/${COMMIT}`, `acme/llama@${COMMIT}`],
    ['https://huggingface.co/datasets/acme/rows/tree/v2', 'datasets/acme/rows@v2'],
    ['https://huggingface.co/api/models/acme/llama', 'acme/llama'],
    ['https://hf-mirror.example/acme/llama', 'acme/llama --hf-endpoint https://hf-mirror.example'],
    ['huggingface.co/acme/llama', 'acme/llama'],
    ['hf.co/acme/llama@v1', 'acme/llama@v1'],
    ['hf://acme/llama', 'acme/llama'],
    ['hf://acme/llama@v1', 'acme/llama@v1'],
    ['hf://models/acme/llama', 'acme/llama'],
    ['hf://datasets/acme/rows', 'datasets/acme/rows'],
    ['hf://acme/llama/config.json', "acme/llama --allow-patterns 'config.json'"],
    ['git@hf.co:acme/llama.git', 'acme/llama'],
    ['https://huggingface.co/acme/llama.git', 'acme/llama'],
    ['acme/llama.git', 'acme/llama'],
    ['acme/llama/', 'acme/llama'],
    ['acme/llama:v1.2', 'acme/llama@v1.2'],
    ['acme/llama:latest', 'acme/llama'],
    ['acme/llama-GGUF:Q4_K_M', "acme/llama-GGUF --allow-patterns '*Q4_K_M*,*mmproj*,*.md,LICENSE*'"],
    ['hf.co/acme/llama-GGUF:IQ3_XXS', "acme/llama-GGUF --allow-patterns '*IQ3_XXS*,*mmproj*,*.md,LICENSE*'"],
    ['datasets/acme/rows:v1', 'datasets/acme/rows@v1'],
    ['acme/llama/model.gguf', "acme/llama --allow-patterns 'model.gguf'"],
    ['acme/sd/vae', "acme/sd --allow-patterns 'vae/'"],
    ['acme/llama/tree/v1', 'acme/llama@v1'],
    ['models/acme/llama', 'acme/llama'],
    [`/root/hub/models--acme--llama/snapshots/${COMMIT}`, `acme/llama@${COMMIT} --source cache`],
    ['~/.cache/huggingface/hub/models--acme--llama', 'acme/llama --source cache'],
  ])('%s', (text, typed) => {
    expect(refusal(text)).toMatchObject({ code: 'USAGE', hint: `Write it as ${typed}` });
    const [model = '', revision = 'main'] = typed.split(' ')[0]?.split('@') ?? [];
    parseModelId(model);
    parseRevision(revision);
  });

  test.each([
    './mymodel',
    '../mymodel',
    '/srv/mymodel',
    '~/mymodel',
    '.',
    '~',
    'file:///srv/x',
    'C:\\m',
    '.\\m',
  ])('%s is a folder, and the hint says what a push accepts', (text) => {
    expect(refusal(text)?.message).toBe('a folder of this machine cannot be pushed');
  });

  test.each(['https://huggingface.co/spaces/acme/demo', 'hf://spaces/acme/demo', 'spaces/acme/demo'])(
    '%s is a Space',
    (text) => expect(refusal(text)?.message).toContain('a Space'),
  );
});

test('a model in our own style is never refused', () => {
  for (const text of [
    'gpt2',
    'spaces/x',
    'models/x',
    'api/x',
    'datasets/a/b',
    'a/b@refs/pr/1',
    'a/b.c',
    'a/b@x:y',
  ])
    expect(refusal(text), text).toBe(undefined);
  const segment = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,9}$/);
  fc.assert(
    fc.property(
      segment,
      segment,
      fc.constantFrom('', '@main', '@v1.2', '@refs/pr/3'),
      (org, name, revision) => {
        const known = unlessRefused(() => parseModelId(`${org}/${name}`));
        fc.pre(known !== undefined && !name.endsWith('.git') && !/^(www\.)?(hf|huggingface)\.co$/i.test(org));
        expect(refusal(`${org}/${name}${revision}`)).toBe(undefined);
      },
    ),
  );
});

test('a hint never repeats the query of a URL, or text that needs quotes', () => {
  for (const text of [
    'https://huggingface.co/acme/llama?token=SECRET',
    "hf://acme/llama/it's SECRET;rm",
    'acme/llama/x.json?token=SECRET',
  ]) {
    const { message = '', hint } = refusal(text) ?? {};
    expect(message + hint).not.toContain('SECRET');
  }
});

test('a target counts as a swapped model only without a registry in front', () => {
  const texts = ['acme/llama', 'acme/llama@v1', 'https://hf.co/acme/llama/tree/v1', 'hf://acme/llama'];
  expect(texts.map(meantModel)).toEqual(['acme/llama', 'acme/llama@v1', 'acme/llama@v1', 'acme/llama']);
  for (const text of [
    'ghcr.io/llama',
    'ghcr.io/acme/llama',
    'localhost:5000/llama',
    'https://ghcr.io/a/b',
    'oci:x',
  ])
    expect(meantModel(text)).toBe(undefined);
});

test('the pattern for one quantisation is the same in the hint, the help and the documents', async () => {
  const [, hinted] = /--allow-patterns ('.*')$/.exec(refusal('acme/llama-GGUF:Q4_K_M')?.hint ?? '') ?? [];
  for (const page of ['README.md', 'docs/cli.md', 'docs/selection.md']) {
    const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8');
    const given = [...text.matchAll(/--allow-patterns ('[^']*Q4_K_M[^']*')/g)].map(([, pattern]) => pattern);
    expect([page, ...new Set(given)]).toEqual([page, hinted]);
  }
});
