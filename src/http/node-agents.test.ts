import http from 'node:http';
import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { busyListener, listenDrops } from '../../test/support/busy-listener.ts';
import { listen } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { CA_CERTIFICATE, CERTIFICATE, KEY, trusting } from '../../test/support/test-certificate.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
import type { Lookup } from './node-lookup.ts';
import { type HttpRequest, readText } from './transport.ts';

/** The name has these addresses, in this order, and nothing listens at the second one. */
const twoAddresses: Lookup = (_, __, callback) =>
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);

const bytes = { reusesMemory: true } as const;

function asking(options: NodeTransportOptions): (url: string, how?: Partial<HttpRequest>) => Promise<string> {
  const { send, close } = createNodeTransport({
    trusted: trusting(CA_CERTIFICATE),
    lookup: twoAddresses,
    ...options,
  });
  onTestFinished(close);
  return async (url, how) => readText(await send({ method: 'GET', url, ...how }));
}

describe('a server whose handshake takes longer than a second is reached, though its other address is dead:', () => {
  test.each<[way: string, tls: boolean, how: Partial<HttpRequest>]>([
    ['with a request', false, {}],
    ['with a request over TLS', true, {}],
    ['for the bytes of a file', false, bytes],
    ['for the bytes of a file over TLS', true, bytes],
  ])('%s', async (_, tls, how) => {
    const server = await busyListener({ tls });
    const ask = asking({ home: { origin: `https://localhost:${server.port}`, insecure: true } });
    const answer = ask(`${tls ? 'https' : 'http'}://localhost:${server.port}/`, how);
    await server.dropped();
    server.accept();
    expect(await answer).toBe('fine');
  });

  test.each([
    ['through a tunnel', {}],
    ['for the bytes of a file through a tunnel', bytes],
  ])('%s', async (_, how) => {
    const proxy = await busyListener();
    const server = await listen(
      https.createServer({ key: KEY, cert: CERTIFICATE }, (__, response) => response.end('through')),
    );
    const ask = asking({ proxyFor: () => `http://proxy.test:${proxy.port}` });
    const answer = ask(`https://127.0.0.1:${server.port}/`, how);
    await proxy.dropped();
    proxy.accept();
    expect(await answer).toBe('through');
  });

  test('through a proxy without a tunnel', async () => {
    const proxy = await busyListener();
    const answer = asking({ proxyFor: () => `http://proxy.test:${proxy.port}` })('http://r.test/');
    await proxy.dropped();
    proxy.accept();
    expect(await answer).toBe('fine');
  });
});

test.each([{}, bytes])(
  'an address that did not answer costs its time once: later connections try it last (%o)',
  async (how) => {
    const dead = await busyListener();
    const alive = http.createServer((_, response) => response.setHeader('connection', 'close').end('alive'));
    await new Promise<void>((resolve) => alive.listen(dead.port, '127.0.0.2', resolve));
    onTestFinished(() => void alive.close());
    const ask = asking({ attemptTimeoutMs: 200 });
    const url = `http://r.test:${dead.port}/`;
    expect(await ask(url, how)).toBe('alive');
    await dead.dropped();
    const before = listenDrops();
    for (let connection = 0; connection < 3; connection += 1) expect(await ask(url, how)).toBe('alive');
    expect(listenDrops()).toBe(before);
  },
);

test('a server none of whose addresses answers is a transient failure within the time limit', async () => {
  const dead = await busyListener();
  const ask = asking({ attemptTimeoutMs: 50, connectTimeoutMs: 300 });
  const toSame: Lookup = (_, __, callback) =>
    callback(
      null,
      [1, 2, 3].map(() => ({ address: '127.0.0.1', family: 4 })),
    );
  const alone = asking({ attemptTimeoutMs: 50, connectTimeoutMs: 300, lookup: toSame });
  expect(await failureOf(alone(`http://r.test:${dead.port}/`))).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await failureOf(ask(`http://r.test:${dead.port}/`))).toMatchObject({ code: 'UNAVAILABLE' });
});
