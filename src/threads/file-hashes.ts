import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Sibling } from '../core/model.ts';
import type { RunningHash } from '../core/running-hash.ts';
import { SMALL_LAYER } from '../core/small-layer.ts';
import { createWords, type HashMessage, WORDS } from './hash-words.ts';

export interface FileHashes {
  /**
   * A hash for a file, one after the other, that is made in a thread of its own; undefined where that would not pay. The
   * one before it is not used any more.
   */
  readonly of: (file: Pick<Sibling, 'size' | 'oid'>) => RunningHash | undefined;
  /** Ends the thread. */
  close(): Promise<void>;
}

export interface FileHashesOptions {
  /** Whether TLS is spoken with the Hub or the registry. */
  readonly isSecure: boolean;
  /** Default: as many as there are. */
  readonly processors?: number;
}

/** One for the layer and one for the hash. What both do when TLS comes on top left nothing to gain on two. */
const NEEDED = 2;
const NEEDED_WITH_TLS = 3;

/** So many bytes are hashed in the time that it takes to start a thread. */
const WORTH_A_THREAD = 64 * 2 ** 20;

/** Bytes are in shared memory; what the thread itself makes is next to nothing. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 };

/**
 * The Hub's hash of a file beside the digest of its layer: half of the work of one worker goes to another processor
 * (docs/decisions/0007-byte-path.md).
 */
export function createFileHashes({
  isSecure,
  processors = availableParallelism(),
}: FileHashesOptions): FileHashes {
  const needed = isSecure ? NEEDED_WITH_TLS : NEEDED;
  let bytes = 0;
  let thread: HashThread | undefined;
  return {
    of({ size, oid }) {
      // Of small ones several are under way at once.
      if (size <= SMALL_LAYER) return undefined;
      bytes += size;
      const pays = processors >= needed && bytes >= WORTH_A_THREAD && oid.algorithm === 'sha256';
      if (!pays) return undefined;
      thread ??= startThread();
      return thread?.begin();
    },
    close: async () => thread?.close(),
  };
}

/** Undefined where none can be had: the limits of a container, or what Node was allowed to do, may forbid it. */
function startThread(): HashThread | undefined {
  try {
    return new HashThread();
  } catch {
    return undefined;
  }
}

class HashThread {
  readonly #words = createWords();
  readonly #worker: Worker;
  /** The memory that the thread knows, and its number there. */
  readonly #memories = new Map<ArrayBufferLike, number>();
  /** For bytes that lie in memory that cannot be shared. */
  #copy = new Uint8Array(new SharedArrayBuffer(64 * 1024));
  #handed = 0;
  #hashes = 0;
  #digest: string | undefined;
  /** Of who waits for the thread. */
  #look: (() => void) | undefined;
  #end: Error | undefined;

  constructor() {
    const workerData = this.#words;
    const module = new URL('./hash-thread.js', import.meta.url);
    this.#worker = new Worker(module, { workerData, resourceLimits: LIMITS });
    this.#worker.on('message', ({ digest }: HashMessage) => {
      this.#digest = digest ?? this.#digest;
      this.#look?.();
    });
    this.#worker.on('error', (error) => this.#ended(error));
    this.#worker.on('exit', (code) => this.#ended(new Error(`the thread for hashes ended with ${code}`)));
  }

  begin(): RunningHash {
    this.#hashes += 1;
    const number = this.#hashes;
    let begins = true;
    const hand = (bytes: Uint8Array) => {
      if (number !== this.#hashes) throw new Error('another hash was begun');
      this.#hand(bytes, begins);
      begins = false;
    };
    return {
      update: hand,
      taken: () => (this.#isIdle() ? undefined : this.#until(() => this.#isIdle())),
      digest: async () => {
        await this.#until(() => this.#isIdle());
        this.#digest = undefined;
        hand(new Uint8Array());
        await this.#until(() => this.#digest !== undefined);
        return this.#digest ?? '';
      },
    };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Starts the thread on what it is to do next; it has nothing to do. */
  #hand(given: Uint8Array, begins: boolean): void {
    if (this.#end !== undefined) throw this.#end;
    if (!this.#isIdle()) throw new Error('the bytes before these are still being hashed');
    const bytes = given.buffer instanceof SharedArrayBuffer ? given : this.#copied(given);
    Atomics.store(this.#words, WORDS.memory, this.#memory(bytes.buffer));
    Atomics.store(this.#words, WORDS.offset, bytes.byteOffset);
    Atomics.store(this.#words, WORDS.length, bytes.length);
    Atomics.store(this.#words, WORDS.begins, begins ? 1 : 0);
    this.#handed = (this.#handed + 1) | 0;
    Atomics.store(this.#words, WORDS.handed, this.#handed);
    Atomics.notify(this.#words, WORDS.handed);
  }

  #copied(bytes: Uint8Array): Uint8Array {
    if (this.#copy.length < bytes.length)
      this.#copy = new Uint8Array(new SharedArrayBuffer(2 ** Math.ceil(Math.log2(bytes.length))));
    this.#copy.set(bytes);
    return this.#copy.subarray(0, bytes.length);
  }

  #memory(memory: ArrayBufferLike): number {
    const known = this.#memories.get(memory);
    if (known !== undefined) return known;
    const number = this.#memories.size;
    this.#memories.set(memory, number);
    this.#worker.postMessage(memory);
    return number;
  }

  #isIdle(): boolean {
    return Atomics.load(this.#words, WORDS.done) === this.#handed;
  }

  /** A message may be of an earlier wait, which had found the thread to be done by itself. */
  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        // In this order: what is done after we have looked sends a message.
        Atomics.store(this.#words, WORDS.awaited, 1);
        if (this.#end === undefined && !isSo()) return;
        Atomics.store(this.#words, WORDS.awaited, 0);
        this.#look = undefined;
        if (this.#end === undefined) resolve();
        else reject(this.#end);
      };
      this.#look = look;
      look();
    });
  }

  #ended(error: Error): void {
    this.#end ??= error;
    this.#look?.();
  }
}
