import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { realFile } from './real-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await tempFolder());
});

test('a file, and one that does not exist yet, are themselves', async () => {
  await writeFile(join(folder, 'a'), '');
  expect(await realFile(join(folder, 'a'))).toBe(join(folder, 'a'));
  expect(await realFile(join(folder, 'none', 'b'))).toBe(join(folder, 'none', 'b'));
});

test('a link, and a link to a link, are the file behind them', async () => {
  await writeFile(join(folder, 'a'), '');
  await symlink('a', join(folder, 'b'));
  await symlink(join(folder, 'b'), join(folder, 'c'));
  expect(await realFile(join(folder, 'c'))).toBe(join(folder, 'a'));
});

test('links to a file that does not exist yet are that file, seen from the folder of each link', async () => {
  await mkdir(join(folder, 'volume'));
  await symlink('volume', join(folder, 'alias'));
  await symlink('../state.json', join(folder, 'volume', 'b'));
  await symlink(join(folder, 'alias', 'b'), join(folder, 'c'));
  expect(await realFile(join(folder, 'c'))).toBe(join(folder, 'state.json'));
});

test('a link to itself stays what it is, for whoever opens it to fail', async () => {
  await symlink('a', join(folder, 'a'));
  expect(await realFile(join(folder, 'a'))).toBe(join(folder, 'a'));
});
