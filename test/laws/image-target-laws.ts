import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { buildImage, DOCUMENT_LIMIT, type Image, layerDescriptor } from '../../src/core/image.ts';
import type { BlobPush, ImageTarget } from '../../src/core/ports.ts';
import { failing, hexOf, someBytes, watched } from '../support/byte-sources.ts';
import { failureOf } from '../support/rejection.ts';

export interface TargetUnderTest {
  readonly target: ImageTarget;
  /** The digests of all blobs that are there, without manifests. */
  blobs(): Promise<readonly string[]>;
  readBlob(digest: string): Promise<Buffer | undefined>;
  readManifest(digest: string): Promise<Buffer | undefined>;
  /** Which digest a tag points at. */
  tagged(tag: string): Promise<string | undefined>;
  /** Uploads that were begun and are neither finished nor given up: open sessions, unfinished files. */
  unfinished(): Promise<number>;
}

const BYTES = someBytes(300_000);
const DIGEST = sha256(BYTES);
const signal = new AbortController().signal;

/** What every `ImageTarget` promises (`core/ports.ts`). Call inside a `describe`. */
export function obeysImageTargetLaws(create: () => Promise<TargetUnderTest>): void {
  async function prepared(): Promise<TargetUnderTest> {
    const place = await create();
    await place.target.prepare(signal);
    return place;
  }

  test.each([
    ['no bytes', 0],
    ['one byte', 1],
    ['a few bytes', 511],
    ['many bytes', 300_000],
  ])('%s come to lie under their digest', async (_, size) => {
    const { target, readBlob } = await prepared();
    const bytes = BYTES.subarray(0, size);
    const pushed = await target.pushBlob({ content: watched(bytes, 10_000), signal });
    expect(pushed).toEqual({ digest: sha256(bytes), size, outcome: 'uploaded' });
    expect((await readBlob(pushed.digest))?.equals(bytes)).toBe(true);
    await target.checkBlob({ mediaType: 'application/octet-stream', digest: pushed.digest, size }, signal);
  });

  test('asking for access passes, and stores nothing', async () => {
    const { target, blobs, unfinished } = await prepared();
    await target.checkAccess(signal);
    expect([await blobs(), await unfinished()]).toEqual([[], 0]);
  });

  test('how far it is goes up to the size', async () => {
    const { target } = await prepared();
    const told: number[] = [];
    await target.pushBlob({ content: watched(BYTES, 10_000), signal, onProgress: (sent) => told.push(sent) });
    expect(told.at(-1)).toBe(BYTES.length);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  test('a blob whose digest is known and which is there is not read', async () => {
    const { target } = await prepared();
    const content = watched(BYTES);
    const push: BlobPush = { content, digest: DIGEST, signal };
    expect(await target.pushBlob(push)).toEqual({ digest: DIGEST, size: BYTES.length, outcome: 'uploaded' });
    expect(await target.pushBlob(push)).toEqual({ digest: DIGEST, size: BYTES.length, outcome: 'existed' });
    expect(content.opened).toEqual([0]);
  });

  test('the same blob twice is one blob', async () => {
    const { target, blobs } = await prepared();
    const pushes = [1, 2].map(() => target.pushBlob({ content: watched(BYTES, 10_000), signal }));
    expect((await Promise.all(pushes)).map(({ digest }) => digest)).toEqual([DIGEST, DIGEST]);
    expect(await blobs()).toEqual([DIGEST]);
  });

  test('a source that fails leaves nothing behind, and its error is what is thrown', async () => {
    const { target, blobs, unfinished } = await prepared();
    const broken = new Error('disk on fire');
    const content = failing(watched(BYTES, 10_000), 200_000, broken);
    await expect(target.pushBlob({ content, signal })).rejects.toBe(broken);
    expect([await blobs(), await unfinished()]).toEqual([[], 0]);
  });

  test('a source that fails at its very last byte leaves nothing behind', async () => {
    const { target, blobs, unfinished } = await prepared();
    const broken = new Error('wrong sha256');
    const content = failing(watched(BYTES, 10_000), BYTES.length - 1, broken);
    await expect(target.pushBlob({ content, signal })).rejects.toBe(broken);
    expect([await blobs(), await unfinished()]).toEqual([[], 0]);
  });

  test('an abort ends with its reason and leaves nothing behind', async () => {
    const { target, blobs, unfinished } = await prepared();
    const abort = new AbortController();
    const reason = new Error('enough');
    const content = watched(BYTES, 10_000);
    const push = {
      content,
      signal: abort.signal,
      onProgress: (sent: number) => sent > 100_000 && abort.abort(reason),
    };
    await expect(target.pushBlob(push)).rejects.toBe(reason);
    expect(content.readers).toBe(0);
    expect([await blobs(), await unfinished()]).toEqual([[], 0]);
  });

  test('a blob that is not there fails the check, by name', async () => {
    const { target } = await prepared();
    const error = await failureOf(target.checkBlob({ mediaType: 'x/y', digest: DIGEST, size: 1 }, signal));
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(DIGEST) });
  });

  test('a blob of another size fails the check, with both sizes', async () => {
    const { target } = await prepared();
    await target.pushBlob({ content: watched(BYTES), signal });
    const error = await failureOf(
      target.checkBlob({ mediaType: 'x/y', digest: DIGEST, size: 299_999 }, signal),
    );
    expect(error.code).toBe('CONTENT_MISMATCH');
    expect(error.message).toMatch(/expected 299999 bytes, got 300000 bytes/);
  });

  test('a manifest lies under its digest before it has a tag, then under each of its tags', async () => {
    const place = await prepared();
    const { manifest } = await pushed(place, 'a.bin');
    const { digest } = manifest.descriptor;
    await place.target.pushManifest(manifest, signal);
    expect((await place.readManifest(digest))?.equals(manifest.bytes)).toBe(true);
    expect(await place.tagged('v1')).toBeUndefined();
    for (const tag of ['v1', 'latest']) await place.target.tagManifest(manifest, tag, signal);
    expect([await place.tagged('v1'), await place.tagged('latest')]).toEqual([digest, digest]);
  });

  test('a tag moves to another manifest, and the others stay', async () => {
    const place = await prepared();
    const images = [await pushed(place, 'a.bin'), await pushed(place, 'b.bin')];
    const digests = images.map(({ manifest }) => manifest.descriptor.digest);
    for (const { manifest } of images) {
      await place.target.pushManifest(manifest, signal);
      await place.target.tagManifest(manifest, 'latest', signal);
    }
    const [first] = images;
    if (first) await place.target.tagManifest(first.manifest, 'v1', signal);
    expect([await place.tagged('latest'), await place.tagged('v1')]).toEqual([digests[1], digests[0]]);
  });

  test('tagging again what is tagged changes nothing', async () => {
    const place = await prepared();
    const { manifest } = await pushed(place, 'a.bin');
    await place.target.pushManifest(manifest, signal);
    for (let turn = 0; turn < 2; turn += 1) await place.target.tagManifest(manifest, 'latest', signal);
    expect(await place.tagged('latest')).toBe(manifest.descriptor.digest);
  });

  test('a tag and its manifest are read back by who may push, and a tag that nobody set is nothing', async () => {
    const place = await prepared();
    const { target } = place;
    expect(await target.resolveTag('v1', signal)).toBeUndefined();
    const { manifest } = await pushed(place, 'a.bin');
    const { digest } = manifest.descriptor;
    await target.pushManifest(manifest, signal);
    await target.tagManifest(manifest, 'v1', signal);
    expect(await target.resolveTag('v1', signal)).toBe(digest);
    expect(await target.resolveTag('v2', signal)).toBeUndefined();
    const stored = await target.readManifest({ digest }, DOCUMENT_LIMIT, signal);
    expect(Buffer.from(stored?.bytes ?? []).equals(manifest.bytes)).toBe(true);
  });

  test('the head of a blob is read, and no more than was asked for', async () => {
    const { target } = await prepared();
    await target.pushBlob({ content: watched(BYTES), signal });
    const head = await target.readBlob(DIGEST, 1_000, signal);
    expect(Buffer.from(head ?? []).equals(BYTES.subarray(0, 1_000))).toBe(true);
    expect(await target.readBlob(sha256(BYTES.subarray(1)), 1_000, signal)).toBeUndefined();
  });
}

/** An image of one file, without its manifest. */
async function pushed({ target }: TargetUnderTest, path: string): Promise<Image> {
  const bytes = createHash('sha256').update(path).digest();
  const blob = await target.pushBlob({ content: fromBytes(bytes), signal });
  const oid = { algorithm: 'sha256', hex: hexOf(bytes) } as const;
  const image = buildImage([layerDescriptor({ path, size: bytes.length, oid }, blob)]);
  await target.pushBlob({
    content: fromBytes(image.config.bytes),
    digest: image.config.descriptor.digest,
    signal,
  });
  return image;
}
