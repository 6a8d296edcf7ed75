import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PushEvent } from '../../src/core/event.ts';
import { buildImage } from '../../src/core/image.ts';
import { MANIFEST } from '../../src/core/media-type.ts';
import type { ImageTarget } from '../../src/core/ports.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { someBytes } from '../support/byte-sources.ts';
import { layoutTarget } from '../support/layout-target.ts';
import { jsonDocument, pushManifest } from '../support/push-image.ts';
import { REPOSITORY, type Scenario, type ScenarioOptions, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FILES = {
  'config.json': Buffer.from('{}'),
  'model.safetensors': someBytes(300_000),
  'nested/tokenizer.json': someBytes(70_000, 2),
};
const OTHER = { ...FILES, 'model.safetensors': someBytes(300_000, 3) };

type EventOf<Type extends PushEvent['type']> = Extract<PushEvent, { readonly type: Type }>;

function eventsOf<Type extends PushEvent['type']>(events: readonly PushEvent[], type: Type) {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

const outcomes = ({ events }: Scenario) =>
  eventsOf(events, 'tag-pushed').map(({ tag, outcome }) => [tag, outcome]);
const outlooks = ({ events }: Scenario) =>
  eventsOf(events, 'tag-found').map(({ tag, digest, outlook }) => [tag, digest, outlook]);
const warnings = ({ events }: Scenario) => eventsOf(events, 'warning').map(({ message }) => message);

/** Another model in the repository of `told`, with the same or other tags. */
async function another(told: Scenario, tag: string, files: Scenario['model'] | undefined = undefined) {
  const source = files ?? (await scenario({ files: OTHER })).model;
  return told.push({ source, onEvent: () => undefined }, { tag });
}

/** What reached the target, and what was read of the files of the model that only a push reads. */
const moved = ({ registry, model }: Scenario) => [
  registry.bytesReceived,
  ['model.safetensors', 'nested/tokenizer.json'].flatMap((path) => model.opened(path)).length,
];

describe.each<PersonalityName>(['ecr', 'harbor', 'hub', 'dist28'])(
  'an immutable tag at %s',
  (personality) => {
    const options: ScenarioOptions = { files: FILES, personality, immutableTags: ['v1'] };

    test('that already names the image is a success', async () => {
      const told = await scenario(options);
      const first = await told.push();
      expect(await told.push()).toEqual(first);
      expect(outcomes(told)).toEqual([
        ['v1', 'set'],
        ['v1', 'existed'],
      ]);
    });

    test.each([
      ['v1', 'latest'],
      ['latest', 'v1'],
    ])('lets the other tag be set, in the order %s, %s', async (tag, other) => {
      const told = await scenario(options);
      const { manifestDigest } = await told.push();
      await told.push(undefined, { tag, alsoTags: [other] });
      expect(told.tags).toEqual({ v1: manifestDigest, latest: manifestDigest });
    });

    test('that another push has set to the image unseen is a success', async () => {
      const told = await scenario(options);
      await told.push();
      const where = ({ reference }: { reference: string }) => reference === 'v1';
      for (const on of ['manifest-head', 'manifest-get'] as const) {
        told.registry.addFault({ on, where, answer: { status: 403 } });
      }
      await told.push();
      expect(warnings(told)).toEqual([expect.stringContaining('whose image it cannot read')]);
    });

    test.each([
      ['v1', 'latest'],
      ['latest', 'v1'],
    ])('that names another image ends the push after its layers: %s, %s', async (tag, alsoTag) => {
      const told = await scenario(options);
      const first = await another(told, 'v1');
      const error = await failureOf(told.push(undefined, { tag, alsoTags: [alsoTag] }));
      const digest = told.tags.latest ?? '';
      expect(error).toMatchObject({ code: 'REJECTED', hint: 'Choose another tag.' });
      expect(error.message).toMatch(/^cannot tag \S+:v1: 4\d\d /);
      expect(error.message).toContain(`the tag stays at ${first.manifestDigest}`);
      expect(error.message).toContain(
        `the layers and the manifest are kept as ${told.registry.host}/${REPOSITORY}@${digest}`,
      );
      expect(told.registry.manifests(REPOSITORY).has(digest)).toBe(true);
      expect(told.tags.v1).toBe(first.manifestDigest);
      // It was said before the first byte, so that a person can stop.
      expect(outlooks(told)).toEqual([['v1', first.manifestDigest, 'moves']]);
    });
  },
);

test('a refusal of a tag that is free keeps its code, and says where the image is', async () => {
  const where = ({ reference }: { reference: string }) => reference === 'v1';
  const told = await scenario({ faults: [{ on: 'manifest-put', where, answer: { status: 403 } }] });
  const error = await failureOf(told.push());
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('are kept as') });
  expect(error.hint).toContain('the right to push');
});

describe('two refused tags', () => {
  test('are both in the error', async () => {
    const told = await scenario({ files: FILES, personality: 'harbor', immutableTags: ['v1', 'v2'] });
    await another(told, 'v1');
    await another(told, 'v2');
    const error = await failureOf(told.push(undefined, { alsoTags: ['v2', 'v3'] }));
    expect(error.message.split('\n').map((line) => /:v\d/.exec(line)?.[0])).toEqual([':v1', ':v2']);
    expect(Object.keys(told.tags)).toEqual(['v1', 'v2', 'v3']);
  });
});

/** Both kinds of targets. */
const PLACES: readonly (readonly [string, (told: Scenario) => Promise<ImageTarget | undefined>])[] = [
  ['a registry', async () => undefined],
  ['an OCI layout', async () => layoutTarget(join(await tempFolder(), 'layout'))],
];

describe.each(PLACES)('a tag in %s', (_, open) => {
  async function prepared() {
    const told = await scenario({ files: FILES });
    const target = await open(told);
    const world = target === undefined ? {} : { target };
    const push = (request: Parameters<Scenario['push']>[1], onto = {}) =>
      told.push({ ...world, ...onto }, request);
    const quietly = { onEvent: () => undefined };
    return { told, world, push, quietly };
  }

  test('that moves is reported before the first byte, at the end, and in the result', async () => {
    const { told, push, quietly } = await prepared();
    const { model: source } = await scenario({ files: OTHER });
    const { manifestDigest: previous } = await push({}, { ...quietly, source });
    const { manifestDigest, movedTags } = await push({});
    expect(movedTags).toEqual([{ tag: 'v1', previous }]);
    expect(outlooks(told)).toEqual([['v1', previous, 'moves']]);
    const types = told.events.map(({ type }) => type);
    expect(types.indexOf('tag-found')).toBeLessThan(types.indexOf('layer-started'));
    expect(eventsOf(told.events, 'tag-pushed')).toMatchObject([
      { tag: 'v1', outcome: 'moved', previous, digest: manifestDigest },
    ]);
  });

  test('that an identical push has set is not set again, and no move is reported', async () => {
    const { told, push, quietly } = await prepared();
    const { manifestDigest } = await push({}, quietly);
    expect((await push({})).movedTags).toEqual([]);
    expect(outlooks(told)).toEqual([['v1', manifestDigest, 'may-move']]);
    expect(outcomes(told)).toEqual([['v1', 'existed']]);
  });

  test('made of the commit stays if the files are the same, however they were selected', async () => {
    const { told, push, quietly } = await prepared();
    const first = await push({ tag: undefined }, quietly);
    const patterns = { allow: ['config.json', '*.safetensors', 'nested/*'], ignore: ['*.md'] };
    expect(await push({ tag: undefined, patterns })).toEqual(first);
    expect(outlooks(told).map(([, , outlook]) => outlook)).toEqual(['stays']);
    expect(outcomes(told).map(([, outcome]) => outcome)).toEqual(['existed']);
  });

  test.each<[what: string, request: Parameters<Scenario['push']>[1], why: string]>([
    ['fewer files', { patterns: { allow: ['*.json'], ignore: [] } }, 'has 1 more file'],
    ['another prefix', { prefix: 'models/' }, 'its files are in another folder'],
    ['another tar layout', { tarLayout: 'reference' }, 'has the tar layout standard'],
  ])('made of the commit never moves to %s, and no byte is sent', async (_what, request, why) => {
    const { told, world, push, quietly } = await prepared();
    const first = await push({ tag: undefined }, quietly);
    const before = moved(told);
    const wanted = { tag: undefined, ...request };
    const { refusal } = await told.plan(world, wanted);
    for (const error of [await failureOf(push(wanted)), refusal]) {
      expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(why) });
      expect(error?.message).toContain(`it points at ${first.manifestDigest}`);
      expect(error?.hint).toContain('--move-tag');
    }
    expect(moved(told)).toEqual(before);
    const { movedTags } = await push({ tag: undefined, moveTag: true, ...request });
    expect(movedTags).toEqual([{ tag: first.commit.slice(0, 12), previous: first.manifestDigest }]);
  });

  test('made of the commit never moves to more files', async () => {
    const { push, quietly } = await prepared();
    await push({ tag: undefined, patterns: { allow: ['*.json'], ignore: [] } }, quietly);
    const error = await failureOf(push({ tag: undefined }));
    expect(error.message).toContain('lacks "model.safetensors"');
  });

  test('named by the user may move to other files', async () => {
    const { push, quietly } = await prepared();
    const { commit } = await push({ tag: undefined }, quietly);
    const tag = commit.slice(0, 12);
    const patterns = { allow: ['*.json'], ignore: [] };
    expect((await push({ tag, patterns })).movedTags).toHaveLength(1);
  });

  test('made of the commit moves if another version encoded the same files differently', async () => {
    const { told, world, push, quietly } = await prepared();
    const { manifestDigest: ours, commit } = await push({ tag: undefined }, quietly);
    const tag = commit.slice(0, 12);
    const target = world.target ?? told.target;
    const { signal } = new AbortController();
    const stored = await target.readManifest({ digest: ours as `sha256:${string}` }, 10_000, signal);
    const manifest = JSON.parse(String(Buffer.from(stored?.bytes ?? [])));
    const other = jsonDocument(MANIFEST, { ...manifest, annotations: { version: '0' } });
    await pushManifest(target, other, tag);
    expect((await push({ tag: undefined })).movedTags).toEqual([{ tag, previous: other.descriptor.digest }]);
    expect(outlooks(told)).toEqual([[tag, other.descriptor.digest, 'moves']]);
  });

  test('made of the commit never moves from an image that does not name its files', async () => {
    const { told, world, push } = await prepared();
    const target = world.target ?? told.target;
    const { signal } = new AbortController();
    await target.prepare(signal);
    const { manifest, config } = buildImage([]);
    await target.pushBlob({
      content: {
        size: config.bytes.length,
        open: async function* () {
          yield config.bytes;
        },
      },
      signal,
    });
    const { model } = told;
    const { commit } = await model.resolve({ type: 'model', name: 'acme/llama' }, 'main', signal);
    await pushManifest(target, manifest, commit.slice(0, 12));
    expect((await failureOf(push({ tag: undefined }))).code).toBe('REJECTED');
  });
});

describe('a tag whose image cannot be read', () => {
  test.each([401, 403, 500, 503])(
    'because the registry answers %i does not hold the push up, with a warning',
    async (status) => {
      const told = await scenario({ files: FILES });
      const first = await told.push(undefined, { tag: undefined });
      const tag = first.commit.slice(0, 12);
      told.registry.addFault({ on: 'manifest-get', times: Infinity, answer: { status } });
      expect(await told.push(undefined, { tag: undefined })).toEqual(first);
      expect(warnings(told)).toEqual([
        expect.stringMatching(
          `^this push may move ${told.registry.host}/${REPOSITORY}:${tag}, whose image it cannot read: cannot read .*: ${status}`,
        ),
      ]);
      expect(told.clock.sleeps.length).toBeLessThanOrEqual(2);
    },
  );

  test('because its manifest has other bytes does not stop the push, with a warning', async () => {
    const told = await scenario({ files: FILES });
    const first = await told.push(undefined, { tag: undefined });
    told.registry.addFault({ on: 'manifest-get', answer: { status: 200, body: '{}' } });
    expect(await told.push(undefined, { tag: undefined })).toEqual(first);
    expect(warnings(told)).toHaveLength(1);
  });

  test('because its smallest layer is lost is repaired', async () => {
    const told = await scenario({ files: FILES });
    const first = await told.push(undefined, { tag: undefined });
    for (const digest of told.registry.blobs.keys()) told.registry.dropBlob(REPOSITORY, digest);
    expect(await told.push(undefined, { tag: undefined })).toEqual(first);
  });
});

describe('another push at the same time', () => {
  test('that moves the tag after us is named in the error, with both digests', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    const where = ({ reference }: { reference: string }) => reference === 'v1';
    const headers = { 'docker-content-digest': other };
    const told = await scenario({ faults: [{ on: 'manifest-head', where, nth: 2, headers }] });
    const error = await failureOf(told.push());
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', hint: expect.stringContaining('another push') });
    expect(error.message).toContain(`expected ${told.tags.v1}, got ${other}`);
  });

  test('that moved the tag before us is what the tag moves from', async () => {
    const told = await scenario({ files: FILES });
    const { manifestDigest } = await another(told, 'v2');
    const onEvent = (event: PushEvent) => {
      if (event.type !== 'manifest-pushed') return;
      told.registry.moveTag(REPOSITORY, 'v1', manifestDigest);
      told.clock.pass(60_000);
    };
    expect((await told.push({ onEvent })).movedTags).toEqual([{ tag: 'v1', previous: manifestDigest }]);
  });

  test('that moved the default tag to other files keeps it, and our image stays by its digest', async () => {
    const told = await scenario({ files: FILES });
    const patterns = { allow: ['*.json'], ignore: [] };
    const { manifestDigest, commit } = await told.push(undefined, { tag: 'v2', patterns });
    const tag = commit.slice(0, 12);
    const onEvent = (event: PushEvent) => {
      if (event.type !== 'manifest-pushed') return;
      told.registry.moveTag(REPOSITORY, tag, manifestDigest);
      told.clock.pass(60_000);
    };
    const error = await failureOf(told.push({ onEvent }, { tag: undefined }));
    expect(error).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining(`it points at ${manifestDigest}`),
    });
    expect(error.message).toContain('the layers and the manifest are kept as');
    expect(told.tags[tag]).toBe(manifestDigest);
  });
});

describe('the requests that tags cost', () => {
  const counts = (told: Scenario) =>
    (['manifest-head', 'manifest-get', 'manifest-put', 'blob-get'] as const).map(
      (kind) => told.requests(kind).length,
    );

  test('are one look for each before the push, and one after it', async () => {
    const told = await scenario({ files: FILES });
    await told.push(undefined, { alsoTags: ['latest'] });
    expect(counts(told)).toEqual([5, 0, 3, 0]);
  });

  test('are a look and a manifest for a push that changes nothing, and of the default tag the head of a layer', async () => {
    const told = await scenario({ files: FILES });
    await told.push(undefined, { tag: undefined, alsoTags: ['latest'] });
    const before = counts(told);
    await told.push(undefined, { tag: undefined, alsoTags: ['latest'] });
    expect(counts(told).map((count, index) => count - (before[index] ?? 0))).toEqual([3, 1, 1, 1]);
  });
});
