import { existsSync } from 'node:fs';
import { chmod, lchown, lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { IN_THE_WAY } from '../../test/support/in-the-way.ts';
import { layoutTarget, EMPTY_MANIFEST as manifest, publish } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import { unfinishedSuffix } from '../files/unfinished.ts';
import { thisUser } from '../this-process.ts';
import { entryOf, readIndex, tagsOf } from './layout-index.ts';
import { createLayoutReader } from './layout-reader.ts';

const { signal } = new AbortController();
const { digest, size, mediaType } = manifest.descriptor;
const REF_NAME = 'org.opencontainers.image.ref.name';

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

test('a push keeps everything else in index.json and in the folder', async () => {
  const folder = await tempFolder();
  const foreign = {
    schemaVersion: 2,
    annotations: { 'com.example.note': 'ours' },
    manifests: [
      {
        mediaType,
        digest: `sha256:${'a'.repeat(64)}`,
        size: 7,
        platform: { os: 'linux', architecture: 'arm64' },
      },
      {
        mediaType,
        digest: `sha256:${'b'.repeat(64)}`,
        size: 8,
        annotations: { [REF_NAME]: 'theirs', x: 'y' },
      },
      { mediaType, digest: `sha256:${'c'.repeat(64)}`, size: 9, annotations: { [REF_NAME]: 'v1' } },
    ],
  };
  await writeFile(join(folder, 'index.json'), JSON.stringify(foreign));
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await publish(layoutTarget(folder), 'v1');
  expect(await readJson(folder, 'index.json')).toEqual({
    ...foreign,
    manifests: [
      ...foreign.manifests.slice(0, 2),
      { mediaType, digest, size, annotations: { [REF_NAME]: 'v1' } },
    ],
  });
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
});

test('an index.json with null for an empty list or map, as Go and umoci write it, is empty; we write a list', async () => {
  const folder = await tempFolder();
  const entry = { mediaType, digest: `sha256:${'a'.repeat(64)}`, size: 7 };
  await writeFile(join(folder, 'index.json'), '{"schemaVersion":2,"manifests":null,"annotations":null}');
  expect(await createLayoutReader(folder).listTags(signal)).toEqual([]);
  const target = layoutTarget(folder);
  await publish(target, 'v1');
  const ours = { mediaType, digest, size, annotations: { [REF_NAME]: 'v1' } };
  expect(await readJson(folder, 'index.json')).toEqual({ schemaVersion: 2, manifests: [ours] });

  const withNull = { schemaVersion: 2, manifests: [{ ...entry, annotations: null }] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(withNull));
  await publish(layoutTarget(folder), 'v1');
  expect(await readJson(folder, 'index.json')).toEqual({ schemaVersion: 2, manifests: [entry, ours] });
});

test('an index.json keeps members of every name, such as constructor', async () => {
  const folder = await tempFolder();
  const path = join(folder, 'index.json');
  const odd = '{"constructor":"a","__proto__":"b","prototype":"c"}';
  const entry = `{"digest":"sha256:x","annotations":${odd}}`;
  await writeFile(path, `{"constructor":1,"annotations":${odd},"manifests":[${entry}]}`);
  await publish(layoutTarget(folder), 'v1');
  const text = await readFile(path, 'utf8');
  expect(text.split(odd)).toHaveLength(3);
  expect(text).toContain('"constructor":1');
});

describe('an index.json that is no layout index', () => {
  test.each([
    ['no JSON', 'manifests: []'],
    ['cut off', '{"schemaVersion":2,"manifests":['],
    ['empty', ''],
    ['no manifests', '{"schemaVersion":2}'],
    ['an entry without a digest', '{"manifests":[{"size":1}]}'],
    ['a list', '[]'],
  ])('%s: is refused before anything is written, and stays as it is', async (_, text) => {
    const folder = await tempFolder();
    const path = join(folder, 'index.json');
    await writeFile(path, text);
    const target = layoutTarget(folder);
    const error = await failureOf(target.prepare(signal));
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(path) });
    expect((await failureOf(target.tagManifest(manifest, 'v1', signal))).code).toBe('REJECTED');
    expect([await readdir(folder), await readFile(path, 'utf8')]).toEqual([['index.json'], text]);
  });
});

test.each(IN_THE_WAY)(
  '%s as index.json is refused at once, by a push and by a reader',
  async (_, make, what) => {
    const folder = await tempFolder();
    await make(join(folder, 'index.json'));
    const reader = createLayoutReader(folder);
    for (const attempt of [
      () => layoutTarget(folder).prepare(signal),
      () => reader.listTags(signal),
      () => reader.resolveTag('v1', signal),
    ]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
    }
    expect(await readdir(folder)).toEqual(['index.json']);
  },
);

test.each(['exists', 'does not exist yet'])(
  'an index.json that is a link stays one, and a push uses what it points at, which %s',
  async (what) => {
    const [folder, volume] = [await tempFolder(), await tempFolder()];
    const real = join(volume, 'real.json');
    await symlink(real, join(folder, 'index.json'));
    if (what === 'exists') await writeFile(real, '{"manifests":[]}');
    await writeFile(real + unfinishedSuffix(mark(7)), '');
    await publish(layoutTarget(folder, { processes: testProcesses() }), 'v1');
    expect((await lstat(join(folder, 'index.json'))).isSymbolicLink()).toBe(true);
    expect(await readJson(real)).toMatchObject({ manifests: [{ digest }] });
    expect(await readdir(volume)).toEqual(['real.json']);
  },
);

test('many pushes at once into one folder keep every tag', async () => {
  const folder = await tempFolder();
  const names = ['a', 'b', 'c'].flatMap((push) => [1, 2, 3, 4].map((count) => `${push}${count}`));
  const targets = { a: layoutTarget(folder), b: layoutTarget(folder), c: layoutTarget(folder) };
  await publish(targets.a);
  await Promise.all(
    Object.entries(targets).map(async ([push, target]) => {
      for (const name of names.filter((one) => one.startsWith(push))) {
        await target.tagManifest(manifest, name, signal);
      }
    }),
  );
  expect((await createLayoutReader(folder).listTags(signal)).toSorted()).toEqual(names);
  expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
});

test('a push restores tags that a tool without our lock has dropped, together with its next tag', async () => {
  const folder = await tempFolder();
  const target = layoutTarget(folder);
  const index = join(folder, 'index.json');
  await publish(target, 'v1', 'v2');
  const other = { mediaType, digest: `sha256:${'b'.repeat(64)}`, size: 8 };
  const theirs = { ...other, annotations: { [REF_NAME]: 'theirs' } };
  const moved = { ...other, annotations: { [REF_NAME]: 'v2' } };
  await writeFile(index, JSON.stringify({ manifests: [theirs, moved] }));
  await target.tagManifest(manifest, 'v3', signal);
  const after = await readIndex(folder);
  expect(after && tagsOf(after).toSorted()).toEqual(['theirs', 'v1', 'v2', 'v3']);
  expect(after && entryOf('v2', after)?.digest).toBe(other.digest);
});

test('an index that another user linked in a folder open to all is refused, and nothing is written', async () => {
  const folder = await tempFolder();
  const elsewhere = join(await tempFolder(), 'index.json');
  await chmod(folder, 0o777);
  await symlink(elsewhere, join(folder, 'index.json'));
  const link = join(folder, 'index.json');
  // Only root may give links away. Any other user is taken for somebody else.
  if (thisUser === 0) await lchown(link, 2001, 2001);
  const { uid } = await lstat(link);
  const error = await failureOf(publish(layoutTarget(folder, { user: uid + 1 }), 'v1'));
  expect(error.code).toBe('REJECTED');
  expect(error.message).toContain(`user ${uid} made the link ${link}`);
  expect([existsSync(elsewhere), await readdir(folder)]).toEqual([false, ['index.json']]);
});
