import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as it came through. */
export interface GateEntry {
  readonly method: string;
  /** Without the query: with some registries that is a secret. */
  readonly path: string;
  /** Of the body. */
  readonly bytes: number;
  /** Undefined where none came, or where the gate has cut the connection. */
  readonly status: number | undefined;
}

export interface GateOptions {
  /** The most time that a request's body may take; then the connection is cut, as Traefik does after 60 s. */
  readonly bodyLimitMs?: number;
  /** What the answer to a request waits for. */
  readonly holdAnswer?: (entry: GateEntry, signal: AbortSignal) => Promise<unknown> | undefined;
}

/** A proxy that keeps nothing: bodies go through as they come. */
export interface Gate {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** In the order in which they came in; entries of running requests still change. */
  readonly log: readonly GateEntry[];
  close(): Promise<void>;
}

export async function startGate(target: string, options: GateOptions = {}): Promise<Gate> {
  const [hostname = '', port = ''] = target.split(':');
  const log: GateEntry[] = [];
  const sockets = new Set<Socket>();
  const ended = new AbortController();

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const entry = {
      method,
      path: url.replace(/\?.*/, ''),
      bytes: 0,
      status: undefined as number | undefined,
    };
    log.push(entry);
    const upstream = request({ hostname, port, method, path: url, headers, agent: false });
    const cut = () => {
      upstream.destroy();
      incoming.socket.destroy();
    };
    const timer = options.bodyLimitMs === undefined ? undefined : setTimeout(cut, options.bodyLimitMs);
    incoming.on('data', (chunk: Buffer) => {
      entry.bytes += chunk.length;
    });
    incoming.on('end', () => clearTimeout(timer));
    incoming.on('error', () => undefined);
    outgoing.on('close', () => {
      clearTimeout(timer);
      if (!outgoing.writableFinished) upstream.destroy();
    });
    upstream.on('error', cut);
    upstream.on('response', (answer) => {
      entry.status = answer.statusCode;
      answer.on('error', cut);
      Promise.resolve(options.holdAnswer?.(entry, ended.signal)).then(() => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }, cut);
    });
    incoming.pipe(upstream);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, pass);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    async close() {
      ended.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
