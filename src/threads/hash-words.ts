/**
 * What the thread that hashes and the one that has the bytes say to each other, in shared memory: 32-bit words, and where
 * each lies. One piece is handed over at a time; bytes stay where they are. Messages would cost more than the hash does.
 */
export const WORDS = {
  /** How many pieces were handed over; written last. It is what the thread sleeps on. */
  handed: 0,
  /** How many of them are done. */
  done: 1,
  /** 1 while somebody waits for the thread to be done: it sends a message then, once. */
  awaited: 2,
  /** Of the piece: the number of the shared memory that it lies in, in the order in which they were sent. */
  memory: 3,
  offset: 4,
  /** 0: the digest of everything is wanted. */
  length: 5,
  /** 1 where a hash begins. */
  begins: 6,
} as const;

/** What the thread sends: the digest; otherwise that it is done, and the first time that it is there. */
export interface HashMessage {
  readonly digest?: string;
}

export function createWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Object.keys(WORDS).length * Int32Array.BYTES_PER_ELEMENT));
}
