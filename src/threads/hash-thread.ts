import { createHash } from 'node:crypto';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type HashMessage, WORDS } from './hash-words.ts';

/** SHA-256 of what other threads have, where it lies. It sleeps in between: no event ever comes here. */
const words = workerData as Int32Array;
const port = parentPort as MessagePort;
const memories: Uint8Array[] = [];
let hash = createHash('sha256');
let seen = 0;

port.postMessage({} satisfies HashMessage);
for (;;) {
  const handed = Atomics.load(words, WORDS.handed);
  if (handed === seen) Atomics.wait(words, WORDS.handed, seen);
  else {
    seen = handed;
    const message = work();
    Atomics.store(words, WORDS.done, seen);
    const isAwaited = Atomics.exchange(words, WORDS.awaited, 0) === 1;
    if (isAwaited || message.digest !== undefined) port.postMessage(message);
  }
}

function work(): HashMessage {
  const length = word(WORDS.length);
  if (word(WORDS.begins) === 1) hash = createHash('sha256');
  if (length === 0) return { digest: hash.digest('hex') };
  const offset = word(WORDS.offset);
  hash.update(memory(word(WORDS.memory)).subarray(offset, offset + length));
  return {};
}

function word(index: number): number {
  return Atomics.load(words, index);
}

/** It was sent before its number was written, so it is here or about to be. */
function memory(index: number): Uint8Array {
  while (memories.length <= index) {
    const sent = receiveMessageOnPort(port) as { readonly message: SharedArrayBuffer } | undefined;
    if (sent !== undefined) memories.push(new Uint8Array(sent.message));
  }
  return memories[index] as Uint8Array;
}
