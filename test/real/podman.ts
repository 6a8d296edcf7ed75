import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerPath } from './peers.ts';
import { type CommandOutput, runCommand } from './run-command.ts';

export type Podman = {
  readonly run: (...args: string[]) => Promise<CommandOutput>;
  /** Pulls the image, over plain HTTP where it comes from a registry; answers its ID. */
  readonly pull: (reference: string, ...options: string[]) => Promise<string>;
  /** Mounts a pulled image read-only, by reference or ID; answers the folder that a container would see as its root. */
  readonly mount: (reference: string) => Promise<string>;
  /** Unmounts everything and removes the storage. */
  readonly close: () => Promise<void>;
};

/** podman with storage of its own, so that a test neither sees nor changes the images of the machine. */
export async function openPodman(): Promise<Podman> {
  const folder = await mkdtemp(join(tmpdir(), 'podman-'));
  const driver = await storageDriver(folder);
  const run = podmanIn(join(folder, driver), driver);
  return {
    run,
    pull: async (reference, ...options) =>
      (await run('pull', '--quiet', '--tls-verify=false', ...options, reference)).stdout.trim(),
    mount: async (reference) => (await run('image', 'mount', reference)).stdout.trim(),
    close: async () => {
      await run('image', 'unmount', '--all', '--force');
      await release(join(folder, driver));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** vfs copies every byte again for each layer above it; overlay does not, but needs a fitting file system. */
async function storageDriver(folder: string): Promise<'overlay' | 'vfs'> {
  const trial = join(folder, 'trial');
  await mkdir(trial);
  try {
    await podmanIn(trial, 'overlay')('info');
    return 'overlay';
  } catch {
    return 'vfs';
  } finally {
    await release(trial);
  }
}

function podmanIn(folder: string, driver: string): Podman['run'] {
  const storage = [
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    driver,
  ];
  return (...args) => runCommand(peerPath('podman'), [...storage, ...args], { timeoutMs: 120_000 });
}

/** podman leaves its overlay folder mounted upon itself, and a mount point cannot be removed. */
async function release(folder: string): Promise<void> {
  await runCommand('umount', ['--quiet', join(folder, 'root', 'overlay')]).catch(() => undefined);
}
