import { createReadStream, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { basename, join } from 'node:path';
import { createPacedSender } from './paced-sender.ts';
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
    const paced = bytesPerSecond === undefined ? undefined : createPacedSender(bytesPerSecond);
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
      if (paced !== undefined) {
        void paced(path, { start, end }, response);
        return;
      }
      const content = createReadStream(path, { start, end, highWaterMark: 2 ** 20 });
      content.on('error', () => response.destroy());
      response.on('close', () => content.destroy());
      content.pipe(response);
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
