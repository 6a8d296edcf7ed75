import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { html, refuse } from './answer.ts';
import { ConnectionCut, EarlyAnswer, type Exchange, type World } from './exchange.ts';

/**
 * The request's body as the registry gets to see it. Faults strike at exact byte counts: a chunk is split where
 * one is due, so what was stored before it never depends on how the network cut the stream.
 */
export async function* receive(world: World, exchange: Exchange): AsyncGenerator<Buffer, void> {
  const { response, entry } = exchange;
  const stops = stopsOf(world, exchange);
  const timer = startTimeLimit(world, exchange);
  if (exchange.expectsContinue) {
    exchange.expectsContinue = false;
    response.writeContinue();
  }
  let received = 0;
  try {
    for (const stop of due(stops, received)) await stop.act();
    for await (const chunk of chunksOf(exchange)) {
      let rest = chunk;
      while (rest.length > 0) {
        const piece = rest.subarray(0, (stops[0]?.at ?? Number.POSITIVE_INFINITY) - received);
        rest = rest.subarray(piece.length);
        entry.bytesReceived += piece.length;
        yield tampered(exchange, piece, received);
        received += piece.length;
        await throttle(exchange, piece.length);
        for (const stop of due(stops, received)) await stop.act();
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

export async function drain(world: World, exchange: Exchange): Promise<void> {
  for await (const _chunk of receive(world, exchange)) {
    // Nobody wants it.
  }
}

export async function readAll(world: World, exchange: Exchange, limit: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of receive(world, exchange)) {
    size += piece.length;
    if (size > limit) return undefined;
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

async function* chunksOf({ request, entry }: Exchange): AsyncGenerator<Buffer, void> {
  try {
    // Leaving early must not destroy the socket: an early answer still has to go out on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
  } catch (cause) {
    throw new ConnectionCut(entry.cut ?? 'client', { cause });
  }
}

interface Stop {
  readonly at: number;
  readonly act: () => void | Promise<void>;
}

function stopsOf(world: World, exchange: Exchange): Stop[] {
  const { answer, bodyLimit, cutAfter, holdBody } = exchange.effects;
  const stops: Stop[] = [];
  if (holdBody) stops.push({ at: holdBody.after, act: () => world.gates.pass(holdBody.gate) });
  if (cutAfter !== undefined) {
    stops.push({
      at: cutAfter,
      act: () => {
        throw new ConnectionCut('registry');
      },
    });
  }
  if (typeof answer?.at === 'number') {
    const early = { status: answer.status, headers: answer.headers ?? {}, body: answer.body ?? '' };
    stops.push({
      at: answer.at,
      act: () => {
        throw new EarlyAnswer(early);
      },
    });
  }
  if (bodyLimit !== undefined) {
    stops.push({
      // A body of exactly the limit passes.
      at: bodyLimit + 1,
      act: () => {
        throw new EarlyAnswer(html(413, 'Request Entity Too Large'));
      },
    });
  }
  const { layerBytes } = world.limits;
  if (layerBytes && exchange.session) {
    stops.push({
      at: Math.max(0, layerBytes.limit - exchange.session.content.size) + 1,
      act: () => {
        throw new EarlyAnswer(refuse(layerBytes.refusal));
      },
    });
  }
  return stops.sort((a, b) => a.at - b.at);
}

function due(stops: Stop[], received: number): Stop[] {
  const count = stops.filter(({ at }) => at <= received).length;
  return stops.splice(0, count);
}

function tampered({ effects }: Exchange, piece: Buffer, start: number): Buffer {
  const { flipsByteAt, storesOnly } = effects;
  const kept = storesOnly === undefined ? piece : piece.subarray(0, Math.max(0, storesOnly - start));
  const place = flipsByteAt === undefined ? -1 : flipsByteAt - start;
  const byte = kept[place];
  if (byte === undefined) return kept;
  const copy = Buffer.from(kept);
  copy[place] = byte ^ 1;
  return copy;
}

async function throttle({ effects }: Exchange, size: number): Promise<void> {
  if (effects.bytesPerSecond === undefined) return;
  await delay((size / effects.bytesPerSecond) * 1_000, undefined, { ref: false });
}

function startTimeLimit(world: World, exchange: Exchange): NodeJS.Timeout | undefined {
  const { effects, session } = exchange;
  const left = session ? world.timeLeft(session) : Number.POSITIVE_INFINITY;
  const cutAfterMs = Math.min(effects.cutAfterMs ?? Number.POSITIVE_INFINITY, left);
  if (cutAfterMs === Number.POSITIVE_INFINITY) return undefined;
  const socket: Socket = exchange.request.socket;
  return setTimeout(() => {
    exchange.entry.cut ??= 'registry';
    socket.destroy();
  }, cutAfterMs).unref();
}
