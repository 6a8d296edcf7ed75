import http from 'node:http';
import https from 'node:https';
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ByteConnection } from './node-byte-connection.ts';
import type { Route } from './node-route.ts';
import { ReceiveRing, SlabPool } from './receive-ring.ts';
import type { ResponseHead } from './response-head.ts';

/** A request without a body, whose answer is a file, as a rule. */
export interface ByteRequest {
  readonly route: Route;
  /** Made by {@link requestHead}. */
  readonly head: string;
  readonly signal: AbortSignal | undefined;
  readonly answerTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly readAhead: number;
  /** What the reader of the body is told when it breaks. */
  readonly explained: (error: unknown) => unknown;
}

export interface ByteAnswer extends Pick<ResponseHead, 'status' | 'headers'> {
  /** As it comes; a chunk is good until the next one is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ByteClient {
  get(request: ByteRequest): Promise<ByteAnswer>;
  /** Lets go of the connections that are kept open for the next request. */
  close(): void;
}

/** More would wait for nothing: no push has more requests under way to one place. */
const MOST_KEPT = 64;

/**
 * GET, read into memory that is used again and again. Connections come from the route's agent, so that proxies, trust
 * and TLS are as everywhere; Node's own client would copy every byte twice and take new memory for each
 * (docs/decisions/0007-byte-path.md).
 */
export function createByteClient(connectTimeoutMs: number): ByteClient {
  const kept = new Map<string, ByteConnection[]>();
  const pool = new SlabPool();

  function reused(key: string): ByteConnection | undefined {
    const waiting = kept.get(key) ?? [];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) if (one.isUsable) return one;
    return undefined;
  }

  function keep(key: string, connection: ByteConnection): void {
    const waiting = (kept.get(key) ?? []).filter(({ isUsable }) => isUsable);
    if (!connection.isUsable) return;
    if (waiting.length >= MOST_KEPT) connection.socket.destroy();
    else kept.set(key, [...waiting, connection]);
  }

  return {
    async get({ route, head, signal, answerTimeoutMs, stallTimeoutMs, readAhead, explained }) {
      const key = keyOf(route);
      const connection = reused(key) ?? (await connect(route, { pool, connectTimeoutMs, signal }));
      const abort = () => connection.drop(new Error('aborted'));
      signal?.addEventListener('abort', abort, { once: true });
      const over = () => {
        signal?.removeEventListener('abort', abort);
        keep(key, connection);
      };
      try {
        const { status, headers: said } = await connection.ask(head, { answerTimeoutMs, readAhead });
        return { status, headers: said, body: connection.body({ stallTimeoutMs, explained, onOver: over }) };
      } catch (error) {
        signal?.removeEventListener('abort', abort);
        throw error;
      }
    },
    close() {
      for (const { socket } of [...kept.values()].flat()) socket.destroy();
      kept.clear();
    },
  };
}

/** Requests that may share a connection. */
function keyOf(route: Route): string {
  const { options, proxy } = route;
  return `${isSecure(route)} ${options.host} ${options.port} ${proxy?.name} ${proxy?.authorization}`;
}

/** @throws TypeError for what HTTP cannot carry; it names the header, not its value */
export function requestHead(
  { options, headers: ofRoute }: Route,
  headers: Readonly<Record<string, string>>,
): string {
  const { host, port, path } = options;
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const all = { host: port ? `${name}:${port}` : name, connection: 'keep-alive', ...headers, ...ofRoute };
  const lines = Object.entries(all).map(([field, value]) => {
    http.validateHeaderName(field);
    http.validateHeaderValue(field, value);
    return `${field}: ${value}\r\n`;
  });
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

interface Connecting {
  readonly pool: SlabPool;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws Error as Node's client does; the reason of the signal when it was aborted */
async function connect(
  route: Route,
  { pool, connectTimeoutMs, signal }: Connecting,
): Promise<ByteConnection> {
  signal?.throwIfAborted();
  const ring = new ReceiveRing(pool);
  let connection: ByteConnection | undefined;
  const socket = await createSocket(route, {
    connectSignal: signal,
    onread: {
      buffer: () => ring.room(),
      callback: (bytes: number, room: Uint8Array) => connection?.receive(ring.received(room, bytes)) ?? true,
    },
  });
  connection = new ByteConnection(socket, ring);
  const abort = () => connection.destroy(new Error('aborted'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await connection.connected(isSecure(route) ? 'secureConnect' : 'connect', connectTimeoutMs);
    return connection;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** As an agent makes it for Node's own client. A tunnel's takes no `onread`: it is read as a stream then. */
function createSocket(
  route: Route,
  ours: { readonly connectSignal: AbortSignal | undefined; readonly onread: OnReadOpts },
): Promise<Socket> {
  const { host, port, agent, lookup, servername = isIP(host) ? '' : host } = route.options;
  const secure = isSecure(route) && { ALPNProtocols: ['http/1.1'], servername };
  const target = { host, port: port || (secure ? 443 : 80), lookup, ...secure };
  return new Promise((resolve, reject) => {
    const created = (error: Error | null, stream?: Duplex) =>
      error ? reject(error) : resolve(stream as Socket);
    const stream = agent.createConnection({ ...target, ...route.connectOptions, ...ours }, created);
    if (stream) resolve(stream as Socket);
  });
}

function isSecure({ open }: Route): boolean {
  return open === https.request;
}
