import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CERTIFICATE, KEY } from '../../support/test-certificate.ts';

export interface FakeProxyOptions {
  /** Is spoken to with TLS; its certificate is by the CA of the tests. */
  readonly tls?: boolean;
  /** `user:password`: whoever has not this is answered 407. */
  readonly account?: string;
}

/** What happens to the next requests: an answer instead of help, none at all, or a cut after so many bytes. */
export type ProxyFault =
  | { readonly kind: 'status'; readonly status: number; readonly times: number }
  | { readonly kind: 'hang'; readonly times: number }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly times: number };

export interface ProxyLogEntry {
  readonly method: string;
  /** `host:port` of a CONNECT, else the whole URL. */
  readonly target: string;
  /** Names and values as they came, one after the other. */
  readonly rawHeaders: readonly string[];
  readonly authorization: string | undefined;
  status: number | undefined;
  /** Bytes that went through a tunnel to the server. */
  bytesUp: number;
  /** A fault ended the tunnel. */
  cut: boolean;
}

/** An HTTP proxy on the loopback: CONNECT for tunnels, absolute-form for the rest (RFC 9110, section 9.3.6). */
export interface FakeProxy {
  readonly url: string;
  readonly log: readonly ProxyLogEntry[];
  /** Connections of clients that are open now. */
  readonly connections: number;
  addFault(fault: ProxyFault): void;
  close(): Promise<void>;
}

export async function startFakeProxy({ tls = false, account }: FakeProxyOptions = {}): Promise<FakeProxy> {
  const log: ProxyLogEntry[] = [];
  const faults: { fault: ProxyFault; left: number }[] = [];
  const sockets = new Set<Socket>();

  /** What stands in the way of this request. */
  function obstacle(entry: ProxyLogEntry): ProxyFault | undefined {
    const wanted = account === undefined ? undefined : `Basic ${Buffer.from(account).toString('base64')}`;
    if (wanted !== undefined && entry.authorization !== wanted)
      return { kind: 'status', status: 407, times: 1 };
    const next = faults.find(({ left }) => left > 0);
    if (next === undefined) return undefined;
    next.left -= 1;
    return next.fault;
  }

  function note(request: IncomingMessage): ProxyLogEntry {
    const { method = '', url = '', rawHeaders, headers } = request;
    const authorization = headers['proxy-authorization'];
    const entry = {
      method,
      target: url,
      rawHeaders,
      authorization,
      status: undefined,
      bytesUp: 0,
      cut: false,
    };
    log.push(entry);
    return entry;
  }

  const server = tls ? https.createServer({ key: KEY, cert: CERTIFICATE }) : http.createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    const entry = note(request);
    tunnel(entry, obstacle(entry), client);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const entry = note(request);
    forward(entry, obstacle(entry), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${portOf(server.address())}`,
    log,
    get connections() {
      return sockets.size;
    },
    addFault: (fault) => void faults.push({ fault, left: fault.times }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tunnel(entry: ProxyLogEntry, fault: ProxyFault | undefined, client: Duplex): void {
  client.on('error', () => undefined);
  if (fault?.kind === 'hang') {
    client.resume().once('end', () => client.end());
    return;
  }
  if (fault?.kind === 'status') {
    entry.status = fault.status;
    client.end(`HTTP/1.1 ${fault.status} No\r\ncontent-type: text/html\r\n\r\n<html>not through here</html>`);
    return;
  }
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(entry.target) ?? [];
  const server = net.connect(Number(port), host);
  server.once('connect', () => {
    entry.status = 200;
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(server).pipe(client);
    client.on('data', (chunk: Buffer) => {
      entry.bytesUp += chunk.length;
      entry.cut = fault !== undefined && entry.bytesUp >= fault.afterBytes;
      if (entry.cut) client.destroy();
    });
  });
  server.once('error', () => {
    if (entry.status === undefined) client.write('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    entry.status ??= 502;
  });
  client.once('close', () => server.destroy());
  server.once('close', () => client.end());
}

function forward(
  entry: ProxyLogEntry,
  fault: ProxyFault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'status') {
    entry.status = fault.status;
    response.writeHead(fault.status).end('not through here');
    return;
  }
  const { 'proxy-authorization': _, ...headers } = request.headers;
  const onward = http.request(entry.target, { method: entry.method, headers }, (answer) => {
    entry.status = answer.statusCode;
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
  return address.port;
}
