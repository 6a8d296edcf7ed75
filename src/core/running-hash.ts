import { createHash } from 'node:crypto';
import type { Oid } from './model.ts';

/** A hash that is given bytes in their order, by one reader, and works on them here or in another thread. */
export interface RunningHash {
  /** @param bytes must stay as they are until they are {@link taken}; no others are given before */
  update(bytes: Uint8Array): void;
  /** Resolves when what was given may be written over; undefined where it may be at once. */
  taken(): Promise<void> | undefined;
  /** Lower-case hex of everything. Asked once, at the end. */
  digest(): string | Promise<string>;
}

interface HashHere extends RunningHash {
  digest(): string;
}

/** The hash that the Hub has of a file, made in this thread. */
export function fileHash({ algorithm }: Oid, size: number): HashHere {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1');
  // https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: the object is hashed with its header.
  if (algorithm === 'git-sha1') hash.update(`blob ${size}\0`);
  return {
    update: (bytes) => void hash.update(bytes),
    taken: () => undefined,
    digest: () => hash.digest('hex'),
  };
}
