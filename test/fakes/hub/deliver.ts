import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ByteSource } from './byte-source.ts';
import type { Reply } from './reply.ts';
import type { Throttle } from './throttle.ts';

/** How an answer travels; an empty object is a healthy connection. */
export interface Delivery {
  readonly breakAfter?: { readonly bytes: number; readonly how: 'reset' | 'cut' | 'end' };
  readonly stall?: { readonly afterBytes: number; readonly seconds: number | undefined };
  readonly bytesPerSecond?: number;
}

export interface Sending {
  readonly response: ServerResponse;
  readonly headOnly: boolean;
  /** Aborted when the client goes away or the hub closes. */
  readonly signal: AbortSignal;
  readonly throttle: Throttle;
  readonly onBytes: (count: number) => void;
}

/** Resolves to how it ended; throws only when `signal` is aborted. */
export async function deliver(
  reply: Reply,
  delivery: Delivery,
  sending: Sending,
): Promise<'complete' | 'broken by us'> {
  const { response, headOnly, signal } = sending;
  response.writeHead(reply.status, reply.headers);
  if (headOnly || reply.body.size === 0) {
    response.end();
    return 'complete';
  }
  const { body } = reply;
  const breakAt = delivery.breakAfter?.bytes ?? body.size;
  const stallAt = Math.min(delivery.stall?.afterBytes ?? breakAt, breakAt);
  if (delivery.breakAfter || delivery.stall) response.flushHeaders();
  await send(body, 0, stallAt, delivery, sending);
  if (delivery.stall) await pause(delivery.stall.seconds, signal);
  await send(body, stallAt, breakAt, delivery, sending);
  if (delivery.breakAfter) {
    // node:http corks the first write of an answer until the next tick: let it reach the socket.
    await setImmediate(undefined, { signal });
    return breakOff(response, delivery.breakAfter.how);
  }
  response.end();
  return 'complete';
}

async function send(
  body: ByteSource,
  start: number,
  end: number,
  { bytesPerSecond }: Delivery,
  { response, signal, throttle, onBytes }: Sending,
): Promise<void> {
  for (const chunk of body.read(start, end)) {
    for (let at = 0; at < chunk.length; ) {
      signal.throwIfAborted();
      const piece = chunk.subarray(at, at + throttle.pieceSize(bytesPerSecond));
      const delay = throttle.delayMs(piece.length, response.socket, bytesPerSecond);
      if (delay >= 1) await setTimeout(delay, undefined, { signal });
      onBytes(piece.length);
      at += piece.length;
      if (!response.write(piece)) await once(response, 'drain', { signal });
    }
  }
}

/** Without `seconds` it lasts until somebody hangs up. */
export async function pause(seconds: number | undefined, signal: AbortSignal): Promise<void> {
  if (seconds !== undefined) return setTimeout(seconds * 1000, undefined, { signal });
  signal.throwIfAborted();
  await once(signal, 'abort');
  signal.throwIfAborted();
}

function breakOff(response: ServerResponse, how: 'reset' | 'cut' | 'end'): 'broken by us' {
  switch (how) {
    case 'end':
      response.end();
      break;
    case 'cut':
      response.socket?.end();
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
  }
  return 'broken by us';
}
