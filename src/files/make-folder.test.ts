import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { makeFolder } from './make-folder.ts';

test('makes the folders above it too, and is content where it is there', async () => {
  const path = join(await tempFolder(), 'a', 'b', 'c');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test.each(['/proc/x/y', '/dev/null/x'])('ends with an error at %s, which takes no folder', async (path) => {
  await expect(makeFolder(path)).rejects.toThrow(/ENOENT|ENOTDIR/);
});

test('ends with an error where a file is in the way', async () => {
  const path = join(await tempFolder(), 'file');
  await writeFile(path, '');
  await expect(makeFolder(path)).rejects.toThrow('EEXIST');
});
