import { readFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { CERTIFICATE, KEY } from './test-certificate.ts';

export interface BusyListener {
  readonly port: number;
  /** Settles when the listener has dropped a further handshake. */
  dropped(): Promise<void>;
  /** From now on it accepts connections. A handshake that was dropped is repeated by the kernel after a second. */
  accept(): void;
}

/**
 * A server on 127.0.0.1 whose queue of connections is full, so that Linux drops every further handshake without a word: as
 * a far or dead address does. It answers `fine`, with TLS or not, and opens the tunnels of a proxy.
 */
export async function busyListener({ tls = false }: { readonly tls?: boolean } = {}): Promise<BusyListener> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(PROGRAM, { eval: true, workerData: { gate, tls, KEY, CERTIFICATE } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // Linux queues one more than the backlog says.
  const waiting = [await connected(port), await connected(port)];
  const accept = () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  onTestFinished(async () => {
    accept();
    for (const socket of waiting) socket.destroy();
    await worker.terminate();
  });
  let drops = listenDrops();
  return {
    port,
    async dropped() {
      while (listenDrops() === drops) await new Promise((resolve) => setImmediate(resolve));
      drops = listenDrops();
    },
    accept,
  };
}

/** The handshakes that listeners of this machine have dropped because their queue was full. */
export function listenDrops(): number {
  const [names = [], values = []] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('ListenOverflows')]);
}

async function connected(port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A thread that stands still never accepts a connection. */
const PROGRAM = `
  const { parentPort, workerData: { gate, tls, KEY, CERTIFICATE } } = require('node:worker_threads');
  const fine = (_, response) => response.setHeader('connection', 'close').end('fine');
  const server = tls
    ? require('node:https').createServer({ key: KEY, cert: CERTIFICATE }, fine)
    : require('node:http').createServer(fine);
  server.on('connect', ({ url }, socket) => {
    const { hostname, port } = new URL('http://' + url);
    const onward = require('node:net').connect(Number(port), hostname);
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n');
    socket.pipe(onward).pipe(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(gate, 0, 0);
  });`;
