import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Makes the caller's own error. `what` completes "the file is …": `a folder`, `12 bytes, more than the 10 allowed`. */
export type Refuse = (what: string) => Error;

/**
 * The content of a regular file; undefined where there is no file. Reads at most `limit` bytes and never waits for a
 * writer, so a pipe, a device or a huge file costs an error and nothing else.
 * @throws whatever `refuse` returns; the system's error when the file cannot be read
 */
export async function readRegularFile(
  path: string,
  { limit, refuse }: { readonly limit: number; readonly refuse: Refuse },
): Promise<Buffer | undefined> {
  const file = await openRegularFile(path, refuse).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > limit) throw refuse(`${size} bytes, more than the ${limit} allowed`);
    const chunks: Buffer[] = [];
    // Ask for one byte more than the limit: the file may have grown meanwhile.
    for await (const chunk of readChunks(file, limit + 1)) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > limit) throw refuse(`more than the ${limit} bytes allowed`);
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Opens a regular file to read it. The caller closes it.
 * @throws whatever `refuse` returns when `path` is anything else; the system's error when it cannot be opened
 */
export async function openRegularFile(path: string, refuse: Refuse): Promise<FileHandle> {
  const file = await open(path, READ_AT_ONCE).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENXIO' ? refuse('a socket, or a device that is not there') : error;
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw refuse(kindOf(stats));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file from its start, at most `limit` bytes of it. */
export async function* readChunks(
  file: FileHandle,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let position = 0; position < limit; ) {
    signal?.throwIfAborted();
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limit - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Without `O_NONBLOCK`, opening a pipe waits for its writer and blocks one of Node's four file threads (open(2)). */
const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
