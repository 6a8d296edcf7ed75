import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Attempt, explain, Stalled } from './network-error.ts';

/** The body of an answer, where there is more to come than its head. */
export function bodyOf(
  outgoing: ClientRequest,
  incoming: IncomingMessage,
  attempt: Attempt,
  stallTimeoutMs: number,
): AsyncIterable<Uint8Array> {
  const isOver = incoming.complete && incoming.readableLength === 0 && outgoing.writableFinished;
  return isOver ? emptyBody(incoming) : readBody(outgoing, incoming, attempt, stallTimeoutMs);
}

/** Nothing, and with its end the connection is given back. */
function emptyBody(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
  const ended = async () => {
    if (!incoming.readableEnded && !incoming.destroyed) {
      await new Promise<void>((resolve) => {
        incoming.once('end', resolve).once('close', resolve).resume();
      });
    }
    return { done: true, value: undefined } as const;
  };
  return { [Symbol.asyncIterator]: () => ({ next: ended }) };
}

/** The body of an answer as it comes. Left early, it closes its connection. */
async function* readBody(
  outgoing: ClientRequest,
  incoming: IncomingMessage,
  attempt: Attempt,
  stallTimeoutMs: number,
): AsyncGenerator<Uint8Array> {
  // The limit is on our waiting, not on the time that the reader takes between two chunks.
  let waitingSince = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - waitingSince < stallTimeoutMs) return;
    incoming.destroy(new Stalled('no byte came', stallTimeoutMs));
  }, stallTimeoutMs / 4);
  try {
    for await (const chunk of incoming) {
      waitingSince = Number.POSITIVE_INFINITY;
      yield chunk;
      waitingSince = performance.now();
    }
  } catch (error) {
    throw explain(error, attempt);
  } finally {
    clearInterval(watch);
    // A body that was not sent or not read to its end leaves a connection nobody else can use.
    if (!outgoing.writableFinished || !incoming.complete) outgoing.destroy();
  }
}
