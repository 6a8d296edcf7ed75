import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import type { Commit, Sibling } from '../core/model.ts';

/** What is read at once. */
const READ_BYTES = 256 * 1024;

/**
 * One file of a snapshot. It is a link into the repository's blobs as a rule, and never followed out of the repository.
 * @throws ModelcarError from the iteration: `NOT_FOUND`, `REJECTED`, `CONTENT_MISMATCH` when it has another length
 */
export function cachedFile(repository: string, commit: Commit, sibling: Sibling): ByteSource {
  const { path, size } = sibling;
  return {
    size,
    async *open({ start = 0, signal } = {}) {
      signal?.throwIfAborted();
      if (start >= size) return;
      const handle = await open(await locate(repository, commit, path), 'r').catch((cause: unknown) => {
        throw notThere(path, cause);
      });
      try {
        const { size: length } = await handle.stat();
        if (length !== size) throw changed(path, size, length);
        for (let position = start; position < size; ) {
          signal?.throwIfAborted();
          const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - position));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
          if (bytesRead === 0) throw changed(path, size, position);
          position += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    },
  };
}

async function locate(repository: string, commit: Commit, path: string): Promise<string> {
  const link = join(repository, 'snapshots', commit, path);
  const [inside, file] = await Promise.all([realpath(repository), realpath(link)]).catch((cause: unknown) => {
    throw notThere(path, cause);
  });
  if (file.startsWith(inside + sep)) return file;
  throw new ModelcarError('REJECTED', `${path} in the cache is a link out of its repository: ${file}`, {
    hint: 'Download the model once more with hf download, or leave out --source cache.',
  });
}

function notThere(path: string, cause: unknown): ModelcarError {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOENT' || code === undefined ? 'it was not downloaded' : code;
  return new ModelcarError('NOT_FOUND', `cannot read ${path} from the cache: ${why}`, {
    hint: 'Download it with hf download, or leave out --source cache.',
    cause,
  });
}

function changed(path: string, expected: number, got: number): ModelcarError {
  return new ModelcarError(
    'CONTENT_MISMATCH',
    `${path} in the cache is not what was listed: expected ${expected} bytes, got ${got}`,
    { hint: 'Download it once more with hf download --force-download, or leave out --source cache.' },
  );
}
