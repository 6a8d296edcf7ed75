import net, { type AddressInfo, type Socket } from 'node:net';

/** A bad line to a server: connections break after so many bytes, the same ones in every run. */
export interface CuttingRelay {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Bytes that clients have sent. */
  readonly bytesUp: number;
  /** Connections that broke. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** @param meanBytes how much gets through between two cuts, on average */
export async function startCuttingRelay(
  target: string,
  { meanBytes, seed }: { readonly meanBytes: number; readonly seed: number },
): Promise<CuttingRelay> {
  const [hostname = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const chance = mulberry32(seed);
  let bytesUp = 0;
  let cuts = 0;
  // The line breaks, whoever is on it: what one connection has sent counts for the next.
  const untilNext = () => -Math.log(1 - chance()) * meanBytes;
  let left = untilNext();

  const server = net.createServer((client) => {
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
      left -= chunk.length;
      if (left > 0) return;
      left = untilNext();
      cuts += 1;
      client.resetAndDestroy();
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
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Chance that is the same in every run (https://github.com/cprosche/mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
