import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { sweepUnfinished, writeAtomically } from './write-atomically.ts';

const ID = '0b1e22c7-d9aa-4c1f-8d3e-1f2e3d4c5b6a';

test('writes for whom it is told to, and leaves nothing else', async () => {
  const folder = await tempFolder();
  await writeAtomically(join(folder, 'a'), Buffer.from('1'), 0o600);
  await writeAtomically(join(folder, 'a'), Buffer.from('2'), 0o600);
  expect(await readdir(folder)).toEqual(['a']);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o600);
});

test('leaves nothing where it cannot write', async () => {
  const folder = await tempFolder();
  await expect(writeAtomically(join(folder, 'no', 'a'), Buffer.from('1'), 0o600)).rejects.toThrow('ENOENT');
  expect(await readdir(folder)).toEqual([]);
});

test('sweeps up what a killed process left of this file: only that, and only once it is old', async () => {
  const folder = await tempFolder();
  const old = [
    `a.unfinished-${ID}`,
    `b.unfinished-${ID}`,
    'a.unfinished-mine',
    `a.unfinished-${ID}.txt`,
    'a',
  ];
  const recent = `a.unfinished-${ID.replace('0b', '1b')}`;
  for (const name of [...old, recent]) await writeFile(join(folder, name), '');
  const then = new Date(Date.now() - 601_000);
  for (const name of old) await utimes(join(folder, name), then, then);
  await sweepUnfinished(join(folder, 'a'), 600_000, Date.now());
  expect((await readdir(folder)).sort()).toEqual([...old.slice(1), recent].sort());
});

test('has nothing to sweep up where there is no folder', async () => {
  await sweepUnfinished('/dev/null/a', 0, Date.now());
});
