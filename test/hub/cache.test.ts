import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, realpath, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sibling } from '../../src/core/model.ts';
import { createCacheSource } from '../../src/hub-cache/cache-source.ts';
import { cachedFile } from '../../src/hub-cache/cached-file.ts';
import { bytes, type FakeHubOptions } from '../fakes/hub/fake-hub.ts';
import { obeysByteSourceLaws } from '../laws/byte-source-laws.ts';
import { obeysFirstBytesLaws } from '../laws/first-bytes-laws.ts';
import { hexOf, someBytes } from '../support/byte-sources.ts';
import { hubCache } from '../support/hub-cache.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NAME = 'acme/tiny';
const FILES = {
  'config.json': Buffer.from('{"model_type":"llama"}'),
  'model.safetensors': someBytes(700_000),
  'nested/größe.json': Buffer.from('{}'),
};
const SERVED: FakeHubOptions = {
  repos: [
    {
      id: NAME,
      files: Object.fromEntries(
        Object.entries(FILES).map(([path, content]) => [
          path,
          bytes(content, { lfs: path.endsWith('.safetensors') }),
        ]),
      ),
    },
  ],
};

/** The same model at a Hub and in a cache, and a push of it that may not ask the Hub. */
async function both({ listed = true } = {}) {
  const world = await localPush(SERVED);
  const fromHub = await world.push(NAME, { tag: 'hub' });
  const cache = await hubCache({ name: NAME, commit: fromHub.commit, files: FILES, listed });
  const push = (hub: object = {}) =>
    world.push(NAME, { tag: 'cache', hub: { cache: cache.folder, offline: true, ...hub } });
  return { ...world, ...cache, fromHub, fromCache: push };
}

describe('a push from the cache', () => {
  test('is the image that comes from the Hub, and asks the Hub for nothing', async () => {
    const { hub, fromHub, fromCache } = await both();
    const asked = hub.log.length;
    expect(await fromCache()).toMatchObject({
      manifestDigest: fromHub.manifestDigest,
      commit: fromHub.commit,
    });
    expect(hub.log.length).toBe(asked);
  });

  test('asks the Hub what a model consists of, where the cache does not say it, and for no byte of it', async () => {
    const { hub, fromHub, fromCache } = await both({ listed: false });
    const asked = hub.requests({ origin: 'cdn' }).length;
    expect((await fromCache({ offline: false })).manifestDigest).toBe(fromHub.manifestDigest);
    expect(hub.requests({ origin: 'cdn' }).length).toBe(asked);
  });

  test.each([
    ['TRANSFORMERS_OFFLINE', 'TRANSFORMERS_OFFLINE'],
    [true, 'HF_HUB_OFFLINE'],
  ])(
    'that has no list of the files says so where the Hub may not be asked, and what forbids that: %s',
    async (offline, name) => {
      const { repository, fromCache } = await both();
      await rm(join(repository, 'trees'), { recursive: true });
      expect(await failureOf(fromCache({ offline }))).toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringMatching(
          new RegExp(`has no list of its files at [0-9a-f]{40}, and ${name} forbids asking the Hub$`),
        ),
        hint: expect.stringMatching(
          new RegExp(`^Unset ${name}, or download it with hf download acme/tiny of`),
        ),
      });
    },
  );

  test('without the revision says how to download it', async () => {
    const { plan, folder } = await both();
    const revision = { revision: 'v1.2', hub: { cache: folder, offline: true } };
    expect(await failureOf(plan(NAME, revision))).toMatchObject({
      code: 'NOT_FOUND',
      hint: 'Download it with hf download acme/tiny --revision v1.2, or leave out --source cache.',
    });
    expect(await failureOf(plan('datasets/acme/tiny', revision))).toMatchObject({
      hint: expect.stringContaining('hf download acme/tiny --repo-type dataset --revision v1.2,'),
    });
  });

  test('of a snapshot that is not whole names the file that is missing', async () => {
    const { snapshot, fromCache, registry } = await both();
    await rm(snapshot('model.safetensors'));
    expect(await failureOf(fromCache())).toMatchObject({
      code: 'NOT_FOUND',
      message: 'cannot read model.safetensors from the cache: it was not downloaded',
    });
    expect(registry.tags(NAME).has('cache')).toBe(false);
  });

  test('names every file that is missing or not whole before anything is pushed, also in a dry run', async () => {
    const { snapshot, repository, fromCache, plan, folder, registry } = await both();
    await rm(snapshot('config.json'));
    // One as a cut download leaves it, one as a cut copy leaves it.
    const blob = await realpath(snapshot('model.safetensors'));
    await rm(snapshot('model.safetensors'));
    await rename(blob, `${blob}.incomplete`);
    await truncate(await realpath(snapshot('nested/größe.json')), 1);
    const received = registry.bytesReceived;
    const hub = { cache: folder, offline: true };
    for (const attempt of [() => fromCache(), () => plan(NAME, { hub })]) {
      expect(await failureOf(attempt())).toMatchObject({
        code: 'NOT_FOUND',
        message:
          'cannot read 3 of 3 files from the cache: config.json (it was not downloaded), ' +
          'model.safetensors (it was not downloaded), nested/größe.json (expected 2 bytes, got 1)',
        hint: expect.stringContaining('hf download'),
      });
    }
    expect(registry.bytesReceived).toBe(received);
    await rm(join(repository, 'snapshots'), { recursive: true });
    await expect(plan(NAME, { hub, allowPatterns: ['config.json'] })).rejects.toThrow(
      'cannot read config.json from the cache: it was not downloaded',
    );
  });

  test('needs only the files that are selected', async () => {
    const { snapshot, push, folder } = await both();
    await rm(snapshot('model.safetensors'));
    await push(NAME, { hub: { cache: folder, offline: true }, ignorePatterns: ['*.safetensors'] });
  });

  test('of hundreds of missing files names a few and counts the others', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`${1000 + at}.json`, Buffer.from(`${at}`)]),
    );
    const world = await localPush({});
    const commit = 'c'.repeat(40);
    const { folder, repository } = await hubCache({ name: NAME, commit, files });
    await rm(join(repository, 'blobs'), { recursive: true });
    const hub = { cache: folder, offline: true };
    const error = await failureOf(world.plan(NAME, { hub, allowPatterns: ['*'] }));
    expect(error.message).toMatch(
      /^cannot read 300 of 300 files from the cache: 1000\.json .* and 295 more$/,
    );
    expect(error.message.length).toBeLessThan(300);
  });

  test.each([
    ['a folder', (path: string) => mkdir(path)],
    ['a named pipe', async (path: string) => void execFileSync('mkfifo', [path])],
  ])('whose file is %s says so, into a registry and into a layout', async (what, make) => {
    const { snapshot, push, folder } = await both();
    await rm(snapshot('model.safetensors'));
    await make(snapshot('model.safetensors'));
    const layout = { kind: 'layout', folder: join(await tempFolder(), 'layout') } as const;
    for (const options of [{}, { target: layout }]) {
      expect(
        await failureOf(push(NAME, { hub: { cache: folder, offline: true }, ...options })),
      ).toMatchObject({
        code: 'NOT_FOUND',
        message: `cannot read model.safetensors from the cache: it is ${what}`,
      });
    }
  });

  test('whose bytes are wrong names the cache, and does not read them again', async () => {
    const { snapshot, fromCache, events } = await both();
    const path = await realpath(snapshot('model.safetensors'));
    await writeFile(path, Buffer.from(FILES['model.safetensors']).fill(0, 9, 10));
    const error = await failureOf(fromCache());
    expect(error.message).toMatch(
      /^model\.safetensors from the cache is not what the Hub promised: expected/,
    );
    expect(error.hint).toContain('hf download --force-download');
    expect(events.filter(({ type }) => type === 'layer-retrying')).toEqual([]);
  });

  test.each(['trees', 'refs'])('whose %s have a named pipe in them says so', async (kind) => {
    const { repository, fromHub, fromCache } = await both();
    const path = join(repository, kind, kind === 'refs' ? 'main' : `${fromHub.commit}.json`);
    await rm(path);
    execFileSync('mkfifo', [path]);
    expect(await failureOf(fromCache())).toMatchObject({
      code: 'UNSUPPORTED',
      message: `cannot read ${path}: it is a named pipe`,
    });
  });

  test.each([
    [
      'has another byte',
      (path: string) => writeFile(path, Buffer.from(FILES['model.safetensors']).fill(0, 9, 10)),
    ],
    ['is longer', (path: string) => appendFile(path, 'x')],
  ])('whose file %s is found out, and nothing is tagged', async (_, spoil) => {
    const { snapshot, fromCache, registry } = await both();
    await spoil(await realpath(snapshot('model.safetensors')));
    expect((await failureOf(fromCache())).code).toBe('CONTENT_MISMATCH');
    expect(registry.tags(NAME).has('cache')).toBe(false);
  });

  test('follows no link out of the repository', async () => {
    const { snapshot, fromCache } = await both();
    const elsewhere = join(await tempFolder(), 'model.safetensors');
    await writeFile(elsewhere, FILES['model.safetensors']);
    await rm(snapshot('model.safetensors'));
    await symlink(elsewhere, snapshot('model.safetensors'));
    expect(await failureOf(fromCache())).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('outside its repository'),
    });
  });

  test('whose listing has a path that is too long fails with an error that names both', async () => {
    const { repository, fromHub, fromCache } = await both();
    const listing = join(repository, 'trees', `${fromHub.commit}.json`);
    const files = { ['x'.repeat(256)]: { size: 1, blob_id: 'a'.repeat(40) } };
    await writeFile(listing, JSON.stringify({ format_version: 1, files }));
    expect(await failureOf(fromCache())).toMatchObject({
      code: 'UNSUPPORTED',
      message: `cannot read ${listing}: a component is longer than 255 bytes: "${'x'.repeat(256)}"`,
    });
  });

  test('whose listing cannot be read is an error that names it', async () => {
    const { repository, fromHub, fromCache } = await both();
    const listing = join(repository, 'trees', `${fromHub.commit}.json`);
    await writeFile(listing, '{"format_version":2}');
    expect(await failureOf(fromCache())).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(listing),
    });
  });
});

describe('a file of the cache', () => {
  const id = { type: 'model', name: NAME } as const;
  const commit = 'c'.repeat(40);
  const content = FILES['model.safetensors'];
  const sibling: Sibling = {
    path: 'model.safetensors',
    size: content.length,
    oid: { algorithm: 'sha256', hex: hexOf(content) },
  };
  obeysByteSourceLaws(async () => {
    const { repository } = await hubCache({ name: NAME, commit, files: FILES });
    return { source: cachedFile(repository, commit, sibling) };
  });
  obeysFirstBytesLaws(async () => {
    const { folder } = await hubCache({ name: NAME, commit, files: FILES });
    return { source: createCacheSource({ folder, hub: 'HF_HUB_OFFLINE' }), model: { id, commit }, sibling };
  });
});
