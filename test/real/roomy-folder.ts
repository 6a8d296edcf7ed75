import { mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder where so many bytes can be written; without the room it says so before anything half fills a disk. */
export async function roomyFolder(name: string, bytes: number): Promise<string> {
  const { bavail, bsize } = await statfs(tmpdir());
  const free = bavail * bsize;
  if (free < bytes) {
    throw new Error(`this test needs ${gib(bytes)} below ${tmpdir()}, ${gib(free)} are free: set TMPDIR`);
  }
  return mkdtemp(join(tmpdir(), `${name}-`));
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
