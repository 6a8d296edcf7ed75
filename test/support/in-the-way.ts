import { spawnSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';

/** What may be in place of a file of ours, how to make it, and its name in an error. */
export const IN_THE_WAY: readonly (readonly [
  name: string,
  make: (path: string) => Promise<void>,
  called: string,
])[] = [
  ['a pipe', makePipe, 'a named pipe'],
  ['a device', (path: string) => symlink('/dev/zero', path), 'a device'],
  ['a file of 1 TiB', makeHuge, '1099511627776 bytes'],
  ['a folder', (path: string) => mkdir(path), 'a folder'],
];

export async function makePipe(path: string): Promise<void> {
  const { status, stderr } = spawnSync('mkfifo', [path]);
  if (status !== 0) throw new Error(`mkfifo: ${stderr}`);
}

async function makeHuge(path: string): Promise<void> {
  await writeFile(path, '');
  await truncate(path, 2 ** 40);
}
