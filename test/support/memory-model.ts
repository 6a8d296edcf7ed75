import { createHash } from 'node:crypto';
import { type ByteSource, readFirst } from '../../src/core/bytes.ts';
import type { ResolvedModel, Sibling } from '../../src/core/model.ts';
import type { ModelSource } from '../../src/core/ports.ts';
import { hexOf, watched } from './byte-sources.ts';

export interface MemoryModel extends ModelSource {
  readonly siblings: readonly Sibling[];
  /** Where each file was opened, in order. */
  opened(path: string): readonly number[];
  /** How many readers have a file open now. */
  readers(): number;
  /** From now on a file's content is another one, while the promise stays. */
  replace(path: string, content: ByteSource): void;
}

/** A model in memory, as an honest Hub would give it. */
export function memoryModel(files: Readonly<Record<string, Uint8Array>>, chunk?: number): MemoryModel {
  const sources = new Map(Object.entries(files).map(([path, bytes]) => [path, watched(bytes, chunk)]));
  const replaced = new Map<string, ByteSource>();
  const siblings = Object.entries(files).map(([path, bytes]) => ({
    path,
    size: bytes.length,
    oid: { algorithm: 'sha256' as const, hex: hexOf(bytes) },
  }));
  const commit = createHash('sha1').update(JSON.stringify(siblings)).digest('hex');
  const file: ModelSource['file'] = (_, { path }) => {
    const content = replaced.get(path) ?? sources.get(path);
    if (content === undefined) throw new Error(`there is no ${path}`);
    return content;
  };
  return {
    siblings,
    async resolve(id, revision): Promise<ResolvedModel> {
      return { id, revision, commit, siblings };
    },
    file,
    firstBytes: async (from, sibling, count, signal) => readFirst(file(from, sibling), count, signal),
    opened: (path) => sources.get(path)?.opened ?? [],
    readers: () => [...sources.values()].reduce((sum, { readers }) => sum + readers, 0),
    replace: (path, content) => void replaced.set(path, content),
  };
}
