import { once } from 'node:events';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makePipe } from '../../test/support/in-the-way.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openRegularFile, readRegularFile } from './read-regular-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await tempFolder();
  path = join(folder, 'file');
});

const refuse = (what: string) => new Error(`refused: ${what}`);
const read = (limit = 10) => readRegularFile(path, { limit, refuse });

test('a file of up to the limit is read whole', async () => {
  await writeFile(path, '0123456789');
  expect(String(await read())).toBe('0123456789');
  await writeFile(path, '');
  expect(await read()).toHaveLength(0);
});

test('a missing file is not an error', async () => {
  expect(await read()).toBeUndefined();
  await expect(openRegularFile(path, refuse)).rejects.toThrow('ENOENT');
});

test('a link to a file is followed', async () => {
  await writeFile(join(folder, 'real'), 'x');
  await symlink('real', path);
  expect(String(await read())).toBe('x');
});

test('a larger file is refused with both sizes, however large, and is not read', async () => {
  await writeFile(path, '');
  await truncate(path, 2 ** 40);
  await expect(read()).rejects.toThrow('refused: 1099511627776 bytes, more than the 10 allowed');
});

test('a file that hides its size, such as those of /proc, is refused at the limit', async () => {
  path = '/proc/self/status';
  await expect(read()).rejects.toThrow('refused: more than the 10 bytes allowed');
});

test('a named pipe that nobody writes to is refused at once', async () => {
  await makePipe(path);
  await expect(read()).rejects.toThrow('refused: a named pipe');
  await expect(openRegularFile(path, refuse)).rejects.toThrow('refused: a named pipe');
});

test('a socket is refused', async () => {
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  await expect(read()).rejects.toThrow('refused: a socket');
});

test.each(['/dev/null', '/dev/zero'])('the device %s is refused', async (device) => {
  path = device;
  await expect(read()).rejects.toThrow('refused: a device');
});

test('a folder is refused', async () => {
  await mkdir(path);
  await expect(read()).rejects.toThrow('refused: a folder');
});
