import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAll } from '../../test/support/read-all.ts';
import { fromBytes } from './bytes.ts';
import { firstFilePath } from './tar-head.ts';
import { BLOCK, header } from './tar-header.ts';
import { TAR_LAYOUTS, tarLayer } from './tar-layer.ts';

const component = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
  .filter((text) => text.isWellFormed() && !/[/\0]/.test(text));
const path = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));

test.each(TAR_LAYOUTS)('the head of a layer of the layout %s tells the path of its file', async (layout) => {
  await fc.assert(
    fc.asyncProperty(path, fc.uint8Array({ maxLength: 600 }), async (name, content) => {
      expect(firstFilePath(await readAll(tarLayer(name, fromBytes(content), layout)))).toBe(name);
    }),
  );
});

test('a file of more than 8 GiB does not hide its path', () => {
  expect(firstFilePath(header({ type: 'file', name: 'models/a.bin', size: 9 * 2 ** 30 }))).toBe(
    'models/a.bin',
  );
});

test('no path is read from bytes that are not a tar, or from a cut head', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expect(firstFilePath(bytes)).toBeUndefined();
    }),
  );
  const folder = header({ type: 'directory', name: 'models/', size: 0 });
  expect(firstFilePath(folder)).toBeUndefined();
  expect(firstFilePath(folder.subarray(0, BLOCK - 1))).toBeUndefined();
});
