import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { tempFolder } from './temp-folder.ts';

export interface CachedModel {
  readonly name: string;
  readonly commit: string;
  /** In LFS where the name says so. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Whether the listing of the commit is kept. Default true. */
  readonly listed?: boolean;
}

export interface HubCache {
  readonly folder: string;
  /** The folder of the model. */
  readonly repository: string;
  /** Where a file of it is to be found. */
  readonly snapshot: (path: string) => string;
}

/** A cache as `huggingface_hub` lays it out: blobs by their hash, snapshots of links to them, what branches point at. */
export async function hubCache({ name, commit, files, listed = true }: CachedModel): Promise<HubCache> {
  const folder = await tempFolder();
  const repository = join(folder, `models--${name.replaceAll('/', '--')}`);
  const put = async (path: string, content: Uint8Array | string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  };
  const listing = new Map<string, object>();
  for (const [path, bytes] of Object.entries(files)) {
    const lfs = path.endsWith('.safetensors');
    const sha1 = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const blob = join(repository, 'blobs', lfs ? sha256 : sha1);
    const link = join(repository, 'snapshots', commit, path);
    await put(blob, bytes);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), blob), link);
    const size = bytes.length;
    listing.set(
      path,
      lfs ? { size: 135, blob_id: sha1, lfs_sha256: sha256, lfs_size: size } : { size, blob_id: sha1 },
    );
  }
  await put(join(repository, 'refs', 'main'), commit);
  if (listed) {
    await put(
      join(repository, 'trees', `${commit}.json`),
      JSON.stringify({ format_version: 1, files: Object.fromEntries(listing) }),
    );
  }
  return { folder, repository, snapshot: (path: string) => join(repository, 'snapshots', commit, path) };
}
