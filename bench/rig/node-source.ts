import { createReadStream, statSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { serveParent } from './serve-parent.ts';

/**
 * A process of its own: the Hub's storage where there is no nginx, and where each connection has a pace: nginx sends the
 * first second's worth of every answer at once (`limit_rate`), so small ranges would have none. It costs more than nginx.
 */
export interface NodeSourceStart {
  readonly address: string;
  readonly files: string;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Over each connection, whatever is asked for over it. */
  readonly bytesPerSecond?: number | undefined;
}

export interface NodeSourceReport {
  readonly requests: number;
}

serveParent<NodeSourceStart, NodeSourceReport>({
  start({ address, files, tls, bytesPerSecond }) {
    let requests = 0;
    const pace = bytesPerSecond === undefined ? undefined : createPace(bytesPerSecond);
    const listener: RequestListener = (request, response) => {
      requests += 1;
      const path = join(files, basename(new URL(request.url ?? '/', 'http://storage').pathname));
      const { size } = statSync(path);
      const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
      const start = Number(first ?? 0);
      const end = last ? Math.min(Number(last), size - 1) : size - 1;
      const where = first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` };
      const length = { 'Content-Length': `${end - start + 1}`, 'Accept-Ranges': 'bytes' };
      response.writeHead(first === undefined ? 200 : 206, { ...where, ...length });
      const content = createReadStream(path, {
        start,
        end,
        highWaterMark: pace === undefined ? 2 ** 20 : 2 ** 17,
      });
      content.on('error', () => response.destroy());
      response.on('close', () => content.destroy());
      if (pace === undefined) content.pipe(response);
      else pace(content, response).catch(() => response.destroy());
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    return {
      server,
      address,
      report: () => ({ requests }),
      reset: () => {
        requests = 0;
      },
    };
  },
});

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

/** What a connection has sent is on its way for so long, whichever answer it was of. */
function createPace(bytesPerSecond: number) {
  const freeAt = new WeakMap<Socket, number>();
  return async (content: AsyncIterable<Buffer>, response: ServerResponse) => {
    const socket = response.socket as Socket;
    for await (const piece of content) {
      if (response.destroyed) return;
      const now = performance.now();
      const start = Math.max(now, freeAt.get(socket) ?? 0);
      freeAt.set(socket, start + (piece.length * 1e3) / bytesPerSecond);
      // A timer is no more exact than this.
      if (start - now > 1) await setTimeout(start - now);
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  };
}
