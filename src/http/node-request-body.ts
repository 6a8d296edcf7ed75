import type { ClientRequest } from 'node:http';
import { Stalled } from './network-error.ts';
import type { StreamBody } from './transport.ts';

/**
 * Sends a body, as fast as the other side takes it. An answer that comes before its end, or a broken connection,
 * makes the rest of it pointless: the stream is told to stop, and left.
 *
 * @param stallTimeoutMs how long the other side may take no byte at all
 * @throws what the stream throws; the connection is gone then, so that what was sent cannot look like the whole
 */
export async function writeBody(
  outgoing: ClientRequest,
  body: Uint8Array | StreamBody | undefined,
  stallTimeoutMs: number,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return until('finish', outgoing, stallTimeoutMs);
  }
  let over = false;
  const stop = () => {
    over = true;
    body.stop?.();
  };
  outgoing.once('response', stop);
  outgoing.once('close', stop);
  try {
    for await (const chunk of body) {
      if (over) return;
      if (!outgoing.write(chunk)) await until('drain', outgoing, stallTimeoutMs);
      if (over) return;
    }
    if (over) return;
    outgoing.end();
    await until('finish', outgoing, stallTimeoutMs);
  } catch (error) {
    outgoing.destroy();
    throw error;
  } finally {
    outgoing.off('response', stop);
    outgoing.off('close', stop);
  }
}

/**
 * Until all that waits was taken, or there is an answer, or the connection is gone. A slow connection is not a dead
 * one: Node's own timer of the socket starts anew with every byte that the other side takes, and it runs only while
 * we wait for that.
 */
function until(event: 'drain' | 'finish', outgoing: ClientRequest, stallTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const events = [event, 'response', 'close'] as const;
    const stalled = () => outgoing.destroy(new Stalled('no byte was taken', stallTimeoutMs));
    const done = () => {
      outgoing.setTimeout(0);
      outgoing.off('timeout', stalled);
      for (const one of events) outgoing.off(one, done);
      resolve();
    };
    for (const one of events) outgoing.once(one, done);
    outgoing.once('timeout', stalled);
    outgoing.setTimeout(stallTimeoutMs);
    if (outgoing.destroyed || outgoing.writableFinished) done();
    else if (event === 'drain' && !outgoing.writableNeedDrain) done();
  });
}
