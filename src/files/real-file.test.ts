import { chmod, lchown, lstat, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { thisUser } from '../this-process.ts';
import { realFile } from './real-file.ts';

let folder: string;

const refuse = (why: string) => new Error(why);
const real = (path: string, user = thisUser) => realFile(path, { user, refuse });

beforeEach(async () => {
  folder = await realpath(await tempFolder());
});

test('a file that is no link resolves to itself, even if it does not exist yet', async () => {
  await writeFile(join(folder, 'a'), '');
  expect(await real(join(folder, 'a'))).toBe(join(folder, 'a'));
  expect(await real(join(folder, 'none', 'b'))).toBe(join(folder, 'none', 'b'));
});

test('a link, or a link to a link, resolves to its file', async () => {
  await writeFile(join(folder, 'a'), '');
  await symlink('a', join(folder, 'b'));
  await symlink(join(folder, 'b'), join(folder, 'c'));
  expect(await real(join(folder, 'c'))).toBe(join(folder, 'a'));
});

test('links to a file that does not exist yet resolve to it, each relative to its own folder', async () => {
  await mkdir(join(folder, 'volume'));
  await symlink('volume', join(folder, 'alias'));
  await symlink('../state.json', join(folder, 'volume', 'b'));
  await symlink(join(folder, 'alias', 'b'), join(folder, 'c'));
  expect(await real(join(folder, 'c'))).toBe(join(folder, 'state.json'));
});

test('a link to itself resolves to itself, so that opening it fails', async () => {
  await symlink('a', join(folder, 'a'));
  expect(await real(join(folder, 'a'))).toBe(join(folder, 'a'));
});

test('a path from the working folder, through links to folders, is the file that the system opens', async () => {
  await mkdir(join(folder, 'deep', 'volume'), { recursive: true });
  await symlink('deep/volume', join(folder, 'alias'));
  // The system goes up from the volume, not from the link.
  const path = `${relative('.', folder)}/alias/../state.json`;
  expect(await real(path)).toBe(join(folder, 'deep', 'state.json'));
});

test.each([
  ['of a file', 'link.json', 'link.json'],
  ['that leads nowhere yet', 'dangling.json', 'dangling.json'],
  ['of a folder on the way', 'folder', 'folder/state.json'],
])('a link %s that another user made in a folder like /tmp is not followed', async (_, name, path) => {
  await writeFile(join(folder, 'mine.json'), '');
  const shared = join(folder, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  await symlink('../mine.json', join(shared, 'link.json'));
  await symlink('../none.json', join(shared, 'dangling.json'));
  await symlink('..', join(shared, 'folder'));
  const link = join(shared, name);
  // Only root may give links away. Any other user is taken for somebody else.
  if (thisUser === 0) await lchown(link, 2001, 2001);
  const { uid } = await lstat(link);
  const why = `user ${uid} made the link ${link}, in a folder that every user can write to`;
  await expect(real(join(shared, path), uid + 1)).rejects.toThrow(why);
  expect(await real(join(shared, path), uid)).not.toContain(shared);

  await chmod(shared, 0o755);
  expect(await real(join(shared, path), uid + 1)).not.toContain(shared);
});

test('a link to itself by way of a folder that does not exist stays what it is', async () => {
  await symlink('none/../a', join(folder, 'a'));
  expect(await real(join(folder, 'a'))).toBe(join(folder, 'a'));
});
