import { describe, expect, test } from 'vitest';
import { canNeedHub, hubNeeds } from './needs-hub.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;

function needs(documents: Readonly<Record<string, unknown>>, ...weights: readonly string[]) {
  const kept = [...Object.keys(documents), ...weights].map((path) => ({ path, size: 1, oid }));
  const map = new Map(Object.entries(documents));
  return hubNeeds({ type: 'model', name: 'acme/m' }, kept, map).map(({ code, message }) => [code, message]);
}

describe('an image needs the Hub when it is loaded', () => {
  test('if its code is in another repository', () => {
    const auto_map = { AutoConfig: 'other/code--configuration.C', AutoTokenizer: ['other/code--t.T', null] };
    expect(needs({ 'config.json': { auto_map } })).toEqual([
      [
        'needs-hub',
        'config.json takes code from other/code, so a server needs the Hub when it loads the model',
      ],
    ]);
  });

  test('if its tokenizer or vision tower is', () => {
    const documents = {
      'tokenizer_config.json': { auto_map: { AutoTokenizer: ['a/b--t.T', null] } },
      'config.json': { mm_vision_tower: 'openai/clip-vit-large-patch14-336' },
    };
    expect(needs(documents).map(([code]) => code)).toEqual(['needs-hub', 'needs-hub']);
  });

  test.each([
    ['vision_tower', 'a vision tower'],
    ['audio_model_id', 'an audio encoder'],
    ['text_model_id', 'a language model'],
  ])('if its %s names %s', (key, what) => {
    expect(needs({ 'config.json': { [key]: 'openai/part' } })).toEqual([
      [
        'needs-hub',
        `config.json takes ${what} from openai/part, so a server needs the Hub when it loads the model`,
      ],
    ]);
  });

  test.each([
    [{ auto_map: { AutoConfig: 'configuration.C' } }],
    [{ auto_map: { AutoConfig: 'ACME/m--configuration.C' } }],
    [{ auto_map: ['a--b'] }],
    [{ auto_map: { a: 1, b: [[]] } }],
    [{ mm_vision_tower: './clip' }],
    [{ text_model_id: null, audio_model_id: 'acme/m', vision_tower: {} }],
    [[]],
    [null],
    ['a--b'],
  ])('but not by %j', (document) => {
    expect(needs({ 'config.json': document })).toEqual([]);
  });
});

describe('an adapter', () => {
  const adapter = (base: unknown) => ({ base_model_name_or_path: base });

  test('without its base model causes a warning, also if the base is a path on another disk', () => {
    for (const base of ['meta/llama', '/data/llama']) {
      expect(needs({ 'adapter_config.json': adapter(base) }, 'adapter_model.safetensors')).toEqual([
        ['needs-base-model', `adapter_config.json is an adapter for ${base}, which is not in the image`],
      ]);
    }
  });

  test.each([
    ['acme/m', 'x/adapter_config.json', 'adapter_model.safetensors'],
    ['meta/llama', 'x/adapter_config.json', 'model-00001-of-00002.safetensors'],
    ['./base', 'adapter_config.json', 'base/model.safetensors'],
    ['', 'adapter_config.json', 'adapter_model.safetensors'],
    [7, 'adapter_config.json', 'adapter_model.safetensors'],
  ])('for %j in %s beside %s is not', (base, path, weights) => {
    expect(needs({ [path]: adapter(base) }, weights)).toEqual([]);
  });
});

test('only documents that a server reads count', () => {
  const paths = ['config.json', 'sub/config.json', 'a/adapter_config.json', 'generation_config.json'];
  expect(paths.filter(canNeedHub)).toEqual(['config.json', 'a/adapter_config.json']);
});
