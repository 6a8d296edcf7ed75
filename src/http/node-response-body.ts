import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Attempt, explain, Stalled } from './network-error.ts';

/** The body of an answer as it comes. Left early, it closes its connection. */
export async function* readBody(
  outgoing: ClientRequest,
  incoming: IncomingMessage,
  attempt: Attempt & { readonly stallTimeoutMs: number },
): AsyncGenerator<Uint8Array> {
  const { stallTimeoutMs } = attempt;
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
