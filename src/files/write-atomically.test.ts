import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { mark } from '../../test/support/test-processes.ts';
import { writeAtomically } from './write-atomically.ts';

test('writes for whom it is told to, and leaves nothing else', async () => {
  const folder = await tempFolder();
  await writeAtomically(join(folder, 'a'), Buffer.from('1'), 0o600, mark(1));
  await writeAtomically(join(folder, 'a'), Buffer.from('2'), 0o600, mark(1));
  expect(await readdir(folder)).toEqual(['a']);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o600);
});

test('leaves nothing where it cannot write', async () => {
  const folder = await tempFolder();
  await expect(writeAtomically(join(folder, 'no', 'a'), Buffer.from('1'), 0o600, mark(1))).rejects.toThrow(
    'ENOENT',
  );
  expect(await readdir(folder)).toEqual([]);
});
