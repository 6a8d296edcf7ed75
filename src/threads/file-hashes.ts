import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Sibling } from '../core/model.ts';
import type { RunningHash } from '../core/running-hash.ts';
import { SMALL_LAYER } from '../core/small-layer.ts';
import { createWords, type HashMessage, WORDS } from './hash-words.ts';

export interface FileHashes {
  /**
   * A hash for a file, one after the other, that is made in a thread of its own; undefined where that would not pay, or
   * cannot be had. The one before it is not used any more.
   */
  readonly of: (file: Pick<Sibling, 'size' | 'oid'>) => Promise<RunningHash | undefined>;
  /** Ends the thread. */
  close(): Promise<void>;
}

export interface FileHashesOptions {
  /** Whether TLS is spoken with the Hub or the registry. */
  readonly isSecure: boolean;
  /** Default: as many as there are; a quota is not seen. */
  readonly processors?: number;
}

/** One for the layer and one for the hash. What both do when TLS comes on top left nothing to gain on two. */
const NEEDED = 2;
const NEEDED_WITH_TLS = 3;

/** So many bytes are hashed in the time that it takes to start a thread. */
const WORTH_A_THREAD = 64 * 2 ** 20;

/** Bytes lie outside of its heap. What the process was told to load first is nothing to a thread that has so little. */
const OPTIONS = {
  resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
  execArgv: [],
  env: {},
};

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
    async of({ size, oid }) {
      // Of small ones several are under way at once.
      if (size <= SMALL_LAYER) return undefined;
      bytes += size;
      if (processors < needed || bytes < WORTH_A_THREAD || oid.algorithm !== 'sha256') return undefined;
      thread ??= startThread();
      return (await thread?.isThere()) ? thread?.begin() : undefined;
    },
    close: async () => thread?.close(),
  };
}

/** Undefined where Node was not allowed to start one. */
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
  /** Of those who wait for the thread. */
  readonly #looks = new Set<() => void>();
  #end: Error | undefined;
  readonly #started: Promise<void>;

  constructor() {
    const workerData = this.#words;
    const module = new URL('./hash-thread.js', import.meta.url);
    this.#worker = new Worker(module, { workerData, ...OPTIONS });
    this.#started = new Promise((resolve) => {
      this.#worker.once('message', resolve);
      this.#worker.once('exit', resolve);
    });
    this.#worker.on('message', ({ digest }: HashMessage) => {
      this.#digest = digest ?? this.#digest;
      this.#lookAll();
    });
    this.#worker.on('error', (error) => this.#ended(error));
    this.#worker.on('exit', (code) => this.#ended(new Error(`the thread for hashes ended with ${code}`)));
  }

  /** Resolves when it has started, or could not: a container may have no room for it. */
  async isThere(): Promise<boolean> {
    await this.#started;
    return this.#end === undefined;
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
        this.#looks.delete(look);
        if (this.#looks.size === 0) Atomics.store(this.#words, WORDS.awaited, 0);
        if (this.#end === undefined) resolve();
        else reject(this.#end);
      };
      this.#looks.add(look);
      look();
    });
  }

  #lookAll(): void {
    for (const look of [...this.#looks]) look();
  }

  #ended(error: Error): void {
    this.#end ??= error;
    this.#lookAll();
  }
}
