import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { someBytes } from '../../test/support/byte-sources.ts';
import { deferred } from '../../test/support/deferred.ts';
import { httpServer, tcpServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { createNodeTransport } from './node-http.ts';
import { discard, type HttpResponse, type Transport } from './transport.ts';

/** GET with Node's own client, and into memory that is used again. */
function both(): readonly [Transport, Transport] {
  const { send, close } = createNodeTransport();
  onTestFinished(close);
  return [send, (request) => send({ ...request, reusesMemory: true })];
}

/** Copied, since the next chunk may be written over this one. */
async function read({ body }: HttpResponse): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('an answer is the same as with Node’s own client', () => {
  const BODY = someBytes(3_000_001);
  const chunked = (text: string) => `${text.length.toString(16)};x=1\r\n${text}\r\n`;

  test.each<[what: string, answer: string | Buffer]>([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['without a body', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'],
    ['with an empty body', 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'],
    ['without a reason', 'HTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx'],
    ['that ends with the connection', 'HTTP/1.0 200 OK\r\n\r\nuntil the end'],
    [
      'in chunks with extensions and trailers',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked('hello ')}${chunked('world')}0\r\nx-t: 1\r\n\r\n`,
    ],
    [
      'after an early hint',
      'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    ],
    [
      'with repeated headers',
      'HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\netag: "a"\r\netag: "b"\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n',
    ],
    [
      'with bytes beyond ASCII in a header',
      Buffer.from('HTTP/1.1 200 OK\r\nx: \xfc\r\ncontent-length: 0\r\n\r\n', 'latin1'),
    ],
    [
      'that is large',
      Buffer.concat([
        Buffer.from(`HTTP/1.1 206 Partial Content\r\ncontent-length: ${BODY.length}\r\n\r\n`),
        BODY,
      ]),
    ],
  ])('%s, however it is parted on the way', async (_, answer) => {
    const bytes = Buffer.from(answer);
    const [plain, reusing] = both();
    for (const cut of [1, 17, 1_000, 100_000, bytes.length]) {
      const server = await tcpServer((socket) => {
        socket.once('data', async () => {
          const pieces = bytes.length / cut > 300 ? 300 : Math.ceil(bytes.length / cut);
          for (let piece = 0; piece < pieces; piece += 1) {
            const end = piece === pieces - 1 ? bytes.length : (piece + 1) * cut;
            socket.write(bytes.subarray(piece * cut, end));
            await new Promise((resolve) => setImmediate(resolve));
          }
          socket.end();
        });
      });
      const request = { method: 'GET', url: server.origin } as const;
      const [expected, got] = [await plain(request), await reusing(request)];
      expect(got.status).toBe(expected.status);
      expect({ ...got.headers }).toEqual(expected.headers);
      expect((await read(got)).equals(await read(expected))).toBe(true);
    }
  });

  test('also where it is no HTTP: neither takes it, and no request hangs', async () => {
    const line = fc.constantFrom(
      ...['HTTP/1.1 200 OK', 'HTTP/2.0 200 OK', 'HTTP/1.1 20 OK', 'content-length: 2', 'content-length: -1'],
      ...[
        'content-length: 1, 2',
        'transfer-encoding: gzip',
        ' folded',
        'no colon',
        'a b: c',
        ': x',
        'x: \u0001',
      ],
    );
    const [, reusing] = both();
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), async (lines) => {
        const server = await tcpServer((socket) => {
          socket.once('data', () => socket.end(`${lines.join('\r\n')}\r\n\r\nhi`));
        });
        const answer = reusing({ method: 'GET', url: server.origin });
        const text = await answer.then(read).then(String, (error) => error.code);
        expect(['', 'h', 'hi', 'UNAVAILABLE', 'UNSUPPORTED']).toContain(text);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a body in memory that is used again', () => {
  test('is read ahead while nobody asks for it, and no further than its memory goes', async () => {
    let sent = 0;
    const enough = deferred();
    const server = await httpServer(async (_, response) => {
      response.writeHead(200, { 'content-length': 512 * 2 ** 20 });
      const chunk = Buffer.alloc(2 ** 20);
      for (let turn = 0; turn < 512; turn += 1) {
        sent += chunk.length;
        if (response.write(chunk)) continue;
        const drained = await Promise.race([
          new Promise((resolve) => response.once('drain', () => resolve(true))),
          new Promise((resolve) => setTimeout(resolve, 300, false)),
        ]);
        if (!drained) return enough.resolve();
      }
      enough.resolve();
    });
    const [, reusing] = both();
    const response = await reusing({ method: 'GET', url: server.origin });
    await enough.promise;
    // What the kernel keeps is not ours; it keeps some megabytes on either side.
    expect(sent).toBeLessThan(64 * 2 ** 20);
    for await (const chunk of response.body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  test('whose connection breaks before it was begun keeps what came, whatever else is read meanwhile', async () => {
    const [, get] = both();
    const sockets: Socket[] = [];
    const breaking = await tcpServer((socket) => {
      sockets.push(socket);
      socket.once('data', () => {
        socket.write('HTTP/1.1 206 Partial Content\r\ncontent-length: 900000\r\n\r\n');
        socket.write(Buffer.alloc(600_000, 'a'));
      });
    });
    const other = await httpServer((_, response) => response.end(Buffer.alloc(4_000_000, 'b')));
    const answer = await get({ method: 'GET', url: breaking.origin });
    await expect.poll(() => sockets[0]?.bytesWritten).toBeGreaterThan(600_000);
    const gone = new Promise((resolve) => sockets[0]?.once('close', resolve));
    sockets[0]?.end();
    await gone;
    // Its memory would be the first to be taken, were it free.
    for (let turn = 0; turn < 3; turn += 1) await read(await get({ method: 'GET', url: other.origin }));
    let came = 0;
    const reading = (async () => {
      for await (const chunk of answer.body) {
        expect(Buffer.from(chunk).equals(Buffer.alloc(chunk.length, 'a'))).toBe(true);
        came += chunk.length;
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(came).toBe(600_000);
  });

  test('that is left before it was begun gives its connection up', async () => {
    const closed = deferred();
    const server = await httpServer((request, response) => {
      request.socket.once('close', closed.resolve);
      response.end(Buffer.alloc(8 * 2 ** 20));
    });
    const [, reusing] = both();
    const response = await reusing({ method: 'GET', url: server.origin });
    await response.body[Symbol.asyncIterator]().return?.();
    await closed.promise;
  });

  test('does not share its connection with a request that comes before it was read', async () => {
    const server = await httpServer((request, response) => response.end(request.url));
    const [, reusing] = both();
    const first = await reusing({ method: 'GET', url: `${server.origin}/1` });
    const second = await reusing({ method: 'GET', url: `${server.origin}/2` });
    expect([String(await read(second)), String(await read(first))]).toEqual(['/2', '/1']);
    await discard(await reusing({ method: 'GET', url: server.origin }));
    expect(server.connections).toBe(2);
  });

  test('is not believed where a server sends what nobody asked for', async () => {
    const server = await tcpServer((socket) => {
      socket.on('data', () => {
        socket.write(
          'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb',
        );
      });
    });
    const [, reusing] = both();
    const ask = async () => String(await read(await reusing({ method: 'GET', url: server.origin })));
    expect([await ask(), await ask()]).toEqual(['a', 'a']);
    expect(server.connections).toBe(2);
  });
});

test.each<[what: string, body: string, says: string]>([
  [
    'has a size that is no number',
    'x\r\nabc\r\n',
    'the answer is broken HTTP: Invalid character in chunk size',
  ],
  [
    'has more bytes than a chunk says',
    '2\r\nabc\r\n',
    'the answer is broken HTTP: A chunk is longer than it says',
  ],
  ['ends in the middle of a chunk', '9\r\nabc', 'the connection was reset'],
  ['ends between two chunks', '3\r\nabc\r\n', 'the connection was reset'],
])('a chunked body that %s fails with an error that says so', async (_, body, says) => {
  const server = await tcpServer((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`));
  });
  const [, reusing] = both();
  const failure = await failureOf(reusing({ method: 'GET', url: server.origin }).then(read));
  expect({ code: failure.code, says: failure.message.replace(/^.*: (?=the )/, '') }).toEqual({
    code: 'UNAVAILABLE',
    says,
  });
});

test('a length that no number holds is no answer', async () => {
  const server = await tcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n'));
  });
  const [, reusing] = both();
  expect((await failureOf(reusing({ method: 'GET', url: server.origin }))).code).toBe('UNAVAILABLE');
});
