import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';

/** A member of a tar as Python's `tarfile` understands it. */
export type TarMember = {
  readonly name: string;
  readonly type: 'directory' | 'file' | 'other';
  /** As Python writes it: `0o644`. */
  readonly mode: string;
  readonly owner: string;
  readonly size: number;
  readonly sha256?: string;
  /** The git blob sha1 of the content, of files that a Hub may keep in git. */
  readonly gitSha1?: string;
};

/** The members of the tars in their order, hashed piece by piece; a layer of a gigabyte is read in a second or two. */
export function readTars(paths: readonly string[]): Promise<readonly TarMember[]> {
  return askPython(paths);
}

/** The same without reading the content, for tars that are mostly holes. */
export function listTars(paths: readonly string[]): Promise<readonly TarMember[]> {
  return askPython(['--names-only', ...paths]);
}

/** Paths of the layers of the only image in an OCI layout, in the order of its manifest. */
export async function layersOf(layoutFolder: string): Promise<readonly string[]> {
  const blob = (digest: string) => join(layoutFolder, 'blobs', ...digest.split(':'));
  const index = JSON.parse(await readFile(join(layoutFolder, 'index.json'), 'utf8'));
  const manifest = JSON.parse(await readFile(blob(index.manifests[0].digest), 'utf8'));
  return manifest.layers.map(({ digest }: { digest: string }) => blob(digest));
}

async function askPython(args: readonly string[]): Promise<readonly TarMember[]> {
  const script = fileURLToPath(new URL('./read-tar.py', import.meta.url));
  // Whatever the locale of the machine, names go through the pipe as they are.
  const options = { env: { PYTHONUTF8: '1' }, timeoutMs: 120_000 };
  return JSON.parse((await runCommand(peerPath('python3'), [script, ...args], options)).stdout);
}
