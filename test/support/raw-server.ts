import { createServer, type RequestListener } from 'node:http';
import net, { type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
}

/** An HTTP server that answers with `listener`, gone when the test is over. */
export function httpServer(listener: RequestListener): Promise<RawServer> {
  return listen(createServer({ keepAliveTimeout: 60_000 }, listener));
}

/** A server of bytes: for what an HTTP server would never say. */
export function tcpServer(onConnection: (socket: Socket) => void): Promise<RawServer> {
  return listen(net.createServer(onConnection));
}

export async function listen(server: net.Server): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    port: address.port,
    get connections() {
      return connections;
    },
  };
}
