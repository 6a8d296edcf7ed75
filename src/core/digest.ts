import { createHash, type Hash } from 'node:crypto';
import { ModelcarError } from './error.ts';
import { quoted } from './quoted.ts';

/** `sha256:<64 lower-case hex>` of exact bytes (OCI image-spec, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}`;

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** @throws ModelcarError `USAGE` */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new ModelcarError('USAGE', `${quoted(text)} is not a digest`, {
    hint: 'Write sha256: and 64 lower-case hex digits.',
  });
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * A hash over bytes that may be offered more than once. When a registry says that it has less than we sent, the
 * source is read again from there; a hash cannot go back, so each byte is hashed the first time it passes and
 * skipped afterwards.
 */
export class HashFrontier {
  readonly #hash: Hash = createHash('sha256');
  #position = 0;

  /** The number of bytes hashed so far: everything before it has been seen, nothing after it. */
  get position(): number {
    return this.#position;
  }

  /**
   * @param chunk bytes of the content
   * @param offset where in the content `chunk` starts
   * @throws RangeError when bytes before `offset` were never seen: the digest would be of something else
   */
  update(chunk: Uint8Array, offset: number): void {
    if (offset > this.#position)
      throw new RangeError(`bytes ${this.#position}-${offset - 1} were never seen`);
    const fresh = chunk.subarray(Math.min(chunk.length, this.#position - offset));
    this.#hash.update(fresh);
    this.#position += fresh.length;
  }

  /** Lower-case hex of everything up to `position`. Works on a copy, so it may be asked at any time. */
  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}
