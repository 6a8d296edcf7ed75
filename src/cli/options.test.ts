import { describe, expect, test } from 'vitest';
import type { PushOptions } from '../index.ts';
import { type PushWords, toPushOptions } from './options.ts';

const registry = {
  kind: 'registry',
  registry: { scheme: 'https', host: 'ghcr.io' },
  repository: 'acme/llama',
};
const words: PushWords = { model: 'acme/llama', reference: 'ghcr.io/acme/llama' };
const options = (more: PushWords, env = {}, tokenFile?: string) =>
  toPushOptions({ ...words, ...more }, env, { tokenFile, home: '/home/ada' });

describe('the model and the target', () => {
  test('can be two arguments', () => {
    expect(
      toPushOptions({ model: 'acme/llama@v1', reference: 'ghcr.io/acme/llama:t' }, {}, { home: '/home/ada' }),
    ).toMatchObject({
      model: 'acme/llama',
      revision: 'v1',
      target: registry,
      tag: 't',
    });
  });

  test('can be flags, with the same meaning', () => {
    const flags = {
      hfRepo: 'acme/llama',
      hfRevision: 'v1',
      registry: 'ghcr.io',
      targetRepo: 'acme/llama',
      targetTag: 't',
    };
    const comparable = (made: PushOptions) => ({ ...made, registry: undefined });
    expect(comparable(toPushOptions(flags, {}, { home: '/home/ada' }))).toEqual(
      comparable(
        toPushOptions(
          { model: 'acme/llama@v1', reference: 'ghcr.io/acme/llama:t' },
          {},
          { home: '/home/ada' },
        ),
      ),
    );
  });

  test('without a tag there is none: it comes from the commit', () => {
    expect(options({ alsoTag: ['latest'] })).toMatchObject({ alsoTags: ['latest'] });
    expect(options({})).not.toHaveProperty('tag');
  });

  test.each<[fact: string, words: PushWords, message: string]>([
    ['no model', { reference: 'ghcr.io/a' }, 'no model'],
    ['no target', { model: 'a/b' }, 'no target'],
    ['a model twice', { ...words, hfRepo: 'a/b' }, 'the model is named twice'],
    ['a revision twice', { ...words, model: 'a/b@c', hfRevision: 'd' }, 'the revision is given twice'],
    ['a target twice', { ...words, registry: 'ghcr.io' }, 'the target is named twice'],
    ['a tag twice', { ...words, reference: 'ghcr.io/a:t', targetTag: 'u' }, 'the tag is given twice'],
    ['a registry without a repository', { model: 'a/b', registry: 'ghcr.io' }, 'no repository'],
  ])('%s is an error of usage', (_, bad, message) => {
    expect(() => toPushOptions(bad, {}, { home: '/home/ada' })).toThrow(message);
    expect(() => toPushOptions(bad, {}, { home: '/home/ada' })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('numbers and words', () => {
  test('are taken where they make sense', () => {
    expect(options({ workers: '8', chunkMib: '4', tarLayout: 'reference', layerPrefix: '' })).toMatchObject({
      workers: 8,
      registry: { chunkSize: 4 * 2 ** 20 },
      tarLayout: 'reference',
      layerPrefix: '',
    });
  });

  test.each<[PushWords]>([
    [{ workers: '0' }],
    [{ workers: '9' }],
    [{ workers: '1.5' }],
    [{ workers: 'two' }],
    [{ workers: '' }],
    [{ chunkMib: '0' }],
    [{ chunkMib: '1025' }],
    [{ chunkMib: '-1' }],
    [{ tarLayout: 'pax' }],
  ])('%o is refused', (bad) => {
    expect(() => options(bad)).toThrow(expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }));
  });
});

describe('lists', () => {
  test('come from flags, else from variables, with commas or white space between them', () => {
    const env = { ALLOW_PATTERNS: '.json, *.md\n.txt', IGNORE_PATTERNS: '', ALSO_TAGS: 'latest,v1' };
    expect(options({}, env)).toMatchObject({
      allowPatterns: ['.json', '*.md', '.txt'],
      ignorePatterns: [],
      alsoTags: ['latest', 'v1'],
    });
    expect(options({ allowPatterns: ['*.py'], alsoTag: ['x'] }, env)).toMatchObject({
      allowPatterns: ['*.py'],
      alsoTags: ['x'],
    });
  });
});

describe('the token of the Hub', () => {
  test.each([
    ['HF_TOKEN before all', { HF_TOKEN: ' hf_a\n', HUGGING_FACE_HUB_TOKEN: 'hf_b' }, 'hf_c', 'hf_a'],
    ['its old name next', { HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: 'hf_b' }, 'hf_c', 'hf_b'],
    ['then the file', {}, 'hf_c\n', 'hf_c'],
    ['none of them', {}, undefined, undefined],
    [
      'none when the implicit token is disabled',
      { HF_TOKEN: 'hf_a', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
      'hf_c',
      undefined,
    ],
    ['one of another Hub, whatever it looks like', { HF_TOKEN: 'AKCp8:x.y-z' }, undefined, 'AKCp8:x.y-z'],
  ])('%s', (_, env, file, token) => {
    expect(options({}, env, file).hub?.token).toBe(token);
  });

  test('a token with a line break in it is refused without repeating it', () => {
    expect(() => options({}, { HF_TOKEN: 'hf_secret\nX: y' })).toThrow(/^(?!.*secret).*characters/);
  });
});

test('the flag for the endpoint wins over its variable, and an empty variable counts as unset', () => {
  expect(options({}, { HF_ENDPOINT: 'https://mirror.example/hf' }).hub?.endpoint).toBe(
    'https://mirror.example/hf',
  );
  expect(
    options({ hfEndpoint: 'https://a.example' }, { HF_ENDPOINT: 'https://b.example' }).hub?.endpoint,
  ).toBe('https://a.example');
  expect(options({}, { HF_ENDPOINT: ' ' }).hub).not.toHaveProperty('endpoint');
});

describe('the account at the registry', () => {
  const account = (env: Record<string, string>) =>
    options({}, env).registry?.credentials?.('ghcr.io', 'acme/llama');

  test('is OCI_USERNAME before all files; its password may be empty', async () => {
    expect(await account({ OCI_USERNAME: 'u' })).toEqual({
      credentials: { kind: 'account', username: 'u', password: '' },
      origin: 'OCI_USERNAME',
    });
  });

  test('is not asked for in files that are not there', async () => {
    expect(await account({ OCI_USERNAME: '', OCI_PASSWORD: '' })).toBeUndefined();
  });

  test('a password without a user name is an error', () => {
    expect(() => options({}, { OCI_USERNAME: '', OCI_PASSWORD: 'p' })).toThrow('OCI_PASSWORD is set without');
  });
});
