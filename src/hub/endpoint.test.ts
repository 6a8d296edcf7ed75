import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { ModelcarError } from '../core/error.ts';
import type { ModelId } from '../core/model.ts';
import { parseHubEndpoint } from './endpoint.ts';

const model: ModelId = { type: 'model', name: 'acme/tiny' };
const dataset: ModelId = { type: 'dataset', name: 'acme/rows' };
const SHA = '0123456789abcdef0123456789abcdef01234567';
const hub = parseHubEndpoint('https://hub.test');

describe('the endpoint of a Hub', () => {
  test.each([
    ['https://huggingface.co', 'https://huggingface.co'],
    ['https://huggingface.co/', 'https://huggingface.co'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    [
      'https://corp.test/artifactory/api/huggingfaceml/models//',
      'https://corp.test/artifactory/api/huggingfaceml/models',
    ],
  ])('%s is one', (text, url) => {
    expect(parseHubEndpoint(text).url).toBe(url);
  });

  test.each([
    'huggingface.co',
    'ftp://huggingface.co',
    'file:///etc/passwd',
    '',
    'https://',
    'https://hub.test?x=1',
    'https://hub.test#x',
    'https://hub.test/?',
    'https://hub.test/hf#',
  ])('"%s" is none', (text) => {
    expect(() => parseHubEndpoint(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test.each(['foo', 'https://jane@hub.test', 'https://hub.test?x=1'])(
    'is named by its variable where it cannot be one: %s',
    (text) => {
      expect(() => parseHubEndpoint(text)).toThrow(/HF_ENDPOINT/);
    },
  );

  test('with credentials in it is refused without repeating them', () => {
    const parse = () => parseHubEndpoint('https://jane:s3cret@hub.test');
    expect(parse).toThrow(ModelcarError);
    expect(parse).not.toThrow(/s3cret/);
  });
});

describe('the URLs of a Hub', () => {
  test.each([
    ['main', 'main'],
    ['refs/pr/3', 'refs%2Fpr%2F3'],
    ['feature/x', 'feature%2Fx'],
    ['v1.0+cu#1', 'v1.0%2Bcu%231'],
  ])('a revision %s is one segment: %s', (revision, escaped) => {
    expect(hub.revision(model, revision)).toBe(`https://hub.test/api/models/acme/tiny/revision/${escaped}`);
    expect(hub.tree(model, revision)).toBe(
      `https://hub.test/api/models/acme/tiny/tree/${escaped}?recursive=true`,
    );
    expect(hub.file(model, revision, 'a')).toBe(`https://hub.test/acme/tiny/resolve/${escaped}/a`);
  });

  test('lists branches at the repository, below the path of its endpoint', () => {
    expect(hub.refs(model)).toBe('https://hub.test/api/models/acme/tiny/refs');
    const prefixed = parseHubEndpoint('https://corp.test/hf');
    expect(prefixed.refs(dataset)).toBe('https://corp.test/hf/api/datasets/acme/rows/refs');
  });

  test.each([
    ['config.json', 'config.json'],
    ['1_Pooling/config.json', '1_Pooling/config.json'],
    ['a b+c#d?e.txt', 'a%20b%2Bc%23d%3Fe.txt'],
    ['100%/%41.txt', '100%25/%2541.txt'],
    ['größe/模型.bin', 'gr%C3%B6%C3%9Fe/%E6%A8%A1%E5%9E%8B.bin'],
    ['resolve/main/resolve', 'resolve/main/resolve'],
    ['half a pair \ud800', 'half%20a%20pair%20%EF%BF%BD'],
  ])('the file %j keeps its slashes and nothing else', (path, escaped) => {
    expect(hub.file(model, SHA, path)).toBe(`https://hub.test/acme/tiny/resolve/${SHA}/${escaped}`);
  });

  test('a dataset has a prefix in file URLs and in the API', () => {
    expect(hub.file(dataset, SHA, 'a')).toBe(`https://hub.test/datasets/acme/rows/resolve/${SHA}/a`);
    expect(hub.revision(dataset, 'main')).toBe('https://hub.test/api/datasets/acme/rows/revision/main');
    expect(hub.page(dataset)).toBe('https://hub.test/datasets/acme/rows');
  });

  test('one of the oldest models has a name without an owner', () => {
    expect(hub.file({ type: 'model', name: 'gpt2' }, SHA, 'a')).toBe(
      `https://hub.test/gpt2/resolve/${SHA}/a`,
    );
  });

  test('the path of the endpoint stays in front of all', () => {
    const prefixed = parseHubEndpoint('https://corp.test/hf/');
    expect(prefixed.tree(model, 'main')).toMatch(/^https:\/\/corp\.test\/hf\/api\/models\//);
    expect(prefixed.file(model, SHA, 'a')).toBe(`https://corp.test/hf/acme/tiny/resolve/${SHA}/a`);
  });
});

describe('the next page of a listing', () => {
  const ARTIFACTORY = 'https://corp.test/artifactory/api/huggingfaceml/models';
  const tail = `/api/models/acme/tiny/tree/${SHA}?recursive=true&cursor=ZXlK%3D%3D`;

  test.each([
    ['of the Hub itself', 'https://hub.test', `<https://hub.test${tail}>; rel="next"`],
    [
      'that a mirror did not rewrite',
      'http://mirror.test:8080',
      `<https://huggingface.co${tail}>; rel="next"`,
    ],
    ['without quotes', 'https://hub.test', `<https://hub.test${tail}>;rel=next`],
    ['relative to the host', 'https://hub.test', `<${tail}>; rel="next"`],
    [
      'beside others',
      'https://hub.test',
      `<https://hub.test/api/x>; rel="prev", <https://hub.test${tail}>; rel="next"`,
    ],
    [
      'of an endpoint with a path, not rewritten',
      'https://corp.test/hf',
      `<https://huggingface.co${tail}>; rel="next"`,
    ],
    [
      'of an endpoint with a path, rewritten',
      'https://corp.test/hf',
      `<https://corp.test/hf${tail}>; rel="next"`,
    ],
    [
      'of an endpoint that has /api/ in its path, not rewritten',
      ARTIFACTORY,
      `<https://huggingface.co${tail}>; rel="next"`,
    ],
    [
      'of an endpoint that has /api/ in its path, rewritten',
      ARTIFACTORY,
      `<${ARTIFACTORY}${tail}>; rel="next"`,
    ],
    ['as a query only', 'https://corp.test/hf', '<?recursive=true&cursor=ZXlK%3D%3D>; rel="next"'],
  ])('%s is asked for at the endpoint', (_, endpoint, link) => {
    const hub = parseHubEndpoint(endpoint);
    expect(hub.nextPage(link, hub.tree(model, SHA), answer(200))).toBe(endpoint + tail);
  });

  test.each([
    ['no link', undefined],
    ['an empty one', ''],
    ['a link to something else', `<https://hub.test${tail}>; rel="prev"`],
    ['the links to Xet', '<https://hub.test/api/models/a/b/xet-read-token/1>; rel="xet-auth"'],
  ])('does not exist with %s', (_, link) => {
    expect(hub.nextPage(link, hub.tree(model, SHA), answer(200))).toBeUndefined();
  });

  test.each([
    '<https://hub.test/login>; rel="next"',
    '<https://evil.test/>; rel="next"',
    '<http://[>; rel="next"',
  ])('elsewhere than in the API is an error, not the end: %s', (link) => {
    expect(() => hub.nextPage(link, hub.tree(model, SHA), answer(200))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});
