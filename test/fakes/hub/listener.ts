import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createGauge, type Gauge } from './request-log.ts';

/** One HTTP/1.1 origin on the loopback that can go down and come back on the same port. */
export interface Listener {
  readonly port: number;
  readonly connections: Gauge;
  /** The number of this connection, from 1, and how many requests it has carried, this one included. */
  useOf(socket: Socket): { readonly connection: number; readonly requests: number };
  /** Refuses new connections and cuts the open ones. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function listen(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listener> {
  const connections = createGauge();
  const uses = new WeakMap<Socket, { connection: number; requests: number }>();
  let connectionCount = 0;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const use = uses.get(request.socket);
    if (use) use.requests += 1;
    onRequest(request, response);
  });
  server.on('connection', (socket) => {
    connectionCount += 1;
    uses.set(socket, { connection: connectionCount, requests: 0 });
    connections.enter();
    socket.once('close', () => connections.leave());
  });
  const port = await open(server, 0);
  return {
    port,
    connections,
    useOf: (socket) => ({ ...(uses.get(socket) ?? { connection: 0, requests: 0 }) }),
    async goDown() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    async comeBack() {
      if (!server.listening) await open(server, port);
    },
  };
}

const KEEP_ALIVE_MS = 60_000;

async function open(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the hub did not get a TCP port');
  return address.port;
}
