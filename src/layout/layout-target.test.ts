import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hexOf, someBytes, watched } from '../../test/support/byte-sources.ts';
import { layoutTarget } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { buildImage } from '../core/image.ts';
import type { ImageTarget } from '../core/ports.ts';

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

test('a blob of the right name and the wrong size is written anew', async () => {
  const folder = await tempFolder();
  const target = layoutTarget(folder);
  await target.prepare(signal);
  const bytes = someBytes(1_000);
  const path = join(folder, 'blobs', 'sha256', hexOf(bytes));
  await writeFile(path, bytes.subarray(0, 500));
  const known = `sha256:${hexOf(bytes)}` as const;
  expect(await target.pushBlob({ content: watched(bytes), digest: known, signal })).toMatchObject({
    outcome: 'uploaded',
  });
  expect((await readFile(path)).equals(bytes)).toBe(true);
});

test('is written as skopeo and podman write it', () => {
  const target = layoutTarget('out/model');
  expect(target.formatReference({ tag: 'v1' })).toBe('oci:out/model:v1');
  expect(target.formatReference({ digest })).toBe(`oci:out/model@${digest}`);
});
