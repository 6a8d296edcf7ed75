import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import type { Descriptor } from '../../src/core/descriptor.ts';
import { type Digest, sha256 } from '../../src/core/digest.ts';
import { buildImage, type Document, layerDescriptor } from '../../src/core/image.ts';
import { CONFIG, DOCKER_MANIFEST, MANIFEST } from '../../src/core/media-type.ts';
import { type ManifestName, parseImageReference, type Validation, validateImage } from '../../src/index.ts';
import type { FakeRegistry, FakeRegistryOptions } from '../fakes/registry/fake-registry.ts';
import type { Effects } from '../fakes/registry/faults.ts';
import { personalities } from '../fakes/registry/personalities.ts';
import { registryFor } from '../fakes/registry/raw-http.ts';
import { hexOf, someBytes } from '../support/byte-sources.ts';
import { layoutTarget } from '../support/layout-target.ts';
import { indexOf, jsonDocument, pushImage, pushManifest } from '../support/push-image.ts';
import { registryTarget } from '../support/registry-target.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BYTES = someBytes(100_000);
const LAYER = sha256(BYTES);
const signal = new AbortController().signal;
const always = { times: Number.POSITIVE_INFINITY };

function validate(registry: FakeRegistry, name: ManifestName = { tag: 'v1' }): Promise<Validation> {
  const target = parseImageReference(`${registry.host}/acme/llama`).location;
  return validateImage({ target, registry: { retries: 0 }, ...name });
}

/** A registry with an image of one layer. */
async function filled(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = await registryFor({ personality: 'dist3', ...options });
  await pushImage(registryTarget(registry), { 'model.bin': BYTES }, 'v1');
  return registry;
}

async function problemsIn(registry: FakeRegistry, name?: ManifestName): Promise<readonly string[]> {
  return (await validate(registry, name)).problems;
}

describe('in a registry', () => {
  test('layers are asked for, not fetched', async () => {
    const registry = await filled();
    const before = registry.log.length;
    expect(await problemsIn(registry)).toEqual([]);
    const asked = registry.log.slice(before).map(({ pathClass }) => pathClass);
    expect(asked).toEqual(['manifest-get', 'blob-get', 'blob-head']);
  });

  test.each<[what: string, effects: Effects, problem: string]>([
    ['has another size', { headers: { 'content-length': '99999' } }, 'has 99999 bytes, not 100000'],
    [
      'is called by another digest',
      { headers: { 'docker-content-digest': sha256(Buffer.from('x')) } },
      'has the digest sha256:',
    ],
  ])('a layer that %s is named', async (_, effects, problem) => {
    const registry = await filled();
    registry.addFault({ on: 'blob-head', ...effects });
    const { problems, blobs } = await validate(registry);
    expect(problems).toEqual([expect.stringContaining(`layer ${LAYER} (model.bin) ${problem}`)]);
    expect(blobs.find(({ digest }) => digest === LAYER)?.problem).toContain(problem);
  });

  test.each<[what: string, effects: Effects]>([
    ['refused with 405', { answer: { status: 405 } }],
    ['refused with 403, as by a URL that is signed for GET', { answer: { status: 403 } }],
    ['answered with a length of 0', { headers: { 'content-length': '0' } }],
  ])('a HEAD that is %s is made up for by the head of a GET', async (_, effects) => {
    const registry = await filled();
    registry.addFault({ on: 'blob-head', ...effects });
    expect(await problemsIn(registry)).toEqual([]);
    registry.dropBlob('acme/llama', LAYER);
    expect(await problemsIn(registry)).toEqual([`layer ${LAYER} (model.bin) is not there`]);
  });

  test('a manifest that comes with other bytes than its digest is named', async () => {
    const registry = await filled();
    const digest = digestIn(registry);
    const other = sha256(Buffer.from('other'));
    registry.addFault({ on: 'manifest-get', headers: { 'docker-content-digest': other } });
    expect(await problemsIn(registry)).toEqual([
      expect.stringMatching(new RegExp(`:v1 has bytes of the digest ${digest}$`)),
    ]);
    registry.addFault({ on: 'manifest-get', answer: { status: 200, body: '{}' } });
    expect(await problemsIn(registry, { digest })).toEqual([
      expect.stringContaining(`has bytes of the digest ${sha256(Buffer.from('{}'))}`),
    ]);
  });

  test('a registry that names no digests is believed by the bytes', async () => {
    const registry = await filled();
    registry.addFault({ on: 'GET', headers: { 'docker-content-digest': null }, ...always });
    registry.addFault({ on: 'HEAD', headers: { 'docker-content-digest': null }, ...always });
    expect(await validate(registry)).toMatchObject({ problems: [], manifestDigest: digestIn(registry) });
  });

  test.each([
    ['{"schemaVersion":2}'],
    ['{"schemaVersion":1,"fsLayers":[]}'],
    [JSON.stringify({ ...JSON.parse(oneLayer().bytes.toString()), manifests: [] })],
    [oneLayer().bytes.toString().replaceAll('sha256:', 'sha256:../')],
  ])('%s is not taken for a manifest', async (body) => {
    const registry = await filled();
    registry.addFault({ on: 'manifest-get', answer: { status: 200, body } });
    const { problems, blobs } = await validate(registry);
    expect(problems).toEqual([expect.stringContaining('neither an image manifest nor an index')]);
    expect(blobs).toEqual([]);
  });

  test('a manifest without an end is read to its limit', async () => {
    const registry = await filled();
    registry.addFault({ on: 'manifest-get', answer: { status: 200, body: ' '.repeat(5 * 2 ** 20) } });
    expect(await problemsIn(registry)).toEqual([expect.stringContaining('is larger than 4 MiB')]);
  });

  test('a config that is cut is named', async () => {
    const registry = await filled();
    registry.addFault({ on: 'blob-get', answer: { status: 200, body: '{}' } });
    expect(await problemsIn(registry)).toEqual([
      expect.stringMatching(/^config .* has 2 bytes, not \d+; has the digest/),
    ]);
  });

  test('a config without an end is read to its size', async () => {
    const registry = await filled();
    registry.addFault({ on: 'blob-get', answer: { status: 200, body: 'x'.repeat(2 ** 20) } });
    expect(await problemsIn(registry)).toEqual([
      expect.stringMatching(/^config .* has more than the \d+ bytes/),
    ]);
  });

  test('everything that is wrong is told, not the first thing', async () => {
    const registry = await filled();
    const target = registryTarget(registry);
    await pushImage(target, { 'a.bin': someBytes(10, 2), 'b.bin': someBytes(10, 3) }, 'v2');
    registry.addFault({ on: 'blob-get', answer: { status: 200, body: '{}' } });
    registry.addFault({ on: 'blob-head', headers: { 'content-length': '9' }, ...always });
    expect(await problemsIn(registry, { tag: 'v2' })).toHaveLength(3);
  });

  test('a manifest of an index that is gone is named, and the others are checked', async () => {
    const { dist28 } = personalities;
    const sparse = { ...dist28, manifest: { ...dist28.manifest, checksIndex: false } };
    const registry = await registryFor({ personality: sparse });
    const target = registryTarget(registry);
    const here = await pushImage(target, { 'model.bin': BYTES });
    const gone = oneLayer();
    await pushManifest(target, indexOf(here.manifest, indexOf(gone), gone), 'v1');
    expect(await problemsIn(registry)).toEqual([
      `manifest ${indexOf(gone).descriptor.digest} is not there`,
      `manifest ${gone.descriptor.digest} is not there`,
    ]);
  });

  test('an index in an index is followed', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const target = registryTarget(registry);
    const inner = indexOf((await pushImage(target, { 'model.bin': BYTES })).manifest);
    await pushManifest(target, inner);
    await pushManifest(target, indexOf(inner), 'v1');
    const { problems, blobs } = await validate(registry);
    expect([problems, blobs.map(({ kind }) => kind)]).toEqual([
      [],
      ['manifest', 'manifest', 'config', 'layer'],
    ]);
  });

  test('credentials that may not read are an error, not a problem of the image', async () => {
    const registry = await filled();
    registry.addFault({ on: ['blob-head', 'blob-get'], answer: { status: 403 }, ...always });
    expect((await failureOf(validate(registry))).code).toBe('UNAUTHORIZED');
  });

  test('a registry that is down for a moment is an error, not a problem of the image', async () => {
    const registry = await filled();
    registry.addFault({ on: 'blob-head', answer: { status: 503 }, ...always });
    expect((await failureOf(validate(registry))).code).toBe('UNAVAILABLE');
  });
});

describe('a manifest that does not fit its config', () => {
  const layer = layerDescriptor(
    { path: 'model.bin', size: 1, oid: { algorithm: 'sha256', hex: hexOf(BYTES) } },
    { digest: LAYER, size: BYTES.length },
  );

  async function problemsOf(layers: readonly Descriptor[], config: Document): Promise<readonly string[]> {
    const registry = await filled();
    const target = registryTarget(registry);
    await target.pushBlob({ content: fromBytes(config.bytes), signal });
    await pushManifest(
      target,
      jsonDocument(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config: config.descriptor, layers }),
      'odd',
    );
    return problemsIn(registry, { tag: 'odd' });
  }

  test('in the number of layers is named', async () => {
    const { config } = buildImage([]);
    expect(await problemsOf([layer], config)).toEqual([
      `config ${config.descriptor.digest} has 0 diff IDs (expected 1)`,
    ]);
  });

  test('in the digest of an uncompressed layer is named, of a compressed one it cannot be seen', async () => {
    const other: Digest = sha256(Buffer.from('other'));
    const { config } = buildImage([{ ...layer, digest: other }]);
    expect(await problemsOf([layer], config)).toEqual([
      `config ${config.descriptor.digest} has the diff ID ${other} for the uncompressed layer ${LAYER}`,
    ]);
    expect(await problemsOf([{ ...layer, mediaType: `${layer.mediaType}+gzip` }], config)).toEqual([]);
  });

  test('since that is none is named; the config of an artifact can be anything', async () => {
    const config = jsonDocument(CONFIG, { hello: 'world' });
    expect(await problemsOf([layer], config)).toEqual([
      `config ${config.descriptor.digest} is not the config of an image`,
    ]);
    expect(await problemsOf([layer], jsonDocument('application/x.y+json', { hello: 'world' }))).toEqual([]);
  });

  test('in a file that has two layers is named', async () => {
    expect(await problemsOf([layer, layer], buildImage([layer, layer]).config)).toEqual([
      expect.stringMatching(/:odd has more than one layer for model\.bin$/),
    ]);
  });
});

test("Docker's own kind of manifest is read the same way", async () => {
  const registry = await filled({ personality: 'dist28' });
  const { manifest } = await pushImage(registryTarget(registry), { 'model.bin': BYTES });
  const { mediaType: _, ...content } = JSON.parse(Buffer.from(manifest.bytes).toString());
  const docker = jsonDocument(DOCKER_MANIFEST, { ...content, mediaType: DOCKER_MANIFEST });
  await pushManifest(registryTarget(registry), docker, 'docker');
  expect(await validate(registry, { tag: 'docker' })).toMatchObject({
    mediaType: DOCKER_MANIFEST,
    problems: [],
  });
});

describe('in an OCI image layout', () => {
  async function layout(): Promise<{ folder: string; blob: string }> {
    const folder = join(await tempFolder(), 'layout');
    const target = layoutTarget(folder);
    await target.prepare(signal);
    await pushImage(target, { 'model.bin': BYTES }, 'v1');
    return { folder, blob: join(folder, 'blobs', ...LAYER.split(':')) };
  }

  const problemsAt = async (folder: string): Promise<readonly string[]> =>
    (await validateImage({ target: { kind: 'layout', folder }, tag: 'v1' })).problems;

  test('one bit that the disk has lost is found', async () => {
    const { folder, blob } = await layout();
    const bytes = await readFile(blob);
    bytes[50_000] = (bytes[50_000] ?? 0) ^ 1;
    await writeFile(blob, bytes);
    expect(await problemsAt(folder)).toEqual([`layer ${LAYER} (model.bin) has the digest ${sha256(bytes)}`]);
  });

  test('a blob that was cut is found', async () => {
    const { folder, blob } = await layout();
    await truncate(blob, 99);
    expect(await problemsAt(folder)).toEqual([`layer ${LAYER} (model.bin) has 99 bytes, not 100000`]);
  });

  test('an index.json that points out of the folder leads nowhere', async () => {
    const { folder } = await layout();
    const path = join(folder, 'index.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/sha256:[0-9a-f]{64}/, 'sha256:../../index.json'));
    expect((await failureOf(problemsAt(folder))).code).toBe('NOT_FOUND');
  });

  test('a missing tag gets an error with the command that lists the tags', async () => {
    const { folder } = await layout();
    const target = { kind: 'layout', folder } as const;
    for (const name of [{ tag: 'v9' }, { digest: sha256(Buffer.from('')) }]) {
      const { hint } = await failureOf(validateImage({ target, ...name }));
      expect(hint).toBe(`Check the name: oci-modelcar status oci:${folder} lists the tags.`);
    }
  });
});

test('what a program asks for is parsed like what a person types', async () => {
  const target = parseImageReference('ghcr.io/acme/llama').location;
  for (const name of [{ tag: '../v1' }, { digest: 'sha256:1' as const }]) {
    expect((await failureOf(validateImage({ target, ...name }))).code).toBe('USAGE');
  }
});

/** A manifest whose layer is nowhere. */
function oneLayer(): Document & { readonly bytes: Buffer } {
  const bytes = Buffer.from('nowhere');
  const oid = { algorithm: 'sha256', hex: hexOf(bytes) } as const;
  const { manifest } = buildImage([
    layerDescriptor({ path: 'x', size: 1, oid }, { digest: sha256(bytes), size: 7 }),
  ]);
  return { ...manifest, bytes: Buffer.from(manifest.bytes) };
}

function digestIn(registry: FakeRegistry): Digest {
  return sha256(registry.manifests('acme/llama').values().next().value?.bytes ?? Buffer.alloc(0));
}
