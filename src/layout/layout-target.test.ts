import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hexOf, someBytes, watched } from '../../test/support/byte-sources.ts';
import { layoutTarget, EMPTY_MANIFEST as manifest, publish } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import { unfinishedSuffix } from '../files/unfinished.ts';

const { signal } = new AbortController();
const { digest, size, mediaType } = manifest.descriptor;
const REF_NAME = 'org.opencontainers.image.ref.name';

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
});

test('a push first sweeps the unfinished files of killed pushes, and leaves those of live ones', async () => {
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

test('is written as skopeo and podman write it', () => {
  const target = layoutTarget('out/model');
  expect(target.formatReference({ tag: 'v1' })).toBe('oci:out/model:v1');
  expect(target.formatReference({ digest })).toBe(`oci:out/model@${digest}`);
});
