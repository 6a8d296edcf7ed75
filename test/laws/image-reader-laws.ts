import { expect, test } from 'vitest';
import { HF_PATH } from '../../src/core/descriptor.ts';
import { sha256 } from '../../src/core/digest.ts';
import { MANIFEST } from '../../src/core/media-type.ts';
import type { ImageReader, ImageTarget } from '../../src/core/ports.ts';
import { listTags } from '../../src/inspect/list-tags.ts';
import { validateImage } from '../../src/inspect/validate-image.ts';
import { someBytes } from '../support/byte-sources.ts';
import { indexOf, pushImage, pushManifest } from '../support/push-image.ts';
import { failureOf } from '../support/rejection.ts';

export interface ReaderUnderTest {
  readonly reader: ImageReader;
  /** Writes where the reader reads. */
  readonly target: ImageTarget;
  dropBlob(digest: string): Promise<void>;
}

const signal = new AbortController().signal;
const FILES = { 'a.bin': someBytes(100_000), 'b.json': Buffer.from('{}'), empty: Buffer.alloc(0) };
const NOTHING = sha256(Buffer.from('nothing has this digest'));

/** What every `ImageReader` promises (`core/ports.ts`), and what `status` and `validate` make of it. */
export function obeysImageReaderLaws(create: () => Promise<ReaderUnderTest>): void {
  async function prepared(): Promise<ReaderUnderTest> {
    const place = await create();
    await place.target.prepare(signal);
    return place;
  }

  test('where nothing was pushed there is nothing to list', async () => {
    const { reader } = await create();
    expect((await failureOf(reader.listTags(signal))).code).toBe('NOT_FOUND');
    expect(await reader.resolveTag('v1', signal)).toBeUndefined();
  });

  test('every tag is listed with what it points at, v2 before v10', async () => {
    const { reader, target } = await prepared();
    const first = await pushImage(target, FILES, 'v10');
    const second = await pushImage(target, { 'c.bin': someBytes(10) }, 'v2');
    await pushManifest(target, first.manifest, 'latest');
    expect(await listTags(reader, signal)).toEqual([
      { tag: 'latest', digest: first.manifest.descriptor.digest },
      { tag: 'v2', digest: second.manifest.descriptor.digest },
      { tag: 'v10', digest: first.manifest.descriptor.digest },
    ]);
  });

  test('a manifest comes by its tag and by its digest, byte for byte, and no longer than asked for', async () => {
    const { reader, target } = await prepared();
    const { manifest } = await pushImage(target, FILES, 'v1');
    const { digest } = manifest.descriptor;
    for (const name of [{ tag: 'v1' }, { digest }]) {
      const stored = await reader.readManifest(name, 10_000, signal);
      expect(stored?.digest).toBe(digest);
      expect(Buffer.from(stored?.bytes ?? []).equals(manifest.bytes)).toBe(true);
      expect((await reader.readManifest(name, 10, signal))?.bytes).toHaveLength(10);
    }
    expect((await reader.readManifest({ tag: 'v1' }, 10, signal))?.mediaType).toBe(MANIFEST);
    expect(await reader.readManifest({ tag: 'v2' }, 10, signal)).toBeUndefined();
    expect(await reader.readManifest({ digest: NOTHING }, 10, signal)).toBeUndefined();
  });

  test('a blob comes byte for byte, and no longer than asked for', async () => {
    const { reader, target } = await prepared();
    const { config } = await pushImage(target, FILES);
    const { digest } = config.descriptor;
    expect(Buffer.from((await reader.readBlob(digest, 10_000, signal)) ?? []).equals(config.bytes)).toBe(
      true,
    );
    expect(await reader.readBlob(digest, 10, signal)).toHaveLength(10);
    expect(await reader.readBlob(NOTHING, 10, signal)).toBeUndefined();
  });

  test('a blob is found with its size and digest, an empty one too', async () => {
    const { reader, target } = await prepared();
    for (const layer of (await pushImage(target, FILES)).layers) {
      expect(await reader.findBlob(layer, signal)).toEqual({ size: layer.size, digest: layer.digest });
    }
    expect(await reader.findBlob({ mediaType: '', digest: NOTHING, size: 1 }, signal)).toBeUndefined();
  });

  test('an image that was pushed is whole', async () => {
    const { reader, target } = await prepared();
    const { manifest, config, layers } = await pushImage(target, FILES, 'v1');
    const parts = [
      { kind: 'config', ...pick(config.descriptor), file: undefined },
      ...layers.map((layer) => ({ kind: 'layer', ...pick(layer), file: layer.annotations?.[HF_PATH] })),
    ];
    for (const name of [{ tag: 'v1' }, { digest: manifest.descriptor.digest }]) {
      expect(await validateImage(reader, name, signal)).toEqual({
        reference: target.formatReference(name),
        manifestDigest: manifest.descriptor.digest,
        mediaType: MANIFEST,
        blobs: parts.map((part) => ({ ...part, problem: undefined })),
        problems: [],
      });
    }
  });

  test('every blob that is gone is named', async () => {
    const { reader, target, dropBlob } = await prepared();
    const { config, layers } = await pushImage(target, FILES, 'v1');
    await dropBlob(config.descriptor.digest);
    await dropBlob(layers[1]?.digest ?? '');
    const { problems } = await validateImage(reader, { tag: 'v1' }, signal);
    expect(problems).toEqual([
      `config ${config.descriptor.digest} is not there`,
      `layer ${layers[1]?.digest} (b.json) is not there`,
    ]);
  });

  test('an index is its manifests and theirs, what they share once', async () => {
    const { reader, target } = await prepared();
    const images = [
      await pushImage(target, FILES),
      await pushImage(target, { ...FILES, 'c.bin': someBytes(10) }),
    ];
    const index = indexOf(...images.map(({ manifest }) => manifest));
    await pushManifest(target, index, 'v1');
    const { blobs, problems, manifestDigest } = await validateImage(reader, { tag: 'v1' }, signal);
    expect({ problems, manifestDigest }).toEqual({ problems: [], manifestDigest: index.descriptor.digest });
    const kinds = ['manifest', 'manifest', 'config', 'config', 'layer', 'layer', 'layer', 'layer'];
    expect(blobs.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('an image that is not there is not found, by name', async () => {
    const { reader, target } = await prepared();
    await pushImage(target, FILES, 'v1');
    const error = await failureOf(validateImage(reader, { tag: 'v2' }, signal));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(target.formatReference({ tag: 'v2' })),
    });
  });

  test('an abort ends with its reason', async () => {
    const { reader, target } = await prepared();
    const { layers } = await pushImage(target, FILES, 'v1');
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(listTags(reader, aborted)).rejects.toBe(reason);
    await expect(validateImage(reader, { tag: 'v1' }, aborted)).rejects.toBe(reason);
    for (const layer of layers.slice(0, 1))
      await expect(reader.findBlob(layer, aborted)).rejects.toBe(reason);
  });
}

function pick({ digest, size }: { readonly digest: string; readonly size: number }): object {
  return { digest, size };
}
