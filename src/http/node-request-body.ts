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
    return finished(outgoing, stallTimeoutMs);
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
      // Who made the chunk may write over it once the next one is asked for.
      await written(outgoing, chunk, stallTimeoutMs);
      if (over) return;
    }
    if (over) return;
    outgoing.end();
    await finished(outgoing, stallTimeoutMs);
  } catch (error) {
    outgoing.destroy();
    throw error;
  } finally {
    outgoing.off('response', stop);
    outgoing.off('close', stop);
  }
}

/** Sends a chunk, and waits until the system has taken all of it. */
function written(outgoing: ClientRequest, chunk: Uint8Array, stallTimeoutMs: number): Promise<void> {
  return waiting(outgoing, stallTimeoutMs, (done) => {
    outgoing.write(chunk, done);
    return () => undefined;
  });
}

function finished(outgoing: ClientRequest, stallTimeoutMs: number): Promise<void> {
  return waiting(outgoing, stallTimeoutMs, (done) => {
    outgoing.once('finish', done);
    if (outgoing.writableFinished) done();
    return () => outgoing.off('finish', done);
  });
}

/**
 * Until what was begun is done, or there is an answer, or the connection is gone. A slow connection is not a dead one:
 * Node's own timer of the socket starts anew with every byte that the other side takes, and it runs only while we wait
 * for that.
 */
function waiting(
  outgoing: ClientRequest,
  stallTimeoutMs: number,
  begin: (done: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const stalled = () => outgoing.destroy(new Stalled('no byte was taken', stallTimeoutMs));
    let forget: () => void = () => undefined;
    const done = () => {
      outgoing.setTimeout(0);
      outgoing.off('timeout', stalled);
      outgoing.off('response', done);
      outgoing.off('close', done);
      forget();
      resolve();
    };
    outgoing.once('response', done);
    outgoing.once('close', done);
    outgoing.once('timeout', stalled);
    outgoing.setTimeout(stallTimeoutMs);
    if (outgoing.destroyed) done();
    else forget = begin(done);
  });
}
