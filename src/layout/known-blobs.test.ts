import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { hexOf, someBytes, watched } from '../../test/support/byte-sources.ts';
import { IN_THE_WAY } from '../../test/support/in-the-way.ts';
import { layoutTarget, EMPTY_MANIFEST as manifest } from '../../test/support/layout-target.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { Digest } from '../core/digest.ts';
import { stampOf } from './known-blobs.ts';
import { createLayoutReader } from './layout-reader.ts';

const { signal } = new AbortController();
const { digest, size, mediaType } = manifest.descriptor;

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
])(
  'a blob with the wrong %s under the right name is not believed, and a push writes it again',
  async (_, wrong) => {
    await writeFile(path, wrong);
    const target = layoutTarget(folder);
    expect(await target.hasBlob(blob, signal)).toBe(false);
    const error = await failureOf(target.checkBlob(blob, signal));
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(known) });
    const pushed = await target.pushBlob({ content: watched(bytes), digest: known, signal });
    expect(pushed.outcome).toBe('uploaded');
    expect((await readFile(path)).equals(bytes)).toBe(true);
    await target.checkBlob(blob, signal);
  },
);

test('a blob with the right content is believed', async () => {
  await writeFile(path, bytes);
  const target = layoutTarget(folder);
  expect(await target.hasBlob(blob, signal)).toBe(true);
  const pushed = await target.pushBlob({ content: watched(bytes), digest: known, signal });
  expect(pushed.outcome).toBe('existed');
});

test('a push does not read a blob again that it wrote or hashed, until the file changes', async () => {
  const fileStamp = async () => stampOf(await stat(path, { bigint: true }));
  const [writer, finder] = [new Map<Digest, string>(), new Map<Digest, string>()];
  await layoutTarget(folder, { known: writer }).pushBlob({ content: watched(bytes), signal });
  await layoutTarget(folder, { known: finder }).hasBlob(blob, signal);
  const stamp = await fileStamp();
  expect([writer.get(known), finder.get(known)]).toEqual([stamp, stamp]);

  await writeFile(path, damaged);
  const target = layoutTarget(folder, { known: writer });
  expect((await failureOf(target.checkBlob(blob, signal))).code).toBe('CONTENT_MISMATCH');
  // A second read would fail again.
  writer.set(known, await fileStamp());
  await target.checkBlob(blob, signal);
});

test('a damaged manifest is written again', async () => {
  const target = layoutTarget(folder);
  await target.pushManifest(manifest, signal);
  const file = join(folder, 'blobs', 'sha256', digest.slice(7));
  await writeFile(file, Buffer.alloc(size));
  const next = layoutTarget(folder);
  expect((await failureOf(next.checkBlob(manifest.descriptor, signal))).code).toBe('CONTENT_MISMATCH');
  await next.pushManifest(manifest, signal);
  expect((await readFile(file)).equals(manifest.bytes)).toBe(true);
});

test.each(IN_THE_WAY.filter(([what]) => what !== 'a folder'))(
  '%s as a blob is missing to a reader, and a push replaces it',
  async (_, make) => {
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
  },
);
