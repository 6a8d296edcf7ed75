import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** `up` is what clients send. */
export type Direction = 'up' | 'down';

/** What befalls one connection once so many bytes have gone that way. Those at the same byte come one after the other. */
export type Mishap = { readonly direction: Direction; readonly afterBytes: number } & (
  | { readonly kind: 'reset' }
  /** What went before still arrives, and then the connection ends in good order (FIN). */
  | { readonly kind: 'close' }
  /** No byte goes that way for so long; then it goes on. */
  | { readonly kind: 'stall'; readonly seconds: number }
);

/** What the wire does to one connection. */
export interface Weather {
  readonly mishaps?: readonly Mishap[];
  /** In each direction. */
  readonly bytesPerSecond?: number;
  /** How long the first bytes after a pause are on the way: a question and its answer take twice that. */
  readonly latencyMs?: number;
}

export interface RelayOptions {
  /** Asked for each connection, the first being 1, with how many mishaps there were; without it nothing ever happens. */
  readonly weather?: (connection: number, mishaps: number) => Weather;
  /** Sees each piece just before it goes on, and may hold it. */
  readonly onPiece?: (direction: Direction, piece: Buffer) => Promise<void> | undefined;
}

/** A way to a server that counts what goes there, as a cable would: headers, framing and all. */
export interface CountingRelay {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Bytes that clients have sent. */
  readonly bytesUp: number;
  /** Bytes that the server has sent. */
  readonly bytesDown: number;
  /** How many mishaps have come about. */
  readonly mishaps: number;
  close(): Promise<void>;
}

export async function startCountingRelay(target: string, options: RelayOptions = {}): Promise<CountingRelay> {
  const [hostname = '', port = ''] = target.split(':');
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  const bytes = { up: 0, down: 0 };
  let connections = 0;
  let mishaps = 0;
  const server = net.createServer({ noDelay: true }, (client) => {
    connections += 1;
    const upstream = net.connect({ port: Number(port), host: hostname, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    const weather = options.weather?.(connections, mishaps) ?? {};
    const note = (direction: Direction) => (piece: Buffer) => {
      bytes[direction] += piece.length;
      return options.onPiece?.(direction, piece);
    };
    const onMishap = () => {
      mishaps += 1;
    };
    const wire = { weather, onMishap, closing: closing.signal };
    void pump(client, upstream, { ...wire, direction: 'up', note: note('up') });
    void pump(upstream, client, { ...wire, direction: 'down', note: note('down') });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytesUp() {
      return bytes.up;
    },
    get bytesDown() {
      return bytes.down;
    },
    get mishaps() {
      return mishaps;
    },
    async close() {
      closing.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One direction of one connection. */
interface Lane {
  readonly direction: Direction;
  readonly weather: Weather;
  readonly note: (piece: Buffer) => Promise<void> | undefined;
  readonly onMishap: () => void;
  readonly closing: AbortSignal;
}

/** Takes bytes over, no faster than the other side takes them, until either side is gone. */
async function pump(from: Socket, to: Socket, lane: Lane): Promise<void> {
  const gone = new AbortController();
  to.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, lane.closing]);
  const { bytesPerSecond, latencyMs } = lane.weather;
  let lastPassed = Number.NEGATIVE_INFINITY;
  try {
    for await (const step of withMishaps(from, lane)) {
      if ('kind' in step) {
        lane.onMishap();
        if (await endedBy(step, from, to, signal)) return;
        continue;
      }
      if (latencyMs && performance.now() - lastPassed > latencyMs)
        await delay(latencyMs, undefined, { signal });
      if (!to.write(step)) await once(to, 'drain', { signal });
      if (bytesPerSecond) await delay((step.length / bytesPerSecond) * 1000, undefined, { signal });
      lastPassed = performance.now();
    }
    to.end();
  } catch {
    // One side broke, or the relay is closing: as on any wire, the other side learns of it by its own connection.
    to.destroy();
  }
}

/** The bytes that come, and between them, each at its byte, what befalls them. */
async function* withMishaps(
  from: AsyncIterable<Buffer>,
  { direction, weather, note }: Lane,
): AsyncGenerator<Buffer | Mishap> {
  const ahead = (weather.mishaps ?? [])
    .filter((mishap) => mishap.direction === direction)
    .sort((a, b) => a.afterBytes - b.afterBytes);
  let passed = 0;
  for await (const piece of from) {
    await note(piece);
    let rest = piece;
    for (let next = ahead[0]; next && next.afterBytes <= passed + rest.length; next = ahead[0]) {
      const before = rest.subarray(0, next.afterBytes - passed);
      if (before.length > 0) yield before;
      rest = rest.subarray(before.length);
      passed += before.length;
      ahead.shift();
      yield next;
    }
    passed += rest.length;
    if (rest.length > 0) yield rest;
  }
}

/** Whether the connection is over. */
async function endedBy(mishap: Mishap, from: Socket, to: Socket, signal: AbortSignal): Promise<boolean> {
  switch (mishap.kind) {
    case 'stall':
      await delay(mishap.seconds * 1000, undefined, { signal });
      return false;
    case 'close':
      from.end();
      to.end();
      return true;
    case 'reset':
      for (const socket of [from, to]) reset(socket);
      return true;
  }
}

/** `resetAndDestroy` ends the stream first: the other side would read a FIN, and only then meet the RST. */
function reset(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true }).destroy();
}
