import { describe, expect, onTestFinished, test } from 'vitest';
import { someBytes, watched } from '../../test/support/byte-sources.ts';
import { deferred } from '../../test/support/deferred.ts';
import { httpServer, tcpServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
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

  describe('what is sent', () => {
    test.each<[what: string, written: string, sent: string]>([
      ['an escaped slash stays escaped', '/a%2Fb', '/a%2Fb'],
      ['quotes stay quotes', `/a'b"c`, `/a'b"c`],
      ['a space and letters beyond ASCII are escaped', '/a b/ü', '/a%20b/%C3%BC'],
      ['dots are not resolved', '/a/../b/./c', '/a/../b/./c'],
      ['an empty segment stays', '/a//b', '/a//b'],
      ['a signed query stays as it is', '/x?sig=a%2bB+c/d==&k=%7e', '/x?sig=a%2bB+c/d==&k=%7e'],
      ['a fragment is not sent', '/x?y#z', '/x?y'],
      ['an origin alone asks for its root', '', '/'],
      ['a query without a path belongs to the root', '?a=1', '/?a=1'],
    ])('%s', async (_, written, sent) => {
      const server = await httpServer((request, response) => response.end(request.url));
      const response = await transport()({ method: 'GET', url: server.origin + written });
      expect(await readText(response)).toBe(sent);
    });

    test('a request costs no more where the transport has sent hundreds of secrets before', async () => {
      const server = await httpServer((_, response) => response.end());
      const [send, knowing] = [transport(), transport()];
      const url = `${server.origin}/${'segment-of-the-path/'.repeat(600)}`;
      const secrets = Array.from({ length: 500 }, (_, at) => secret(`session ${at} of an upload`));
      await discard(await knowing({ method: 'GET', url, secrets }));
      const cpuOf = async (ask: Transport) => {
        const before = process.cpuUsage();
        for (let asked = 0; asked < 50; asked += 1) await discard(await ask({ method: 'GET', url }));
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      };
      await cpuOf(send);
      expect(await cpuOf(knowing)).toBeLessThan(3 * (await cpuOf(send)));
    });

    test('a body in memory has its length, a stream is chunked unless the headers give a length', async () => {
      const server = await httpServer((request, response) => {
        const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
        request.resume().once('end', () => response.end(`${length} ${coding}`));
      });
      const send = transport();
      const ask = async (headers: Record<string, string>, stream: boolean) => {
        const body = stream ? watched(Buffer.from('12345')).open() : Buffer.from('12345');
        return readText(await send({ method: 'PUT', url: server.origin, headers, body }));
      };
      expect(await ask({}, false)).toBe('5 undefined');
      expect(await ask({}, true)).toBe('undefined chunked');
      expect(await ask({ 'content-length': '5' }, true)).toBe('5 undefined');
    });

    test('a stream arrives byte for byte', async () => {
      const bytes = someBytes(3_000_001);
      const received: Buffer[] = [];
      const server = await httpServer((request, response) => {
        request.on('data', (chunk: Buffer) => received.push(chunk)).once('end', () => response.end());
      });
      const source = watched(bytes, 10_007);
      await discard(await transport()({ method: 'PATCH', url: server.origin, body: source.open() }));
      expect(Buffer.concat(received).equals(bytes)).toBe(true);
      expect(source.readers).toBe(0);
    });
  });

  describe('what comes back', () => {
    test('repeated headers are joined, names are in lower case', async () => {
      const server = await httpServer((_, response) => {
        response.setHeader('WWW-Authenticate', ['Basic realm="a"', 'Bearer realm="b"']);
        response.setHeader('Set-Cookie', ['a=1', 'b=2']).end();
      });
      const response = await transport()({ method: 'GET', url: server.origin });
      await discard(response);
      expect(response.headers['www-authenticate']).toBe('Basic realm="a", Bearer realm="b"');
      expect(response.headers['set-cookie']).toBe('a=1\nb=2'); // a cookie may hold a comma
    });

    test('headers beyond all measure are no answer that we can work with, and are not asked for again', async () => {
      const server = await httpServer((_, response) =>
        response.setHeader('x-long', 'x'.repeat(100_000)).end(),
      );
      const error = await failureOf(transport()({ method: 'GET', url: server.origin }));
      expect(error.code).toBe('UNSUPPORTED');
    });

    test('a server that does not speak HTTP is no answer that we can work with', async () => {
      const server = await tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
      const error = await failureOf(transport()({ method: 'GET', url: server.origin }));
      expect(error.code).toBe('UNSUPPORTED');
    });

    test.each([
      ['while it is read', false],
      ['before anyone reads it', true],
    ])('a body that is cut %s is an error, never a short body', async (_, early) => {
      const server = await tcpServer((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789');
          if (early) socket.end();
          else setImmediate(() => socket.end());
        });
      });
      const response = await transport()({ method: 'GET', url: server.origin });
      if (early) await new Promise((resolve) => setTimeout(resolve, 20));
      const error = await failureOf(readText(response));
      expect(error.code).toBe('UNAVAILABLE');
    });
  });

  describe('an answer before the body is sent', () => {
    test('is delivered, the source is released, and the next request works', async () => {
      const server = await httpServer((request, response) => {
        if (request.method === 'GET') response.end('fine');
        else response.writeHead(413, { connection: 'close' }).end('too much');
      });
      const send = transport();
      const source = watched(Buffer.alloc(64 * 2 ** 20));
      const response = await send({ method: 'PATCH', url: server.origin, body: source.open() });
      expect(response.status).toBe(413);
      expect(source.readers).toBe(0);
      expect(await readText(response)).toBe('too much');
      expect(await readText(await send({ method: 'GET', url: server.origin }))).toBe('fine');
    });

    test('leaves no connection on which the rest of the body could be taken for a request', async () => {
      const closed = deferred();
      const server = await httpServer((request, response) => {
        request.socket.once('close', closed.resolve);
        if (request.method === 'PATCH') response.writeHead(401).end('who?');
        else response.end('fine');
      });
      const send = transport();
      const body = watched(Buffer.alloc(8 * 2 ** 20)).open();
      await discard(await send({ method: 'PATCH', url: server.origin, body }));
      await closed.promise;
      expect(await readText(await send({ method: 'GET', url: server.origin }))).toBe('fine');
      expect(server.connections).toBe(2);
    });
  });

  describe('a body that fails', () => {
    test('never looks complete to the server, and its error comes back as it is', async () => {
      const [arrived, gone] = [deferred(), deferred()];
      let received = '';
      const server = await tcpServer((socket) => {
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1');
          if (received.includes('half')) arrived.resolve();
        });
        socket.once('close', gone.resolve);
      });
      const broken = new TypeError('the source broke');
      async function* body(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half');
        await arrived.promise;
        throw broken;
      }
      await expect(transport()({ method: 'PATCH', url: server.origin, body: body() })).rejects.toBe(broken);
      await gone.promise;
      expect(received).toMatch(/half\r\n$/); // without the 0 that ends a chunked body (RFC 9112, section 7.1)
    });
  });

  describe('an abort', () => {
    const reason = new Error('enough');

    test('beforehand sends nothing', async () => {
      const server = await httpServer((_, response) => response.end());
      const request = { method: 'GET', url: server.origin, signal: AbortSignal.abort(reason) } as const;
      await expect(transport()(request)).rejects.toBe(reason);
      expect(server.connections).toBe(0);
    });

    test('while somebody chooses a proxy sends nothing, also where a connection is kept', async () => {
      const abort = new AbortController();
      const paths: (string | undefined)[] = [];
      const server = await httpServer(({ url }, response) => {
        paths.push(url);
        response.end('yes');
      });
      const send = transport({ proxyFor: async () => undefined });
      await readText(await send({ method: 'GET', url: server.origin }));
      const asked = send({ method: 'GET', url: `${server.origin}/2`, signal: abort.signal });
      abort.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await readText(await send({ method: 'GET', url: `${server.origin}/3` }));
      expect(paths).toEqual(['/', '/3']);
    });

    test('in the middle of a body ends with its reason and releases the source', async () => {
      const abort = new AbortController();
      const server = await httpServer((request) => {
        request.on('error', () => undefined).once('data', () => abort.abort(reason)); // and never read on
      });
      const source = watched(Buffer.alloc(64 * 2 ** 20));
      const { signal } = abort;
      const body = source.open({ signal });
      await expect(transport()({ method: 'PATCH', url: server.origin, body, signal })).rejects.toBe(reason);
      expect(source.readers).toBe(0);
    });

    test('while we wait for the answer ends with its reason', async () => {
      const abort = new AbortController();
      const server = await httpServer(() => abort.abort(reason));
      const request = { method: 'GET', url: server.origin, signal: abort.signal } as const;
      await expect(transport()(request)).rejects.toBe(reason);
    });

    test('while the answer is read ends with its reason', async () => {
      const abort = new AbortController();
      const server = await httpServer((_, response) => response.write('the beginning'));
      const response = await transport()({ method: 'GET', url: server.origin, signal: abort.signal });
      await expect(async () => {
        for await (const _ of response.body) abort.abort(reason);
      }).rejects.toBe(reason);
    });
  });

  describe('connections', () => {
    test('are used again when the answer was read', async () => {
      const server = await httpServer((request, response) => {
        request.resume().once('end', () => response.end('x'.repeat(10_000)));
      });
      const send = transport();
      for (let turn = 0; turn < 5; turn += 1) {
        const body = watched(Buffer.alloc(100_000)).open();
        await discard(await send({ method: 'PATCH', url: server.origin, body }));
      }
      expect(server.connections).toBe(1);
    });

    test('whose answer was left unread are not used again', async () => {
      const server = await httpServer((_, response) => response.end(Buffer.alloc(2 ** 20)));
      const send = transport();
      for (let turn = 0; turn < 2; turn += 1) {
        const response = await send({ method: 'GET', url: server.origin });
        for await (const _ of response.body) break;
      }
      expect(server.connections).toBe(2);
    });

    test('that the server let go of in the meantime are a passing failure, and the next request gets a new one', async () => {
      const server = await tcpServer((socket) => {
        let requests = 0;
        socket.on('data', () => {
          requests += 1;
          if (requests > 1) socket.destroy();
          else socket.write('HTTP/1.1 204 No Content\r\n\r\n');
        });
      });
      const send = transport();
      const ask = () => send({ method: 'GET', url: server.origin });
      await discard(await ask());
      await new Promise((resolve) => setImmediate(resolve)); // the agent takes the connection back
      expect((await failureOf(ask())).code).toBe('UNAVAILABLE');
      expect((await ask()).status).toBe(204);
    });
  });

  test('a header that HTTP cannot carry is an error of ours that does not show its value', async () => {
    const server = await httpServer((_, response) => response.end());
    const headers = { authorization: `Bearer ${secret('hub token')}\r\nx-admin: 1` };
    const error = await failureOf(transport()({ method: 'GET', url: server.origin, headers }));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: `cannot send GET ${server.origin}: Invalid character in header content ["authorization"]`,
      hint: expect.stringContaining('line breaks'),
    });
    expect(server.connections).toBe(0);
  });
});
