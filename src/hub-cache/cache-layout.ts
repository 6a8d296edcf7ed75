import { stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { overlong, shownPath } from '../core/file-path.ts';
import { parseJson } from '../core/json.ts';
import { listingLimits } from '../core/listing-limits.ts';
import { type Commit, isCommit, type ModelId, type Oid, type Sibling } from '../core/model.ts';
import { nameMap } from '../core/name-map.ts';
import { readRegularFile } from '../files/read-regular-file.ts';
import { CHECK_DISK, isPermanent } from './cache-problem.ts';

/* How `huggingface_hub` lays out its cache: https://huggingface.co/docs/huggingface_hub/guides/manage-cache */

/** `models--acme--llama` */
export function repositoryFolder(cache: string, { type, name }: ModelId): string {
  return join(cache, `${type}s--${name.replaceAll('/', '--')}`);
}

/** The commit that a branch or tag pointed at when it was last downloaded; undefined where it never was. */
export async function readCachedRef(repository: string, revision: string): Promise<Commit | undefined> {
  const refs = join(repository, 'refs');
  const path = normalize(join(refs, revision));
  if (!path.startsWith(refs + sep)) return undefined;
  // A branch `a/b` makes a folder `a`.
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return undefined;
  const text = (await readIfThere(path))?.trim();
  return text !== undefined && isCommit(text) ? text : undefined;
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const tree = v.object({
  format_version: v.literal(1),
  files: nameMap(
    v.object({ size, blob_id: v.string(), lfs_sha256: v.nullish(v.string()), lfs_size: v.nullish(size) }),
  ),
});

/**
 * The files of a commit, as the cache remembers the Hub's listing of them; undefined where it does not.
 * @throws ModelcarError `UNSUPPORTED` when the listing is not one, or leaves out what a file is checked by
 */
export async function readCachedTree(
  repository: string,
  commit: Commit,
): Promise<readonly Sibling[] | undefined> {
  const path = join(repository, 'trees', `${commit}.json`);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = v.safeParse(tree, parseJson(text), { abortEarly: true });
  if (!parsed.success) throw unreadable(path, 'it is not a listing of files');
  const excess = listingLimits();
  return [...parsed.output.files].map(([name, file]) => {
    const tooLong = overlong(name);
    if (tooLong !== undefined) throw unreadable(path, `${tooLong}: ${shownPath(name)}`);
    const wrong = excess(name);
    if (wrong !== undefined) throw unreadable(path, `the listing ${wrong}`);
    const oid = oidOf(file.lfs_sha256 ?? undefined, file.blob_id);
    if (oid === undefined) throw unreadable(path, `it has no hash for ${JSON.stringify(name)}`);
    return { path: name, size: file.lfs_size ?? file.size, oid };
  });
}

/** For an LFS file the blob is its pointer. */
function oidOf(sha256: string | undefined, blob: string): Oid | undefined {
  if (sha256 !== undefined)
    return /^[0-9a-f]{64}$/.test(sha256) ? { algorithm: 'sha256', hex: sha256 } : undefined;
  return /^[0-9a-f]{40}$/.test(blob) ? { algorithm: 'git-sha1', hex: blob } : undefined;
}

/** Room for a listing of some hundred thousand files. */
const MAX_BYTES = 2 ** 28;

async function readIfThere(path: string): Promise<string | undefined> {
  const refuse = (what: string) => unreadable(path, `it is ${what}`);
  try {
    return (await readRegularFile(path, { limit: MAX_BYTES, refuse }))?.toString('utf8');
  } catch (cause) {
    if (cause instanceof ModelcarError) throw cause;
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return undefined;
    if (isPermanent(code)) throw unreadable(path, message);
    throw new ModelcarError('UNAVAILABLE', `cannot read ${path}: ${message}`, { hint: CHECK_DISK, cause });
  }
}

function unreadable(path: string, reason: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `cannot read ${path}: ${reason}`, {
    hint: 'Download the model again with hf download, or leave out --source cache.',
  });
}
