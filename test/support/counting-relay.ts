import net, { type AddressInfo, type Socket } from 'node:net';

/** A way to a server that counts what goes there, as a cable would: headers, framing and all. */
export interface CountingRelay {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Bytes that clients have sent. */
  readonly bytesUp: number;
  close(): Promise<void>;
}

export async function startCountingRelay(target: string): Promise<CountingRelay> {
  const [hostname = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let bytesUp = 0;
  const server = net.createServer({ allowHalfOpen: false }, (client) => {
    const upstream = net.connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      bytesUp += chunk.length;
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytesUp() {
      return bytesUp;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
