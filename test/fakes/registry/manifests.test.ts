import { describe, expect, test } from 'vitest';
import type { FakeRegistry } from './fake-registry.ts';
import type { PersonalityName } from './personalities.ts';
import { call, push, type RawAnswer, registryFor, sha256 } from './raw-http.ts';

const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
const imageIndex = 'application/vnd.oci.image.index.v1+json';

interface Parts {
  readonly config: string;
  readonly layers: readonly string[];
  readonly subject?: string;
  readonly artifactType?: string;
}

function manifestOf({ config, layers, subject, artifactType }: Parts): string {
  const layer = 'application/vnd.oci.image.layer.v1.tar';
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: imageManifest,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
    layers: layers.map((digest) => ({ mediaType: layer, digest, size: 2 })),
    ...(subject === undefined ? {} : { subject: { mediaType: imageManifest, digest: subject, size: 2 } }),
  });
}

function put(
  registry: FakeRegistry,
  reference: string,
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': imageManifest },
): Promise<RawAnswer> {
  return call(registry, 'PUT', `/v2/a/b/manifests/${reference}`, { headers, body });
}

async function imageIn(registry: FakeRegistry): Promise<string> {
  const config = await push(registry, 'a/b', Buffer.from('{}'));
  return manifestOf({ config, layers: [await push(registry, 'a/b', Buffer.from('layer'))] });
}

const read = { headers: { accept: imageManifest } };

describe.each(['dist28', 'dist3', 'olareg'] as const)('manifests in %s', (personality) => {
  test('a manifest is read by its tag and by its digest, byte for byte', async () => {
    const registry = await registryFor({ personality });
    const manifest = await imageIn(registry);
    const digest = sha256(manifest);
    const answer = await put(registry, 'v1', manifest);
    expect(answer).toMatchObject({ status: 201, headers: { 'docker-content-digest': digest } });
    for (const reference of ['v1', digest]) {
      const get = await call(registry, 'GET', `/v2/a/b/manifests/${reference}`, read);
      expect(get.text).toBe(manifest);
      const head = await call(registry, 'HEAD', `/v2/a/b/manifests/${reference}`, read);
      expect(head).toMatchObject({
        status: 200,
        text: '',
        headers: {
          'content-type': imageManifest,
          'docker-content-digest': digest,
          'content-length': String(manifest.length),
        },
      });
    }
    expect([...registry.tags('a/b')]).toEqual([['v1', digest]]);
    expect([...registry.manifests('a/b').keys()]).toEqual([digest]);
  });

  test('a manifest is refused while a blob it names is missing, and names each', async () => {
    const registry = await registryFor({ personality });
    const body = manifestOf({ config: sha256('1'), layers: [sha256('2')] });
    const answer = await put(registry, 'v1', body);
    expect(answer.status).toBe(400);
    expect(answer.text.match(/MANIFEST_BLOB_UNKNOWN/g)).toHaveLength(2);
    expect(answer.text).toContain(sha256('2'));
    expect(registry.tags('a/b').size).toBe(0);
  });

  test('a manifest is refused under a digest that is not its own, without its type, and as garbage', async () => {
    const registry = await registryFor({ personality });
    const manifest = await imageIn(registry);
    expect((await put(registry, sha256('other'), manifest)).text).toContain('DIGEST_INVALID');
    const typed = { 'content-type': 'text/plain' };
    expect((await put(registry, 'v1', manifest, typed)).text).toContain('MANIFEST_INVALID');
    expect((await put(registry, 'v1', '{')).text).toContain('MANIFEST_INVALID');
  });

  test('a manifest that does not exist is a 404', async () => {
    const registry = await registryFor({ personality });
    expect((await call(registry, 'GET', '/v2/a/b/manifests/no', read)).text).toContain('MANIFEST_UNKNOWN');
  });

  test('an OCI manifest is hidden from a reader who does not accept its type', async () => {
    const registry = await registryFor({ personality });
    await put(registry, 'v1', await imageIn(registry));
    expect((await call(registry, 'GET', '/v2/a/b/manifests/v1')).status).toBe(404);
  });
});

test('dist28 refuses a manifest over 4 MiB with a 400', async () => {
  const registry = await registryFor({ personality: 'dist28' });
  const answer = await put(registry, 'v1', ' '.repeat(4 * 1024 * 1024 + 1));
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('MANIFEST_INVALID');
});

test('an index whose manifests are missing is refused', async () => {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageIndex,
    manifests: [{ mediaType: imageManifest, digest: sha256('x'), size: 1 }],
  });
  const typed = { 'content-type': imageIndex };
  for (const personality of ['dist28', 'dist3', 'olareg'] as const) {
    const registry = await registryFor({ personality });
    expect((await put(registry, 'all', body, typed)).status).toBe(400);
  }
});

test('dist28 ignores a tag parameter, olareg tags with it and says so', async () => {
  const dist28 = await registryFor({ personality: 'dist28' });
  const ignored = await imageIn(dist28);
  const silent = await put(dist28, `${sha256(ignored)}?tag=v1`, ignored);
  expect(silent.status).toBe(201);
  expect(silent.headers['oci-tag']).toBeUndefined();
  expect(dist28.tags('a/b').size).toBe(0);
  const olareg = await registryFor({ personality: 'olareg' });
  const heard = await imageIn(olareg);
  const answer = await put(olareg, `${sha256(heard)}?tag=v1&tag=v2`, heard);
  expect(answer.headers['oci-tag']).toBe('v1, v2');
  expect([...olareg.tags('a/b').keys()]).toEqual(['v1', 'v2']);
});

test('dist28 lists all tags whatever n says, dist3 and olareg page with a Link', async () => {
  const links = { dist28: undefined, dist3: 'rel="next"', olareg: 'rel=next' };
  for (const personality of ['dist28', 'dist3', 'olareg'] as const) {
    const registry = await registryFor({ personality });
    const manifest = await imageIn(registry);
    for (const tag of ['c', 'a', 'b']) await put(registry, tag, manifest);
    const first = await call(registry, 'GET', '/v2/a/b/tags/list?n=2');
    if (links[personality] === undefined) {
      expect(JSON.parse(first.text)).toEqual({ name: 'a/b', tags: ['c', 'a', 'b'] });
      expect(first.headers.link).toBeUndefined();
      continue;
    }
    expect(JSON.parse(first.text)).toEqual({ name: 'a/b', tags: ['a', 'b'] });
    expect(first.headers.link).toContain(links[personality]);
    const next = /<([^>]+)>/.exec(first.headers.link?.toString() ?? '')?.[1] ?? '';
    const second = await call(registry, 'GET', next);
    expect(JSON.parse(second.text)).toEqual({ name: 'a/b', tags: ['c'] });
    expect(second.headers.link).toBeUndefined();
  }
});

test('olareg lists the referrers of a manifest and says that it keeps them', async () => {
  const registry = await registryFor({ personality: 'olareg' });
  const image = await imageIn(registry);
  await put(registry, 'v1', image);
  const config = await push(registry, 'a/b', Buffer.from('{}'));
  const signature = manifestOf({
    config,
    layers: [config],
    subject: sha256(image),
    artifactType: 'text/signature',
  });
  const answer = await put(registry, sha256(signature), signature);
  expect(answer.headers['oci-subject']).toBe(sha256(image));
  const list = await call(registry, 'GET', `/v2/a/b/referrers/${sha256(image)}`);
  expect(list.headers['content-type']).toBe(imageIndex);
  expect(JSON.parse(list.text)).toMatchObject({
    manifests: [{ digest: sha256(signature), artifactType: 'text/signature', size: signature.length }],
  });
  const none = await call(registry, 'GET', `/v2/a/b/referrers/${sha256(image)}?artifactType=text/other`);
  expect(JSON.parse(none.text)).toMatchObject({ manifests: [] });
  expect(none.headers['oci-filters-applied']).toBe('artifactType');
});

test.each<[PersonalityName, number, string]>([
  ['ecr', 400, 'TAG_INVALID'],
  ['harbor', 412, 'PRECONDITION'],
  ['hub', 403, 'DENIED'],
])(
  'an immutable tag in %s is refused once it exists, also for the same manifest',
  async (name, status, code) => {
    const registry = await registryFor({
      personality: name,
      repositories: ['a/b'],
      immutableTags: ['v1'],
    });
    const manifest = await imageIn(registry);
    expect((await put(registry, 'v1', manifest)).status).toBe(201);
    const again = await put(registry, 'v1', manifest);
    expect([again.status, JSON.parse(again.text).errors[0].code]).toEqual([status, code]);
    for (const reference of ['latest', sha256(manifest)])
      expect((await put(registry, reference, manifest)).status).toBe(201);
  },
);
