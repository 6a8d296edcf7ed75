import { spawnSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { hexOf, someBytes, watched } from '../../test/support/byte-sources.ts';
import { layoutTarget } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import type { Digest } from '../core/digest.ts';
import { buildImage } from '../core/image.ts';
import type { ImageTarget } from '../core/ports.ts';
import { unfinishedSuffix } from '../files/unfinished.ts';
import { stampOf } from './known-blobs.ts';
import { createLayoutReader } from './layout-reader.ts';

const { signal } = new AbortController();
const { manifest } = buildImage([]);
const { digest, size, mediaType } = manifest.descriptor;
const REF_NAME = 'org.opencontainers.image.ref.name';

async function publish(target: ImageTarget, ...tags: string[]): Promise<void> {
  await target.prepare(signal);
  await target.pushManifest(manifest, signal);
  for (const tag of tags) await target.tagManifest(manifest, tag, signal);
}

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

describe('what is in the folder', () => {
  test('is what the image-layout spec says', async () => {
    const folder = await tempFolder();
    await publish(layoutTarget(folder), 'v1');
    expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}');
    expect(await readJson(folder, 'index.json')).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType, digest, size, annotations: { [REF_NAME]: 'v1' } }],
    });
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('can be read by everyone', async () => {
    const folder = await tempFolder();
    const target = layoutTarget(folder);
    await publish(target, 'v1');
    const pushed = await target.pushBlob({ content: watched(someBytes(10)), signal });
    for (const path of ['index.json', 'oci-layout', `blobs/sha256/${pushed.digest.slice(7)}`]) {
      expect((await stat(join(folder, path))).mode & 0o444).toBe(0o444);
    }
  });

  test('stays, where other tools wrote it', async () => {
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

  test('may be null where it is empty, as Go and umoci write it; we write a list', async () => {
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

  test('keeps members of every name', async () => {
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
});

describe('an index.json that is a link', () => {
  test.each(['exists', 'does not exist yet'])(
    'stays a link, and what it points at is used: it %s',
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
});

describe('tags', () => {
  test('of many pushes at once into one folder are all there', async () => {
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

  test('of this push that a tool without our lock has dropped are set again with the next tag', async () => {
    const folder = await tempFolder();
    const target = layoutTarget(folder);
    const index = join(folder, 'index.json');
    await publish(target, 'v1', 'v2');
    const other = { mediaType, digest: `sha256:${'b'.repeat(64)}`, size: 8 };
    const theirs = { ...other, annotations: { [REF_NAME]: 'theirs' } };
    const moved = { ...other, annotations: { [REF_NAME]: 'v2' } };
    await writeFile(index, JSON.stringify({ manifests: [theirs, moved] }));
    await target.tagManifest(manifest, 'v3', signal);
    const reader = createLayoutReader(folder);
    expect((await reader.listTags(signal)).toSorted()).toEqual(['theirs', 'v1', 'v2', 'v3']);
    expect(await reader.resolveTag('v2', signal)).toBe(other.digest);
  });
});

describe('unfinished files', () => {
  test('of killed pushes are swept before a push, and those of live ones stay', async () => {
    const folder = await tempFolder();
    const blobs = join(folder, 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    const files = (pid: number) =>
      [folder + sep, join(folder, 'oci-layout'), join(folder, 'index.json'), join(blobs, 'a'.repeat(64))].map(
        (path) => path + unfinishedSuffix(mark(pid)),
      );
    const [dead, live] = [files(7), files(42)];
    for (const path of [...dead, ...live]) await writeFile(path, '');
    await layoutTarget(folder, { processes: testProcesses({ alive: [42] }) }).prepare(signal);
    const left = await readdir(folder, { recursive: true });
    expect(left.filter((name) => name.includes('unfinished')).sort()).toEqual(
      live.map((path) => relative(folder, path)).sort(),
    );
  });
});

describe('an index.json that is none', () => {
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

describe('what is in the way', () => {
  const pipe = async (path: string) => expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const device = (path: string) => symlink('/dev/zero', path);
  const huge = async (path: string) => {
    await writeFile(path, '');
    await truncate(path, 2 ** 40);
  };
  const folderThere = async (path: string) => void (await mkdir(path));

  const kinds = [
    ['a pipe', pipe, 'a named pipe'],
    ['a device', device, 'a device'],
    ['a file of 1 TiB', huge, '1099511627776 bytes'],
    ['a folder', folderThere, 'a folder'],
  ] as const;

  test.each(kinds)('%s as index.json is refused at once, to push and to read', async (_, make, what) => {
    const folder = await tempFolder();
    await make(join(folder, 'index.json'));
    const reader = createLayoutReader(folder);
    for (const attempt of [
      () => layoutTarget(folder).prepare(signal),
      () => layoutTarget(folder).tagManifest(manifest, 'v1', signal),
      () => reader.listTags(signal),
      () => reader.resolveTag('v1', signal),
    ]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
    }
    expect(await readdir(folder)).toEqual(['index.json']);
  });

  test.each(kinds)(
    '%s as oci-layout is refused at once, before anything is written',
    async (_, make, what) => {
      const folder = await tempFolder();
      await make(join(folder, 'oci-layout'));
      const error = await failureOf(layoutTarget(folder).prepare(signal));
      expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
      expect(await readdir(folder)).toEqual(['oci-layout']);
    },
  );

  test.each([
    ['a pipe', pipe],
    ['a device', device],
    ['a file of 1 TiB', huge],
  ])('%s as a blob is not there to read, and is replaced by a push', async (_, make) => {
    const folder = await tempFolder();
    const target = layoutTarget(folder);
    await target.prepare(signal);
    const bytes = someBytes(1_000);
    const known = `sha256:${hexOf(bytes)}` as const;
    const path = join(folder, 'blobs', 'sha256', hexOf(bytes));
    await make(path);
    const blob = { mediaType, digest: known, size: bytes.length };
    expect(await target.hasBlob(blob, signal)).toBe(false);
    expect((await createLayoutReader(folder).findBlob(blob, signal))?.digest).toBeUndefined();
    expect((await failureOf(target.checkBlob(blob, signal))).code).toBe('CONTENT_MISMATCH');
    await target.pushBlob({ content: watched(bytes), digest: known, signal });
    await target.checkBlob(blob, signal);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
});

describe('an oci-layout file', () => {
  test.each([
    ['of a later version', '{"imageLayoutVersion":"2.0.0"}', 'has version "2.0.0", and only 1.0.0 is known'],
    ['without a version', '{"hello":"world"}', 'is not that of an OCI image layout'],
    ['cut off', '{"imageLayoutVersion"', 'is not that of an OCI image layout'],
  ])('%s is refused before anything is written, and stays as it is', async (_, text, what) => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'oci-layout'), text);
    const error = await failureOf(layoutTarget(folder).prepare(signal));
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(what) });
    expect(await readdir(folder)).toEqual(['oci-layout']);
    expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe(text);
  });

  test('of our version stays as another tool wrote it', async () => {
    const folder = await tempFolder();
    const text = '{ "imageLayoutVersion": "1.0.0", "note": "theirs" }\n';
    await writeFile(join(folder, 'oci-layout'), text);
    await publish(layoutTarget(folder), 'v1');
    expect(await readFile(join(folder, 'oci-layout'), 'utf8')).toBe(text);
  });
});

describe('a place that cannot be written', () => {
  test('below a file is refused, by name', async () => {
    const file = join(await tempFolder(), 'file');
    await writeFile(file, '');
    const target = layoutTarget(join(file, 'layout'));
    for (const attempt of [
      () => target.prepare(signal),
      () => target.pushBlob({ content: watched(someBytes(10)), signal }),
      () => target.checkBlob(manifest.descriptor, signal),
      () => target.pushManifest(manifest, signal),
      () => target.tagManifest(manifest, 'v1', signal),
    ]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining(file) });
    }
  });

  test('since a blob is a folder there, leaves no unfinished file', async () => {
    const folder = await tempFolder();
    const bytes = someBytes(10);
    const blobs = join(folder, 'blobs', 'sha256');
    await mkdir(join(blobs, hexOf(bytes), 'in the way'), { recursive: true });
    const error = await failureOf(layoutTarget(folder).pushBlob({ content: watched(bytes), signal }));
    expect(error.code).toBe('REJECTED');
    expect(await readdir(folder)).toEqual(['blobs']);
  });
});

describe('a blob that is there already', () => {
  const bytes = someBytes(1_000);
  const known = `sha256:${hexOf(bytes)}` as const;
  const blob = { mediaType, digest: known, size: bytes.length };
  const damaged = Buffer.alloc(bytes.length);
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await tempFolder();
    path = join(folder, 'blobs', 'sha256', hexOf(bytes));
    await layoutTarget(folder).prepare(signal);
  });

  test.each([
    ['size', bytes.subarray(0, 500)],
    ['content', damaged],
  ])('under the right name with the wrong %s is not believed, and is written again', async (_, wrong) => {
    await writeFile(path, wrong);
    const target = layoutTarget(folder);
    expect(await target.hasBlob(blob, signal)).toBe(false);
    const error = await failureOf(target.checkBlob(blob, signal));
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(known) });
    const pushed = await target.pushBlob({ content: watched(bytes), digest: known, signal });
    expect(pushed.outcome).toBe('uploaded');
    expect((await readFile(path)).equals(bytes)).toBe(true);
    await target.checkBlob(blob, signal);
  });

  test('with the right content is believed', async () => {
    await writeFile(path, bytes);
    const target = layoutTarget(folder);
    expect(await target.hasBlob(blob, signal)).toBe(true);
    const pushed = await target.pushBlob({ content: watched(bytes), digest: known, signal });
    expect(pushed.outcome).toBe('existed');
  });

  test('is not read again by the push that wrote or hashed it, until its file changes', async () => {
    const fileStamp = async () => stampOf(await stat(path, { bigint: true }));
    const [writer, finder] = [new Map<Digest, string>(), new Map<Digest, string>()];
    await layoutTarget(folder, { known: writer }).pushBlob({ content: watched(bytes), signal });
    await layoutTarget(folder, { known: finder }).hasBlob(blob, signal);
    const stamp = await fileStamp();
    expect([writer.get(known), finder.get(known)]).toEqual([stamp, stamp]);

    await writeFile(path, damaged);
    const target = layoutTarget(folder, { known: writer });
    expect((await failureOf(target.checkBlob(blob, signal))).code).toBe('CONTENT_MISMATCH');
    // Were it read, it would fail again.
    writer.set(known, await fileStamp());
    await target.checkBlob(blob, signal);
  });

  test('that is a damaged manifest is written again', async () => {
    const target = layoutTarget(folder);
    await target.pushManifest(manifest, signal);
    const file = join(folder, 'blobs', 'sha256', digest.slice(7));
    await writeFile(file, Buffer.alloc(size));
    const next = layoutTarget(folder);
    expect((await failureOf(next.checkBlob(manifest.descriptor, signal))).code).toBe('CONTENT_MISMATCH');
    await next.pushManifest(manifest, signal);
    expect((await readFile(file)).equals(manifest.bytes)).toBe(true);
  });
});

test('is written as skopeo and podman write it', () => {
  const target = layoutTarget('out/model');
  expect(target.formatReference({ tag: 'v1' })).toBe('oci:out/model:v1');
  expect(target.formatReference({ digest })).toBe(`oci:out/model@${digest}`);
});
