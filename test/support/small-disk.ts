import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

/** A disk whose room and mode a test decides on. Its folder is empty at first. */
export interface SmallDisk {
  readonly folder: string;
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
  setReadOnly(): void;
}

/**
 * A file system of its own of 64 KiB, gone when the test is over. Where this user may not mount one (it takes root, and
 * in a container CAP_SYS_ADMIN) it is a folder in which the system refuses this process every byte (setrlimit(2),
 * RLIMIT_FSIZE): EFBIG instead of ENOSPC and EROFS.
 */
export async function smallDisk(): Promise<SmallDisk> {
  const folder = await tempFolder();
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder);
  } catch {
    return limitedFolder(folder);
  }
  onTestFinished(() => run('umount', folder));
  const ballast = join(folder, 'ballast');
  return {
    folder,
    async fill() {
      await mkdir(ballast);
      for (let size = 65_536; size >= 1; size = Math.floor(size / 2))
        await writeFile(join(ballast, String(size)), Buffer.alloc(size)).catch(() => undefined);
    },
    makeRoom: () => rm(ballast, { recursive: true }),
    setReadOnly: () => run('mount', '-o', 'remount,ro', folder),
  };
}

function limitedFolder(folder: string): SmallDisk {
  const limit = (bytes: string) => run('prlimit', `--pid=${process.pid}`, `--fsize=${bytes}:`);
  onTestFinished(() => limit('unlimited'));
  return {
    folder,
    fill: async () => limit('0'),
    makeRoom: async () => limit('unlimited'),
    setReadOnly: () => limit('0'),
  };
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'ignore' });
}
