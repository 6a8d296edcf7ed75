import { expect, test } from 'vitest';
import { type ListTagsOptions, listTags, parseImageReference } from '../../src/index.ts';
import { dist3 } from '../fakes/registry/distribution-personalities.ts';
import type { FakeRegistry, FakeRegistryOptions } from '../fakes/registry/fake-registry.ts';
import { registryFor } from '../fakes/registry/raw-http.ts';
import { pushImage, pushManifest } from '../support/push-image.ts';
import { registryTarget } from '../support/registry-target.ts';
import { failureOf } from '../support/rejection.ts';
import { secret } from '../support/secrets.ts';

const TAGS = ['v1', 'v2', 'v3', 'v4', 'v5'];
const inPages = { ...dist3, tags: { ...dist3.tags, largestPage: 2 } };

async function filled(options: FakeRegistryOptions): Promise<FakeRegistry> {
  const registry = await registryFor(options);
  const target = registryTarget(registry);
  const { manifest } = await pushImage(target, { 'a.bin': Buffer.from('a') });
  for (const tag of TAGS) await pushManifest(target, manifest, tag);
  return registry;
}

const optionsFor = (registry: FakeRegistry, repository = 'acme/llama'): ListTagsOptions => ({
  target: parseImageReference(`${registry.host}/${repository}`).location,
  registry: { retries: 0 },
});

async function namesIn(registry: FakeRegistry): Promise<readonly string[]> {
  return (await listTags(optionsFor(registry))).map(({ tag }) => tag);
}

const pagesOf = (registry: FakeRegistry) => registry.log.filter(({ pathClass }) => pathClass === 'tags-get');

test('a list comes in as many pages as the registry likes', async () => {
  const registry = await filled({ personality: inPages });
  expect(await namesIn(registry)).toEqual(TAGS);
  expect(pagesOf(registry)).toHaveLength(3);
});

test('a list whose next page is said to be on another host is asked for where we are', async () => {
  const registry = await filled({ personality: inPages });
  const link = `<http://${registry.otherHost}/v2/acme/llama/tags/list?last=v2&n=2>; rel="next"`;
  registry.addFault({ on: 'tags-get', headers: { link } });
  expect(await namesIn(registry)).toEqual(TAGS);
  expect(registry.log.filter(({ origin }) => origin === 'other')).toEqual([]);
});

test('a list that leads back to its own page ends', async () => {
  const registry = await filled({ personality: inPages });
  const link = '</v2/acme/llama/tags/list?last=v2&n=1000>; rel="next"';
  registry.addFault({ on: 'tags-get', headers: { link }, times: Number.POSITIVE_INFINITY });
  expect(await namesIn(registry)).toEqual(['v1', 'v2', 'v3', 'v4']);
  expect(pagesOf(registry)).toHaveLength(2);
});

test.each(['{"name":"acme/llama","tags":null}', '{"name":"acme/llama"}', '{"tags":[]}'])(
  'an answer %s is a repository without tags',
  async (body) => {
    const registry = await filled({ personality: 'dist3' });
    registry.addFault({ on: 'tags-get', answer: { status: 200, body } });
    expect(await namesIn(registry)).toEqual([]);
  },
);

test('a name that is no tag is left out: it would lead a request elsewhere', async () => {
  const registry = await filled({ personality: 'dist3' });
  registry.addFault({ on: 'tags-get', answer: { status: 200, body: '{"tags":["..","a/b","v1"]}' } });
  expect(await namesIn(registry)).toEqual(['v1']);
});

test.each([
  ['without a digest in it', { headers: { 'docker-content-digest': null } }],
  ['that is refused', { answer: { status: 405 } }],
])('an answer to HEAD %s is made up for by a GET', async (_, effects) => {
  const registry = await filled({ personality: 'dist3' });
  const expected = registry.tags('acme/llama').get('v1');
  registry.addFault({ on: 'manifest-head', times: Number.POSITIVE_INFINITY, ...effects });
  const digests = (await listTags(optionsFor(registry))).map(({ digest }) => digest);
  expect(new Set(digests)).toEqual(new Set([expected]));
});

test('a tag that points at nothing is told so', async () => {
  const registry = await filled({ personality: 'dist3' });
  registry.addFault({
    on: 'manifest-head',
    where: ({ reference }) => reference === 'v3',
    answer: { status: 404 },
  });
  const nothing = (await listTags(optionsFor(registry))).filter(({ digest }) => digest === undefined);
  expect(nothing).toEqual([{ tag: 'v3', digest: undefined }]);
});

test('a repository that is not there is not found, by name, with what the registry said', async () => {
  const registry = await filled({ personality: 'dist28' });
  const error = await failureOf(listTags(optionsFor(registry, 'acme/nothing')));
  expect(error.code).toBe('NOT_FOUND');
  expect(error.message).toMatch(/127\.0\.0\.1:\d+\/acme\/nothing: 404 NAME_UNKNOWN/);
});

test('a repository that is hidden from us is a matter of credentials', async () => {
  const registry = await filled({});
  registry.addFault({ on: 'tags-get', answer: { status: 403 } });
  expect((await failureOf(listTags(optionsFor(registry)))).code).toBe('UNAUTHORIZED');
});

test('the page of a proxy is not taken for a list', async () => {
  const registry = await filled({});
  registry.addFault({ on: 'tags-get', answer: { status: 200, body: '<html>Sign in</html>' } });
  expect((await failureOf(listTags(optionsFor(registry)))).code).toBe('UNSUPPORTED');
});

test('reading asks for the right to pull and no other', async () => {
  const ada = { username: 'ada', password: secret('password of ada') };
  const registry = await registryFor({ auth: { kind: 'bearer', ...ada }, repositories: ['acme/llama'] });
  const { manifest } = await pushImage(registryTarget(registry, { credentials: ada }), {});
  await pushManifest(registryTarget(registry, { credentials: ada }), manifest, 'v1');
  const before = registry.log.length;
  const credentials = async () => ({ credentials: { kind: 'account' as const, ...ada }, origin: 'the test' });
  const events: string[] = [];
  const tags = await listTags({
    ...optionsFor(registry),
    registry: { credentials },
    onEvent: ({ type }) => events.push(type),
  });
  expect(tags).toEqual([{ tag: 'v1', digest: manifest.descriptor.digest }]);
  expect(events).toEqual(['credentials-chosen']);
  const asked = registry.log.slice(before).filter(({ pathClass }) => pathClass === 'token');
  expect(asked.map(({ form }) => form?.getAll('scope'))).toEqual([['repository:acme/llama:pull']]);
});
