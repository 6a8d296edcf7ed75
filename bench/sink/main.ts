import { createServer as createPlainServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { serveParent } from '../rig/serve-parent.ts';
import { BelievingRegistry, type SinkAnswer } from './believing-registry.ts';
import { HttpRequests } from './http-requests.ts';
import { readInto } from './read-into.ts';

/** A process of its own: a registry that throws away what it gets, so that the client is the limit and not the registry. */
export interface SinkStart {
  readonly address: string;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export interface SinkReport {
  readonly requests: number;
}

serveParent<SinkStart, SinkReport>({
  start({ address, tls }) {
    const registry = new BelievingRegistry(tls === undefined ? 'http' : 'https');
    const server = tls === undefined ? createPlainServer() : createTlsServer(tls);
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      serve(socket, registry),
    );
    return {
      server,
      address,
      report: () => ({ requests: registry.requests }),
      reset: () => registry.reset(),
    };
  },
});

function serve(socket: Socket, registry: BelievingRegistry): void {
  const requests = new HttpRequests({
    keeps: (method, target) => method === 'PUT' && target.includes('/manifests/'),
    onExpect: () => stream.write('HTTP/1.1 100 Continue\r\n\r\n'),
    onRequest: (request) => stream.write(encode(registry.answer(request), request.method)),
  });
  const stream = readInto(socket, (bytes) => requests.push(bytes));
  stream.setNoDelay(true);
  stream.on('error', () => stream.destroy());
}

function encode({ status, headers, body }: SinkAnswer, method: string): Buffer {
  const length = { 'Content-Length': `${body?.length ?? 0}` };
  const lines = Object.entries({ ...(status === 204 ? {} : length), ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = `HTTP/1.1 ${status} ${status < 300 ? 'OK' : 'Not Found'}\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), method === 'HEAD' ? Buffer.alloc(0) : (body ?? Buffer.alloc(0))]);
}
