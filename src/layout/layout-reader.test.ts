import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { layoutTarget } from '../../test/support/layout-target.ts';
import { pushImage } from '../../test/support/push-image.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { listTags } from '../inspect/list-tags.ts';
import { validateImage } from '../inspect/validate-image.ts';
import { blobPathIn } from './blob-place.ts';
import { createLayoutReader } from './layout-reader.ts';

const { signal } = new AbortController();

test('a folder that is no layout is called that, not an image that is missing', async () => {
  const reader = createLayoutReader('nope');
  const digest = `sha256:${'a'.repeat(64)}` as const;
  for (const name of [{ tag: 'v1' }, { digest }])
    expect(await failureOf(validateImage(reader, name, signal))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no OCI image layout in nope',
    });
});

test('a tag whose manifest is gone points at nothing, and validation calls the layout damaged', async () => {
  const folder = await tempFolder();
  const target = layoutTarget(folder);
  await target.prepare(signal);
  const { manifest } = await pushImage(target, { a: Buffer.from('a') }, 'v1');
  const { digest } = manifest.descriptor;
  await rm(blobPathIn(folder, digest));
  const reader = createLayoutReader(folder);
  expect(await listTags(reader, signal)).toEqual([{ tag: 'v1', digest: undefined }]);
  expect(await failureOf(validateImage(reader, { tag: 'v1' }, signal))).toMatchObject({
    code: 'CONTENT_MISMATCH',
    message: `oci:${folder}:v1 points to ${digest}, which is not in the layout`,
  });
  expect((await failureOf(validateImage(reader, { digest }, signal))).code).toBe('NOT_FOUND');
});
