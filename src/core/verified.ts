import { type ByteSource, dropBefore } from './bytes.ts';
import { ModelcarError } from './error.ts';
import type { Oid } from './model.ts';
import { fileHash, type RunningHash } from './running-hash.ts';

/** Where content comes from, for the error about wrong bytes. */
export interface SourceOrigin {
  /** As in `x from the Hub`. */
  readonly name: string;
  /** What to do about wrong bytes. */
  readonly hint: string;
  /** Whether reading again may help: a network may change bytes, a disk returns the same ones. */
  readonly secondRead: 'may differ' | 'is the same';
}

const THE_HUB: SourceOrigin = {
  name: 'the Hub',
  hint: 'Push again; if it happens twice, a proxy or a mirror on the way to the Hub changes the bytes.',
  secondRead: 'may differ',
};

export interface Expected {
  /** How the error names the content: the file's path in the model. */
  readonly name: string;
  readonly oid: Oid;
  /** Default: the Hub. */
  readonly origin?: SourceOrigin | undefined;
  /** Called before the error when it is the bytes that are wrong. */
  readonly onMismatch?: (() => void) | undefined;
  /** Default: a hash that is made in this thread. Waited for when the first bytes are there. */
  readonly hash?: Promise<RunningHash | undefined> | undefined;
}

/**
 * `content`, checked on its way through against the hash that the Hub gave for it.
 *
 * The chunk that completes the content is let through only when the hash of everything is right. Whoever has seen
 * the last byte has seen the right ones: a wrong byte never gets a digest, wherever a reader stops and goes on.
 * An open at an offset first reads what was not hashed yet and keeps it to itself, so that the hash is always over
 * everything; what passed once is not hashed again.
 *
 * @throws ModelcarError `CONTENT_MISMATCH`, from the iteration: fewer bytes than `size`, more, or another hash; for
 *   empty content from the call itself, since nobody reads what has no bytes
 */
export function verified(content: ByteSource, expected: Expected): ByteSource {
  const { size } = content;
  let running: Promise<RunningHash> | undefined;
  /** How far the content was hashed. */
  let frontier = 0;
  let digest: string | Promise<string> | undefined;

  function check(got: string): void {
    const { algorithm, hex } = expected.oid;
    if (got === hex) return;
    expected.onMismatch?.();
    throw mismatch(expected, `expected ${algorithm} ${hex}, got ${got}`);
  }

  if (size === 0) check(fileHash(expected.oid, 0).digest());
  return {
    size,
    async *open({ start = 0, signal } = {}) {
      const from = Math.min(start, frontier);
      const chunks = content.open(signal ? { start: from, signal } : { start: from });
      yield* dropBefore(start, from, hashed(chunks, from));
    },
  };

  async function* hashed(chunks: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<Uint8Array> {
    let position = from;
    for await (const chunk of chunks) {
      if (position + chunk.length > size) throw mismatch(expected, `expected ${size} bytes, got more`);
      running ??= begun(expected, size);
      const hash = await running;
      // There may be another reader.
      await hash.taken();
      const fresh = chunk.subarray(Math.min(chunk.length, frontier - position));
      if (fresh.length > 0) hash.update(fresh);
      frontier += fresh.length;
      position += chunk.length;
      try {
        if (position === size) {
          digest ??= hash.digest();
          check(await digest);
        }
        yield chunk;
      } finally {
        // Who leaves early gives the chunk's memory back too.
        await hash.taken();
      }
    }
    if (position < size) throw mismatch(expected, `expected ${size} bytes, got ${position}`);
  }
}

async function begun({ hash, oid }: Expected, size: number): Promise<RunningHash> {
  return (await hash) ?? fileHash(oid, size);
}

function mismatch({ name, origin = THE_HUB }: Expected, what: string): ModelcarError {
  return new ModelcarError(
    'CONTENT_MISMATCH',
    `${name} from ${origin.name} is not what the Hub promised: ${what}`,
    { hint: origin.hint },
  );
}
