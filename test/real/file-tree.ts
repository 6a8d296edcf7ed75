import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type TreeEntry = {
  /** Four octal digits. */
  readonly mode: string;
  readonly owner: string;
  /** sha256 of a file's content; a directory has none. */
  readonly sha256?: string;
};

export type FileTree = Readonly<Record<string, TreeEntry>>;

/** Everything below a folder, by its path from there; the names are compared byte for byte, as the system has them. */
export async function readFileTree(folder: string): Promise<FileTree> {
  const tree: Record<string, TreeEntry> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const stats = await lstat(path);
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
    const entry = { mode, owner: `${stats.uid}:${stats.gid}` };
    tree[name] = stats.isFile() ? { ...entry, sha256: sha256Of(await readFile(path)) } : entry;
  }
  return tree;
}

/** The files with all their parents as an image of ours has them: 0644 and 0755, owned by root. */
export function expectedTree(files: ReadonlyMap<string, Uint8Array>): FileTree {
  const tree: Record<string, TreeEntry> = {};
  for (const [path, content] of files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      tree[path.slice(0, slash)] = { mode: '0755', owner: unpackedOwner() };
    }
    tree[path] = { mode: '0644', owner: unpackedOwner(), sha256: sha256Of(content) };
  }
  return tree;
}

/** Only root can give files away; whatever another user unpacks is its own. */
function unpackedOwner(): string {
  return `${process.getuid?.()}:${process.getgid?.()}`;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
