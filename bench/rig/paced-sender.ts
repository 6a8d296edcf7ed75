import { openSync, readSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const PIECE = 128 * 1024;

type SendPaced = (
  path: string,
  range: { readonly start: number; readonly end: number },
  response: ServerResponse,
) => Promise<void>;

/** Sends ranges of files, their last byte included, so that no connection brings more than this, over all its answers. */
export function createPacedSender(bytesPerSecond: number): SendPaced {
  const freeAt = new WeakMap<Socket, number>();
  const files = new Map<string, number>();

  function open(path: string): number {
    const file = files.get(path) ?? openSync(path, 'r');
    files.set(path, file);
    return file;
  }

  return async (path, { start, end }, response) => {
    const file = open(path);
    const socket = response.socket as Socket;
    for (let at = start; at <= end && !response.destroyed; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, end + 1 - at));
      // From memory: this is sooner done than told to another thread.
      readSync(file, piece, 0, piece.length, at);
      at += piece.length;
      const now = performance.now();
      const free = Math.max(now, freeAt.get(socket) ?? 0);
      freeAt.set(socket, free + (piece.length * 1e3) / bytesPerSecond);
      // A timer is no more exact than this.
      if (free - now > 1) await setTimeout(free - now);
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  };
}

/** Or gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
