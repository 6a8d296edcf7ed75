import { type FileHandle, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import type { Commit, Sibling } from '../core/model.ts';
import { openRegularFile } from '../files/read-regular-file.ts';
import {
  type CacheProblem,
  cacheError,
  linkOut,
  notAFile,
  systemProblem,
  wrongSize,
} from './cache-problem.ts';

/** What is read at once. */
const READ_BYTES = 256 * 1024;

/**
 * One file of a snapshot. It is a link into the repository's blobs as a rule, and never followed out of the repository.
 * @throws ModelcarError from the iteration, as {@link cacheError} makes it
 */
export function cachedFile(repository: string, commit: Commit, sibling: Sibling): ByteSource {
  const { size } = sibling;
  return {
    size,
    async *open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      if (start >= size) return;
      const handle = await openCached(repository, commit, sibling);
      if ('why' in handle) throw cacheError([handle]);
      try {
        yield* chunksOf(handle, sibling, start, signal);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Opens the file if it has the listed size; otherwise says why not. */
export async function openCached(
  repository: string,
  commit: Commit,
  { path, size }: Sibling,
): Promise<FileHandle | CacheProblem> {
  let refused: CacheProblem | undefined;
  const refuse = (what: string) => {
    refused = notAFile(path, what);
    return new Error(what);
  };
  try {
    const link = join(repository, 'snapshots', commit, path);
    const [inside, file] = await Promise.all([realpath(repository), realpath(link)]);
    if (!file.startsWith(inside + sep)) return linkOut(path, file);
    const handle = await openRegularFile(file, refuse);
    const problem = await handle.stat().then(
      (stats) => (stats.size === size ? undefined : wrongSize(path, size, stats.size)),
      (cause: unknown) => systemProblem(path, cause),
    );
    if (problem === undefined) return handle;
    await handle.close();
    return problem;
  } catch (cause) {
    return refused ?? systemProblem(path, cause);
  }
}

export async function* chunksOf(
  file: Pick<FileHandle, 'read'>,
  { path, size }: Pick<Sibling, 'path' | 'size'>,
  start: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let position = start; position < size; ) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position).catch((cause: unknown) => {
      throw cacheError([systemProblem(path, cause)]);
    });
    if (bytesRead === 0) throw cacheError([wrongSize(path, size, position)]);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
