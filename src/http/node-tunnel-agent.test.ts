import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeProxy, type FakeProxyOptions, startFakeProxy } from '../../test/fakes/proxy/fake-proxy.ts';
import { someBytes, watched } from '../../test/support/byte-sources.ts';
import { httpServer, listen, type RawServer, tcpServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { CA_CERTIFICATE, CERTIFICATE, KEY, trusting } from '../../test/support/test-certificate.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
import { TunnelAgent } from './node-tunnel-agent.ts';
import { discard, readText, type Transport } from './transport.ts';

const ACCOUNT = 'ada:se/cret';
const SECRETS = /se%2Fcret|se\/cret|hf_token/;

async function proxyOf(options: FakeProxyOptions = {}): Promise<FakeProxy> {
  const proxy = await startFakeProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
}

function through(proxyUrl: string, options: NodeTransportOptions = {}): Transport {
  const { send, close } = createNodeTransport({
    trusted: trusting(CA_CERTIFICATE),
    proxyFor: () => proxyUrl,
    ...options,
  });
  onTestFinished(close);
  return send;
}

function withAccount(proxy: FakeProxy, account = 'ada:se%2Fcret'): string {
  return proxy.url.replace('://', `://${account}@`);
}

interface TlsServer extends RawServer {
  readonly url: string;
}

async function tlsServer(listener: Parameters<typeof https.createServer>[1]): Promise<TlsServer> {
  const server = await listen(https.createServer({ key: KEY, cert: CERTIFICATE }, listener));
  return { ...server, url: `https://127.0.0.1:${server.port}/v2/` };
}

const authorization = { authorization: 'Bearer hf_token' };

describe.each([
  ['a proxy', {}],
  ['a proxy that is spoken to with TLS', { tls: true }],
])('through %s', (_, proxyOptions: FakeProxyOptions) => {
  test('an https server is reached by CONNECT, and the proxy sees nothing but its name', async () => {
    const server = await tlsServer((request, response) => response.end(request.headers.authorization));
    const proxy = await proxyOf({ ...proxyOptions, account: ACCOUNT });
    const send = through(withAccount(proxy), { userAgent: 'test/1' });
    const request = { method: 'GET', url: `${server.url}?state=hf_token`, headers: authorization } as const;
    expect(await readText(await send(request))).toBe('Bearer hf_token');
    expect(proxy.log).toMatchObject([{ method: 'CONNECT', target: `127.0.0.1:${server.port}`, status: 200 }]);
    expect(JSON.stringify(proxy.log)).not.toMatch(/hf_token/);
    expect(proxy.log[0]?.rawHeaders).toContain('test/1');
  });

  test('an http server is asked in absolute form, and never gets the account of the proxy', async () => {
    const server = await httpServer((request, response) => {
      response.end(JSON.stringify({ url: request.url, ...request.headers }));
    });
    const proxy = await proxyOf({ ...proxyOptions, account: ACCOUNT });
    const send = through(withAccount(proxy));
    const said = JSON.parse(await readText(await send({ method: 'GET', url: `${server.origin}/a%2Fb?c=d` })));
    expect(said).toMatchObject({ url: '/a%2Fb?c=d', host: `127.0.0.1:${server.port}` });
    expect(said).not.toHaveProperty('proxy-authorization');
    expect(proxy.log).toMatchObject([{ method: 'GET', target: `${server.origin}/a%2Fb?c=d`, status: 200 }]);
  });

  test('a large body arrives byte for byte, on one connection for all requests', async () => {
    const bytes = someBytes(20_000_003);
    const received: Buffer[] = [];
    const server = await tlsServer((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk)).once('end', () => response.end());
    });
    const proxy = await proxyOf(proxyOptions);
    const send = through(proxy.url);
    const source = watched(bytes, 100_003);
    await discard(await send({ method: 'PATCH', url: server.url, body: source.open() }));
    for (let turn = 0; turn < 3; turn += 1) await discard(await send({ method: 'GET', url: server.url }));
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect([source.readers, proxy.log.length]).toEqual([0, 1]);
    expect(proxy.log[0]?.bytesUp).toBeGreaterThan(bytes.length);
  });

  test('an early answer is delivered, the source is released, and the next request works', async () => {
    const server = await tlsServer((request, response) => {
      if (request.method === 'GET') response.end('fine');
      else response.writeHead(413).end('too much'); // closed at once, its reset could overtake the answer
    });
    const send = through((await proxyOf(proxyOptions)).url);
    const source = watched(Buffer.alloc(64 * 2 ** 20));
    const response = await send({ method: 'PATCH', url: server.url, body: source.open() });
    expect([response.status, source.readers, await readText(response)]).toEqual([413, 0, 'too much']);
    expect(await readText(await send({ method: 'GET', url: server.url }))).toBe('fine');
  });

  test('a cut in the middle of a body is a passing failure', async () => {
    const server = await tlsServer((request, response) =>
      request.resume().once('end', () => response.end('whole')),
    );
    const proxy = await proxyOf(proxyOptions);
    proxy.addFault({ kind: 'cut', afterBytes: 1_000_000, times: 1 });
    const send = through(proxy.url);
    const source = watched(Buffer.alloc(8 * 2 ** 20));
    const error = await failureOf(send({ method: 'PATCH', url: server.url, body: source.open() }));
    expect([error.code, source.readers]).toEqual(['UNAVAILABLE', 0]);
    const again = await send({ method: 'PATCH', url: server.url, body: source.open() });
    expect(await readText(again)).toBe('whole');
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  test('while the proxy says nothing ends with its reason and leaves no connection to it', async () => {
    const proxy = await proxyOf();
    proxy.addFault({ kind: 'hang', times: 1 });
    const abort = new AbortController();
    const source = watched(Buffer.alloc(2 ** 20));
    const body = source.open();
    const sent = through(proxy.url)({ method: 'PUT', url: 'https://r.test/', body, signal: abort.signal });
    while (proxy.log.length === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(reason);
    await expect(sent).rejects.toBe(reason);
    while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(source.readers).toBe(0);
  });

  test('in the middle of a body ends with its reason and releases the source', async () => {
    const abort = new AbortController();
    const server = await tlsServer((request) => {
      request.on('error', () => undefined).once('data', () => abort.abort(reason)); // and never read on
    });
    const { signal } = abort;
    const source = watched(Buffer.alloc(64 * 2 ** 20));
    const body = source.open({ signal });
    const sent = through((await proxyOf()).url)({ method: 'PATCH', url: server.url, body, signal });
    await expect(sent).rejects.toBe(reason);
    expect(source.readers).toBe(0);
  });

  test('of a request that is over does not take the tunnel from the next one', async () => {
    const server = await tlsServer((_, response) => response.end('fine'));
    const proxy = await proxyOf();
    const send = through(proxy.url);
    const abort = new AbortController();
    await discard(await send({ method: 'GET', url: server.url, signal: abort.signal }));
    abort.abort(reason);
    expect(await readText(await send({ method: 'GET', url: server.url }))).toBe('fine');
    expect(proxy.log.length).toBe(1);
  });
});

describe('a proxy that does not help is named, without its account', () => {
  test.each([
    [407, 'UNAUTHORIZED', /does not accept the user/],
    [403, 'REJECTED', /answered 403/],
    [502, 'UNAVAILABLE', /answered 502/],
    [503, 'UNAVAILABLE', /answered 503/],
  ])('a tunnel that is answered with %i', async (status, code, said) => {
    const proxy = await proxyOf();
    proxy.addFault({ kind: 'status', status, times: 1 });
    const error = await failureOf(through(withAccount(proxy))({ method: 'GET', url: 'https://r.test/v2/' }));
    expect(error).toMatchObject({ code, hint: expect.any(String), message: expect.stringMatching(said) });
    expect(error.message).toContain(`cannot connect to r.test:443 through the proxy ${proxy.url}: `);
    expect(error.message + error.hint).not.toMatch(SECRETS);
  });

  test.each([
    ['a tunnel', 'https://r.test/v2/'],
    ['an http request', 'http://r.test/v2/'],
  ])('that wants an account for %s', async (_, url) => {
    const proxy = await proxyOf({ account: ACCOUNT });
    const error = await failureOf(through(proxy.url)({ method: 'GET', url }));
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining(
        `through the proxy ${proxy.url}: it wants a user and a password (407)`,
      ),
      hint: expect.stringContaining('http://user:password@host:port'),
    });
  });

  test.each(['https://r.test/v2/', 'http://r.test/v2/'])('that is not there: %s', async (url) => {
    const proxy = await startFakeProxy();
    await proxy.close();
    const error = await failureOf(through(withAccount(proxy))({ method: 'GET', url }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`through the proxy ${proxy.url}: nothing listens there`),
      hint: expect.stringContaining('NO_PROXY'),
    });
    expect(error.message).not.toMatch(SECRETS);
  });

  test('that says nothing, within the time limit, and no connection is left', async () => {
    const proxy = await proxyOf();
    proxy.addFault({ kind: 'hang', times: 1 });
    const send = through(withAccount(proxy), { connectTimeoutMs: 150 });
    const error = await failureOf(send({ method: 'GET', url: 'https://r.test/v2/' }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`through the proxy ${proxy.url}: no answer`),
    });
    while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('that closes the connection', async () => {
    const { origin } = await tcpServer((socket) => socket.once('data', () => socket.end()));
    const error = await failureOf(through(origin)({ method: 'GET', url: 'https://r.test/v2/' }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(origin) });
  });

  test('that is no proxy and does not speak HTTP', async () => {
    const { origin } = await tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const error = await failureOf(through(origin)({ method: 'GET', url: 'https://r.test/v2/' }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(origin) });
  });

  test('whose certificate is by an unknown CA, also where the registry is not verified', async () => {
    const server = await tlsServer((_, response) => response.end('fine'));
    const proxy = await proxyOf({ tls: true });
    const home = { origin: server.url, insecure: true };
    const { send, close } = createNodeTransport({ home, proxyFor: () => withAccount(proxy) });
    onTestFinished(close);
    for (const url of [server.url, 'http://r.test/']) {
      const error = await failureOf(send({ method: 'GET', url }));
      expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(proxy.url) });
      expect(error.message).not.toMatch(SECRETS);
    }
    expect(proxy.log).toEqual([]);
  });

  test('that lets us through to a server that says nothing of TLS', async () => {
    const server = await tcpServer((socket) => socket.resume());
    const send = through((await proxyOf()).url, { connectTimeoutMs: 150 });
    const error = await failureOf(send({ method: 'GET', url: `https://127.0.0.1:${server.port}/` }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no connection') });
  });
});

test('the certificate of the server is verified through a tunnel as well', async () => {
  const server = await tlsServer((_, response) => response.end('fine'));
  const proxy = await proxyOf();
  const { send, close } = createNodeTransport({ proxyFor: () => proxy.url });
  onTestFinished(close);
  const error = await failureOf(send({ method: 'GET', url: server.url }));
  expect(error).toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('by a CA that is not known'),
  });
});

test('TLS options that Node refuses fail the request, and leave no tunnel open', async () => {
  const server = await tlsServer((_, response) => response.end('fine'));
  const proxy = await proxyOf();
  const { hostname: host, port } = new URL(proxy.url);
  const agent = new TunnelAgent(
    { ciphers: 'NO-SUCH-CIPHER' },
    {
      proxy: { scheme: 'http', host, port: Number(port), name: proxy.url, authorization: undefined },
      trust: {},
      toProxy: new http.Agent(),
      lookup: dns.lookup,
      connectTimeoutMs: 5000,
      userAgent: undefined,
      redact: (text) => text,
    },
  );
  const failed = new Promise((_, reject) => https.get(server.url, { agent }).once('error', reject));
  await expect(failed).rejects.toThrow(/cipher/i);
  while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a URL without a proxy goes straight', async () => {
  const server = await tlsServer((_, response) => response.end('fine'));
  const proxy = await proxyOf();
  const proxyFor = (url: string) => (url.startsWith(server.url) ? undefined : proxy.url);
  expect(await readText(await through(proxy.url, { proxyFor })({ method: 'GET', url: server.url }))).toBe(
    'fine',
  );
  expect(proxy.log).toEqual([]);
});
