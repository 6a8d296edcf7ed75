import { createHash, type Hash } from 'node:crypto';

/** How many bytes a registry may hold in memory in all; past it only hashes and sizes are kept. */
export interface Budget {
  readonly limit: number;
  used: number;
}

export interface Mark {
  readonly size: number;
  readonly hash: Hash;
}

/** Bytes as they arrive: hashed at once, kept only while the budget lasts. */
export class Content {
  size = 0;
  /** Undefined once the bytes were let go; the hash and the size stay true. */
  #kept: Buffer[] | undefined = [];
  #keptSize = 0;
  #hash: Hash = createHash('sha256');
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  append(chunk: Buffer): void {
    this.size += chunk.length;
    this.#hash.update(chunk);
    if (!this.#kept) return;
    if (this.#budget.used + chunk.length > this.#budget.limit) {
      this.release();
      return;
    }
    // A socket chunk is a view of a larger pool slab, which must not be kept alive.
    this.#kept.push(Buffer.from(chunk));
    this.#keptSize += chunk.length;
    this.#budget.used += chunk.length;
  }

  get sha256(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }

  /** The digest under the algorithm asked for; undefined when it would need bytes that were let go. */
  digestLike(digest: string): string | undefined {
    if (digest.startsWith('sha256:')) return this.sha256;
    const bytes = this.bytes();
    return bytes && digest.startsWith('sha512:')
      ? `sha512:${createHash('sha512').update(bytes).digest('hex')}`
      : undefined;
  }

  bytes(): Buffer | undefined {
    return this.#kept && Buffer.concat(this.#kept);
  }

  mark(): Mark {
    return { size: this.size, hash: this.#hash.copy() };
  }

  /** Forget everything after the mark, as a registry does that stores whole chunks only. */
  rollBack(mark: Mark): void {
    const bytes = this.bytes()?.subarray(0, mark.size);
    this.size = mark.size;
    this.#hash = mark.hash.copy();
    if (!bytes) return;
    this.#budget.used -= this.#keptSize - bytes.length;
    this.#keptSize = bytes.length;
    this.#kept = [bytes];
  }

  release(): void {
    this.#budget.used -= this.#keptSize;
    this.#keptSize = 0;
    this.#kept = undefined;
  }
}
