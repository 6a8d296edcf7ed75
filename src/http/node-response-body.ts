import type { ClientRequest, IncomingMessage } from 'node:http';
import { explain, Stalled } from './network-error.ts';
import type { HttpRequest } from './transport.ts';

/** The body of an answer as it comes. Left early, it closes its connection. */
export async function* readBody(
  outgoing: ClientRequest,
  incoming: IncomingMessage,
  request: HttpRequest,
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
    throw explain(error, request);
  } finally {
    clearInterval(watch);
    // A body that was not sent or not read to its end leaves a connection nobody else can use.
    if (!outgoing.writableFinished || !incoming.complete) outgoing.destroy();
  }
}
