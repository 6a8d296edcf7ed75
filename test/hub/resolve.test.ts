import { describe, expect, test } from 'vitest';
import { planLayers } from '../../src/core/layer-plan.ts';
import { type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { extraFile, twice } from '../fakes/hub/listing-lies.ts';
import { failureOf } from '../support/rejection.ts';
import { type HubWorld, hubWorld } from './hub-world.ts';

const files = (words: string) => ({ 'config.json': text(words), 'w.bin': synthetic({ size: 5_000 }) });

const ODD = [
  'a b+c#d?e.txt',
  '100%/%41.txt',
  'größe/模型.bin',
  "it's (1)/resolve",
  '.hidden',
  'resolve/main/x',
];

/** Seven files, three to a page. */
const SEVEN = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`f${index}`, text(`${index}`)]));

const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      aliases: ['acme/old-name'],
      files: files('main'),
      branches: { 'feature/x': files('feature') },
      tags: { 'v1.0': files('tag') },
      pullRequests: { 3: files('pull request') },
    },
    { id: 'gpt2', files: files('one segment') },
    { id: 'acme/seven', files: SEVEN },
    { id: 'acme/odd', files: Object.fromEntries(ODD.map((path) => [path, text(path)])) },
    { id: 'acme/rows', type: 'dataset', files: files('rows') },
    { id: 'acme/empty' },
  ],
};

const paths = async (world: HubWorld, name: string) =>
  (await world.resolve(name)).siblings.map(({ path }) => path).sort();

describe('a revision becomes a commit', () => {
  test.each(['main', 'v1.0', 'feature/x', 'refs/pr/3', 'refs/heads/feature/x'])('%s', async (revision) => {
    const { hub, resolve } = await hubWorld(options);
    const model = await resolve('acme/tiny', revision);
    expect(model).toMatchObject({ revision, commit: hub.commitOf('acme/tiny', revision) });
    expect(hub.requests({ on: 'tree' }).map(({ path }) => path)).toEqual([
      `/api/models/acme/tiny/tree/${model.commit}`,
    ]);
  });

  test('a commit is one already, and the Hub is not asked', async () => {
    const { hub, resolve } = await hubWorld(options);
    const sha = hub.commitOf('acme/tiny', 'v1.0');
    expect((await resolve('acme/tiny', sha)).commit).toBe(sha);
    expect(hub.requests({ on: 'info' })).toEqual([]);
  });

  test('a branch that moves in between gives the files of the commit that was found', async () => {
    const { hub, resolve } = await hubWorld(options);
    const before = hub.commitOf('acme/tiny');
    const run = () => void hub.moveBranch('acme/tiny', 'main', { 'new.bin': text('new') });
    hub.addFault({ on: 'tree', kind: 'run', run });
    const model = await resolve('acme/tiny');
    expect(model.commit).toBe(before);
    expect(model.siblings.map(({ path }) => path).sort()).toEqual(['config.json', 'w.bin']);
    expect(hub.commitOf('acme/tiny')).not.toBe(before);
  });

  test.each([1, 3])(
    'a commit that is gone before page %i of its listing is an unknown revision',
    async (nth) => {
      const { hub, resolve } = await hubWorld({ ...options, pageSize: 3 });
      const run = () => void hub.forcePush('acme/seven', 'main', files('other'));
      hub.addFault({ on: 'tree', nth, kind: 'run', run });
      expect(await failureOf(resolve('acme/seven'))).toMatchObject({ code: 'REVISION_NOT_FOUND' });
      expect(hub.requests({ on: 'tree' }).length).toBe(nth);
    },
  );

  test('a model that becomes private between two pages is not found', async () => {
    const { hub, resolve } = await hubWorld({ ...options, pageSize: 3 });
    const run = () => {
      hub.repo('acme/seven').private = true;
    };
    hub.addFault({ on: 'tree', nth: 2, kind: 'run', run });
    expect(await failureOf(resolve('acme/seven'))).toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringMatching(/private.*HF_TOKEN/),
    });
  });
});

describe('names', () => {
  test.each(['acme/tiny', 'gpt2', 'datasets/acme/rows'])('%s is found and read', async (name) => {
    const { read } = await hubWorld(options);
    expect((await read(name, 'w.bin')).length).toBe(5_000);
  });

  test.each(['acme/old-name', 'ACME/Tiny'])(
    '%s is redirected to its present name, and read',
    async (name) => {
      const { hub, read, retries } = await hubWorld(options);
      expect((await read(name, 'config.json')).toString()).toBe('main');
      // The URL is minted again in mid-file: then there is a Range that must not get to the resolve route.
      hub.addFault({ on: 'cdn', kind: 'run', run: () => hub.expireUrls() });
      hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 2_000 });
      expect((await read(name, 'w.bin')).length).toBe(5_000);
      expect(retries.map(({ offset }) => offset)).toEqual([2_000, 2_000]);
      expect(hub.requests({ on: 'resolve' }).filter(({ range }) => range !== undefined)).toEqual([]);
    },
  );

  test.each(ODD)('the file %j is read under its own name', async (path) => {
    const { read } = await hubWorld(options);
    expect((await read('acme/odd', path)).toString()).toBe(path);
  });

  test('everything is found behind an endpoint with a path', async () => {
    const pathPrefix = '/artifactory/api/huggingfaceml/models';
    const world = await hubWorld({ ...options, pathPrefix, pageSize: 3 });
    expect(await paths(world, 'acme/seven')).toEqual(Object.keys(SEVEN));
    expect((await world.read('acme/tiny', 'config.json')).toString()).toBe('main');
  });
});

describe('a listing in three pages', () => {
  test('is read to its end', async () => {
    const world = await hubWorld({ ...options, pageSize: 3 });
    expect(await paths(world, 'acme/seven')).toEqual(Object.keys(SEVEN));
    expect(world.hub.requests({ on: 'tree' }).length).toBe(3);
  });

  test('goes on at the endpoint, whatever host its links name', async () => {
    const world = await hubWorld({ ...options, pageSize: 3, publicOrigin: 'https://huggingface.co' });
    expect(await paths(world, 'acme/seven')).toEqual(Object.keys(SEVEN));
  });

  test.each<[kind: string, edit: (url: string) => string]>([
    ['a path', (url) => new URL(url).pathname + new URL(url).search],
    ['a query', (url) => new URL(url).search],
  ])('goes on where its links are only %s', async (_, edit) => {
    const world = await hubWorld({ ...options, pageSize: 3 });
    world.hub.addFault({ on: 'tree', kind: 'edit-link', edit, times: Infinity });
    expect(await paths(world, 'acme/seven')).toEqual(Object.keys(SEVEN));
  });

  test('that leads back to where it was is an error', async () => {
    const { hub, resolve } = await hubWorld({ ...options, pageSize: 3 });
    let first: string | undefined;
    const edit = (url: string): string => (first ??= url);
    hub.addFault({ on: 'tree', kind: 'edit-link', edit, times: Infinity });
    expect(await failureOf(resolve('acme/seven'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/acme\/seven goes in a circle/),
    });
  });

  test('that leads out of the API is an error, not a shorter listing', async () => {
    const { hub, resolve } = await hubWorld({ ...options, pageSize: 3 });
    hub.addFault({ on: 'tree', kind: 'edit-link', edit: () => 'https://huggingface.co/login' });
    expect(await failureOf(resolve('acme/seven'))).toMatchObject({ code: 'UNSUPPORTED' });
  });

  test.each(['reset', 'cut'] as const)('goes on after a %s in the middle of a page', async (kind) => {
    const world = await hubWorld({ ...options, pageSize: 3 });
    world.hub.addFault({ on: 'tree', nth: 2, kind, afterBytes: 100 });
    expect(await paths(world, 'acme/seven')).toEqual(Object.keys(SEVEN));
    expect(world.clock.sleeps.length).toBe(1);
  });
});

describe('what a listing must not make us do', () => {
  const plan = async ({ resolve }: HubWorld) =>
    planLayers((await resolve('acme/tiny')).siblings, { prefix: 'models/', tarLayout: 'standard' });

  test.each(['../../x', '/etc/passwd', 'a\\b', 'n\0l', 'a//b', './x', '.wh.config.json', 'half \ud800'])(
    'a file %j comes through as it is listed, and the plan refuses it by name',
    async (path) => {
      const world = await hubWorld(options);
      world.hub.addFault({ on: 'tree', kind: 'edit-json', edit: extraFile(path), times: Infinity });
      expect(await paths(world, 'acme/tiny')).toContain(path);
      expect(await failureOf(plan(world))).toMatchObject({
        code: 'REJECTED',
        message: expect.stringContaining(JSON.stringify(path)),
      });
    },
  );

  test('a file that is listed twice is refused', async () => {
    const world = await hubWorld(options);
    world.hub.addFault({ on: 'tree', kind: 'edit-json', edit: twice('w.bin') });
    expect(await failureOf(plan(world))).toMatchObject({ code: 'REJECTED' });
  });

  test('a model without files has nothing to push', async () => {
    const { resolve } = await hubWorld(options);
    expect((await resolve('acme/empty')).siblings).toEqual([]);
  });
});
