import { createReadStream, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { basename, join } from 'node:path';
import { serveParent } from './serve-parent.ts';

/** A process of its own: the Hub's storage where there is no nginx. It costs more than nginx does, and sets no pace. */
export interface NodeSourceStart {
  readonly address: string;
  readonly files: string;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export interface NodeSourceReport {
  readonly requests: number;
}

serveParent<NodeSourceStart, NodeSourceReport>({
  start({ address, files, tls }) {
    let requests = 0;
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
