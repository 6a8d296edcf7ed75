import { describe, expect, test } from 'vitest';
import { ModelcarError } from '../../src/core/error.ts';
import type { PushEvent } from '../../src/core/event.ts';
import { smallAtOnce } from '../../src/core/small-layer.ts';
import type { Fault } from '../fakes/registry/faults.ts';
import { type PersonalityName, personalities } from '../fakes/registry/personalities.ts';
import { someBytes, watched } from '../support/byte-sources.ts';
import {
  layerOf,
  REPOSITORY,
  type Scenario,
  type ScenarioOptions,
  scenario,
} from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';

const FILES = Object.fromEntries(
  Array.from({ length: 20 }, (_, at) => [`${at}.json`, someBytes(20_000 + at, at + 1)]),
);
const LAYERS = await Promise.all(Object.entries(FILES).map(([path, bytes]) => layerOf(path, bytes)));

/** Each request to a registry's blobs, without those after the layers: the config, and what is asked once more. */
function layerRequests({ registry }: Scenario): readonly string[] {
  const digests = LAYERS.map(({ digest }) => digest);
  const end = registry.log.findIndex(
    ({ pathClass, target }) =>
      pathClass === 'blob-head' && !digests.some((digest) => target.includes(digest)),
  );
  return registry.log
    .slice(0, end)
    .filter(({ pathClass }) => pathClass.startsWith('upload-') || pathClass.startsWith('blob-'))
    .map(({ method, target }) => (target.includes('digest=') ? `${method} with the digest` : method));
}

function count(all: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(all)].map((one) => [one, all.filter((other) => other === one).length]),
  );
}

/** A push of the small files that ends in the right image. */
async function pushed(options: ScenarioOptions = {}): Promise<Scenario & { readonly resent: number }> {
  const told = await scenario({ files: FILES, ...options });
  const { manifestDigest, cost } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  for (const { digest, bytes } of LAYERS)
    expect(told.registry.readBlob(REPOSITORY, digest)?.equals(bytes)).toBe(true);
  return { ...told, resent: cost.resent };
}

const refusing = (answer: NonNullable<Fault['answer']>): Fault => ({
  on: 'upload-post',
  where: ({ target }) => target.includes('digest='),
  times: Number.POSITIVE_INFINITY,
  answer,
});

describe('a small layer', () => {
  test('is one request, where the registry takes a blob in a POST', async () => {
    const [[path, bytes] = ['', Buffer.alloc(0)]] = Object.entries(FILES);
    const told = await scenario({ personality: 'olareg', files: { [path]: bytes } });
    await told.push();
    expect(count(layerRequests(told))).toEqual({ 'POST with the digest': 1 });
  });

  test('is two, as long as another one finds that out', async () => {
    const told = await pushed({ personality: 'olareg' });
    const { POST: opened = 0, ...rest } = count(layerRequests(told));
    expect(opened).toBeLessThan(smallAtOnce(1));
    expect(rest).toEqual({ 'POST with the digest': LAYERS.length - opened, 'PUT with the digest': opened });
  });

  test('is two requests elsewhere, of which the first is tried with all of it once', async () => {
    const told = await pushed({ personality: 'dist28', workers: 4 });
    expect(count(layerRequests(told))).toEqual({
      'POST with the digest': 1,
      POST: LAYERS.length - 1,
      'PUT with the digest': LAYERS.length,
    });
    expect(told.resent).toBe(0);
  });

  test('is not tried with a POST where that is known to be for nothing', async () => {
    const told = await pushed({ personality: 'ghcr', as: 'ghcr.io' });
    expect(count(layerRequests(told))).toEqual({ POST: 20, 'PUT with the digest': 20 });
  });

  test('goes on a connection that is kept', async () => {
    const { registry } = await pushed();
    expect(new Set(registry.log.map(({ connection }) => connection)).size).toBeLessThanOrEqual(
      smallAtOnce(1),
    );
  });

  test('of bytes that are not what the Hub promised is never heard of by the registry', async () => {
    const told = await scenario({ files: { 'a.json': FILES['0.json'] ?? Buffer.alloc(0) } });
    told.model.replace('a.json', watched(someBytes(20_000, 99)));
    expect((await failureOf(told.push())).code).toBe('CONTENT_MISMATCH');
    expect(told.registry.log.map(({ pathClass }) => pathClass)).toEqual(['ping', 'manifest-head']);
  });
});

describe('small layers arrive', () => {
  const names = (Object.keys(personalities) as PersonalityName[]).filter((name) => name !== 'artifactory-ha');

  test.each(names)('at %s', async (personality) => {
    await pushed({ personality, workers: 2 });
  });

  test.each([400, 404, 405, 413, 500, 501])(
    'at a registry that answers %i to a blob in a POST, which is asked once',
    async (status) => {
      const told = await pushed({ faults: [refusing({ status, at: 'unstored' })] });
      expect(count(layerRequests(told))['POST with the digest']).toBe(1);
    },
  );

  test.each([400, 405, 416, 500])(
    'at a registry that answers %i to a blob in a PUT, in a PATCH from then on',
    async (status) => {
      const told = await pushed({
        faults: [
          {
            on: 'upload-put',
            where: ({ contentLength = 0 }) => contentLength > 0,
            times: Number.POSITIVE_INFINITY,
            answer: { status, at: 'unstored' },
          },
        ],
      });
      const refused = told.requests('upload-put').filter(({ contentLength = 0 }) => contentLength > 0);
      expect(refused.length).toBeLessThanOrEqual(smallAtOnce(1));
    },
  );

  test('as the same image as by one PATCH each', async () => {
    const { manifestDigest } = await (await pushed()).push();
    const refused = await scenario({ files: FILES, personality: 'pulp' });
    expect((await refused.push()).manifestDigest).toBe(manifestDigest);
  });
});

describe('the answer to a small layer that is lost', () => {
  test.each<[what: string, fault: Partial<Fault>]>([
    ['with its connection', { dropsAnswer: true }],
    ['to a proxy that has no patience', { answer: { status: 504, at: 'stored' } }],
  ])('%s is looked for, and nothing is sent again', async (_, fault) => {
    const told = await scenario({
      personality: 'olareg',
      files: { 'a.json': someBytes(20_000) },
      faults: [{ on: 'upload-post', ...fault }],
    });
    await told.push();
    const { digest } = await layerOf('a.json', someBytes(20_000));
    const asked = told.registry.log.filter(({ target }) => decodeURIComponent(target).includes(digest));
    // The last one is that of every blob before the manifest.
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'HEAD', 'HEAD']);
  });
});

test('a registry whose nodes know nothing of each other is found out, and what to ask for is said', async () => {
  const told = await scenario({ files: FILES, personality: 'artifactory-ha', retries: 2 });
  expect(await failureOf(told.push())).toMatchObject({
    code: 'UNAVAILABLE',
    hint: expect.stringContaining('sticky sessions'),
  });
});

test('a push that is stopped leaves nothing of a small layer behind', async () => {
  const told = await scenario({ files: FILES });
  const abort = new AbortController();
  const onEvent = (event: PushEvent) => {
    if (event.type === 'layer-done') abort.abort(new ModelcarError('CANCELLED', 'stopped'));
  };
  expect((await failureOf(told.push({ onEvent, signal: abort.signal }))).code).toBe('CANCELLED');
  expect(told.tags).toEqual({});
  const left = () => told.registry.sessions.filter(({ content }) => content.size > 0);
  await expect.poll(left).toEqual([]);
});
