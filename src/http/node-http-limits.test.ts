import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { watched } from '../../test/support/byte-sources.ts';
import { deferred } from '../../test/support/deferred.ts';
import { httpServer, listen, tcpServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { CERTIFICATE, KEY } from '../../test/support/test-certificate.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
import { discard, type HttpRequest, readText, type Transport } from './transport.ts';

describe.each<[how: string, reusesMemory: Pick<HttpRequest, 'reusesMemory'>]>([
  ['with the client of Node', {}],
  ['with memory that is used again', { reusesMemory: true }],
])('%s', (_, reusesMemory) => {
  /** Only GET is answered into memory that is used again. */
  function transport(options: NodeTransportOptions = {}): Transport {
    const { send, close } = createNodeTransport(options);
    onTestFinished(close);
    return (request) => send(request.method === 'GET' ? { ...request, ...reusesMemory } : request);
  }

  describe('a time limit ends', () => {
    test('a server that takes no more bytes of the body', async () => {
      const server = await tcpServer((socket) => socket.pause());
      const source = watched(Buffer.alloc(64 * 2 ** 20), 2 ** 20);
      const request = {
        method: 'PATCH',
        url: server.origin,
        body: source.open(),
        stallTimeoutMs: 150,
      } as const;
      const error = await failureOf(transport()(request));
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('no byte was taken'),
      });
      expect(source.readers).toBe(0);
    });

    test('a server that takes no more bytes of the last piece', async () => {
      const server = await tcpServer((socket) => socket.pause());
      const body = Buffer.alloc(64 * 2 ** 20);
      const request = { method: 'PUT', url: server.origin, body, stallTimeoutMs: 150 } as const;
      const error = await failureOf(transport()(request));
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('no byte was taken'),
      });
    });

    test('a server that sends no more bytes of its answer', async () => {
      const server = await httpServer((_, response) => response.write('the beginning'));
      const response = await transport()({ method: 'GET', url: server.origin, stallTimeoutMs: 150 });
      const error = await failureOf(readText(response));
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no byte came') });
    });

    test('a server that never answers', async () => {
      const server = await httpServer((request) => request.resume());
      const request = { method: 'POST', url: server.origin, answerTimeoutMs: 150 } as const;
      const error = await failureOf(transport()(request));
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no answer') });
    });

    test('a server that accepts a connection and says nothing of TLS', async () => {
      const server = await tcpServer((socket) => socket.resume());
      const url = server.origin.replace('http:', 'https:');
      const error = await failureOf(transport({ connectTimeoutMs: 150 })({ method: 'POST', url }));
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no connection') });
    });
  });

  describe('no time limit ends', () => {
    test('an upload whose source is slow', async () => {
      const server = await httpServer((request, response) => {
        request.resume().once('end', () => response.end('whole'));
      });
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(1000);
        await new Promise((resolve) => setTimeout(resolve, 900));
        yield Buffer.alloc(1000);
      }
      const limits = { answerTimeoutMs: 400, stallTimeoutMs: 400 };
      const request = { method: 'PATCH', url: server.origin, body: slow(), ...limits } as const;
      expect(await readText(await transport()(request))).toBe('whole');
    });

    test('a download whose reader is slow', async () => {
      const server = await httpServer((_, response) => response.end(Buffer.alloc(4 * 2 ** 20)));
      const response = await transport()({ method: 'GET', url: server.origin, stallTimeoutMs: 100 });
      let size = 0;
      for await (const chunk of response.body) {
        if (size === 0) await new Promise((resolve) => setTimeout(resolve, 300));
        size += chunk.length;
      }
      expect(size).toBe(4 * 2 ** 20);
    });

    test('an answer that had begun before the last byte of the body left', async () => {
      const server = await tcpServer((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nta');
          setTimeout(() => socket.resume(), 50);
          setTimeout(() => socket.write('il'), 400);
        });
      });
      const body = Buffer.alloc(32 * 2 ** 20);
      const request = { method: 'PUT', url: server.origin, body, answerTimeoutMs: 100 } as const;
      expect(await readText(await transport()(request))).toBe('tail');
    });
  });

  describe('a connection that cannot be had says why, and never shows the query', () => {
    const query = '?X-Amz-Signature=secret';

    test('nothing listens there', async () => {
      const server = await tcpServer(() => undefined);
      const port = server.port;
      const free = await closedPort(port);
      const url = `http://127.0.0.1:${free}/v2/${query}`;
      const error = await failureOf(transport()({ method: 'GET', url }));
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        message: `GET http://127.0.0.1:${free}/v2/: nothing listens there (connection refused)`,
      });
    });

    test('the connection is reset', async () => {
      const server = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
      const error = await failureOf(transport()({ method: 'GET', url: `${server.origin}/v2/${query}` }));
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).toBe(`GET ${server.origin}/v2/: the connection was reset`);
    });

    test('the host does not exist', async () => {
      const error = await failureOf(
        transport({ pausesMs: [] })({ method: 'GET', url: `http://registry.invalid/v2/${query}` }),
      );
      // Without a network no name server can say that it does not exist.
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(NOT_FOUND|UNAVAILABLE)$/),
        message: expect.not.stringContaining('secret'),
      });
    });

    test('the certificate is by an authority that nobody trusts', async () => {
      const server = await listen(https.createServer({ key: KEY, cert: CERTIFICATE }));
      const url = `https://localhost:${server.port}/v2/${query}`;
      const error = await failureOf(transport()({ method: 'GET', url }));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.not.stringContaining('secret'),
        hint: expect.stringContaining('--ca-file'),
      });
    });

    test('the port speaks plain HTTP', async () => {
      const server = await httpServer((_, response) => response.end());
      const url = server.origin.replace('http:', 'https:');
      const error = await failureOf(transport()({ method: 'GET', url }));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        hint: expect.stringContaining('http://'),
      });
    });

    test.each(['ftp://127.0.0.1/x', 'not a URL', 'http://[bad/x'])('%s is no HTTP URL', async (url) => {
      const error = await failureOf(transport()({ method: 'GET', url: url + query }));
      expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.not.stringContaining('secret') });
    });
  });

  test('close lets go of the connections that are kept', async () => {
    let closed = false;
    const gone = deferred();
    const server = await httpServer((request, response) => {
      request.socket.once('close', () => {
        closed = true;
        gone.resolve();
      });
      response.end('fine');
    });
    const { send, close } = createNodeTransport();
    await discard(await send({ method: 'GET', url: server.origin }));
    expect(closed).toBe(false);
    close();
    await gone.promise;
  });

  test('an answer that comes while the source of the body is silent is delivered at once', async () => {
    const server = await httpServer((request, response) => {
      request.once('data', () => response.writeHead(403).end('no'));
    });
    const released = deferred();
    const body = {
      stop: () => released.resolve(),
      async *[Symbol.asyncIterator]() {
        yield Buffer.from('the beginning');
        await released.promise;
      },
    };
    const response = await transport()({ method: 'PATCH', url: server.origin, body });
    expect([response.status, await readText(response)]).toEqual([403, 'no']);
  });
});

/** A port that was free a moment ago. */
async function closedPort(taken: number): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string' || address.port === taken) throw new Error('no port');
  return address.port;
}
