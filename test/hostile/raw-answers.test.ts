import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createNodeTransport } from '../../src/http/node-http.ts';
import { readText } from '../../src/http/transport.ts';
import { tcpServer } from '../support/raw-server.ts';
import { failureOf } from '../support/rejection.ts';
import { hubClient, registryClient } from './hostile-world.ts';

/** What a server does with a connection on which a request has come. */
type Behaviour = (socket: Socket) => void;

const says =
  (...parts: readonly string[]): Behaviour =>
  (socket) => {
    for (const part of parts) socket.write(part, 'latin1');
  };

const thenCloses =
  (text: string): Behaviour =>
  (socket) =>
    socket.end(text, 'latin1');

/** Writes `part` again and again for ever, as fast as it is taken. */
const forEver =
  (head: string, part: string): Behaviour =>
  (socket) => {
    const much = Buffer.from(part.repeat(Math.ceil(2 ** 16 / part.length)), 'latin1');
    const write = (): void => {
      if (!socket.destroyed && socket.write(much)) setImmediate(write);
    };
    socket.on('drain', write);
    socket.write(head, 'latin1');
    write();
  };

/** Writes `part` now and then for ever. */
const dripping =
  (head: string, part: string): Behaviour =>
  (socket) => {
    socket.write(head, 'latin1');
    const timer = setInterval(() => socket.write(part, 'latin1'), 20);
    socket.once('close', () => clearInterval(timer));
  };

const OK = 'HTTP/1.1 200 OK\r\n';

/** Behaviours that never make an answer, and the limit that ends each. */
const NO_ANSWER: readonly (readonly [what: string, behaviour: Behaviour])[] = [
  ['10 MB of headers', forEver(OK, `x-header: ${'x'.repeat(1000)}\r\n`)],
  ['one header of 10 MB', forEver(`${OK}x-header: `, 'x'.repeat(10_000))],
  ['a Location of 1 MB', says(`HTTP/1.1 307 Elsewhere\r\nlocation: /${'x'.repeat(2 ** 20)}\r\n\r\n`)],
  ['headers that come one by one for ever', dripping(OK, 'x-header: x\r\n')],
  ['informational answers for ever', forEver('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ['informational answers now and then for ever', dripping('', 'HTTP/1.1 102 Processing\r\n\r\n')],
  ['empty lines for ever', forEver('', '\r\n')],
  ['a status line without end', forEver('HTTP/1.1 200 ', 'x'.repeat(10_000))],
  ['an HTTP/0.9 page', thenCloses('<html>hello</html>')],
  ['the preface of HTTP/2', says('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['a banner of another protocol', says('SSH-2.0-OpenSSH_9.2\r\n')],
  [
    'a switch of protocols that nobody asked for',
    says('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\nx'),
  ],
  ['a status that is no number', says('HTTP/1.1 abc OK\r\n\r\n')],
  ['a header without a name', says(`${OK}: x\r\n\r\n`)],
  ['a control character in a header', says(`${OK}location: /a\x01b\x00c\r\n\r\n`)],
  ['two lengths that differ', says(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`)],
  ['a negative length', says(`${OK}content-length: -1\r\n\r\n`)],
  ['a length that no number holds', says(`${OK}content-length: ${'9'.repeat(40)}\r\n\r\n`)],
  ['a length beside chunks', says(`${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`)],
  ['nothing at all', thenCloses('')],
];

/** Behaviours whose answer begins, and never ends as it should. */
const NO_END: readonly (readonly [what: string, behaviour: Behaviour])[] = [
  ['a body that is shorter than its length', thenCloses(`${OK}content-length: 100\r\n\r\n{}`)],
  ['a chunk that is not one', says(`${OK}transfer-encoding: chunked\r\n\r\nnonsense\r\n`)],
  ['a chunk of 2^64 bytes', says(`${OK}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n`)],
  ['a chunk of a negative size', says(`${OK}transfer-encoding: chunked\r\n\r\n-1\r\n`)],
  [
    'an extension of a chunk without end',
    forEver(`${OK}transfer-encoding: chunked\r\n\r\n1;`, 'x'.repeat(10_000)),
  ],
  ['trailers without end', forEver(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-trailer: x\r\n')],
  ['chunks that end in mid-air', thenCloses(`${OK}transfer-encoding: chunked\r\n\r\n5\r\nab`)],
];

const serve = (behaviour: Behaviour) =>
  tcpServer((socket) => {
    socket.once('data', () => behaviour(socket));
  });

const ours = { code: expect.stringMatching(/^UN(AVAILABLE|SUPPORTED)$/), hint: expect.stringMatching(/\w/) };
const patienceMs = 150;

describe('where an answer is due, the Hub ends the run with an error of ours by', () => {
  test.each([...NO_ANSWER, ...NO_END])('%s', async (_, behaviour) => {
    const server = await serve(behaviour);
    const error = await failureOf(hubClient(server.origin, { patienceMs, retries: 1 }).resolve());
    expect(error).toMatchObject(ours);
    expect(error.message.length).toBeLessThan(600);
    expect(server.connections).toBeLessThanOrEqual(2);
  });
});

describe('where an answer is due, a registry ends the run with an error of ours by', () => {
  test.each(NO_ANSWER)('%s', async (_, behaviour) => {
    const server = await serve(behaviour);
    const { reader, signal } = registryClient(server.origin, { patienceMs, retries: 1 });
    const error = await failureOf(reader.listTags(signal));
    expect(error).toMatchObject(ours);
    expect(error.message.length).toBeLessThan(600);
    expect(server.connections).toBeLessThanOrEqual(2);
  });
});

describe('in the middle of a file, the storage of the Hub ends the run with an error of ours by', () => {
  test.each(NO_END)('%s', async (_, behaviour) => {
    const server = await serve(behaviour);
    const error = await failureOf(hubClient(server.origin, { patienceMs, retries: 1 }).read());
    expect(error).toMatchObject({ ...ours, code: expect.stringMatching(/^UNAVAILABLE$|^CONTENT_MISMATCH$/) });
  });
});

test.each([
  ['too many headers', NO_ANSWER[0], 'UNSUPPORTED', 'the answer has more than 16 KiB of headers'],
  ['another protocol', NO_ANSWER[10], 'UNSUPPORTED', 'the answer is not HTTP'],
  [
    'lengths that differ',
    NO_ANSWER[15],
    'UNAVAILABLE',
    'the answer is broken HTTP: Duplicate Content-Length',
  ],
] as const)('the error says what is wrong with an answer of %s', async (_, attack, code, message) => {
  const server = await serve(attack?.[1] ?? says());
  const error = await failureOf(hubClient(server.origin, { retries: 0 }).resolve());
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});

describe('an answer is read for what it is', () => {
  async function ask(behaviour: Behaviour): Promise<readonly [status: number, text: string]> {
    const server = await serve(behaviour);
    const { send, close } = createNodeTransport();
    try {
      const response = await send({ method: 'GET', url: server.origin, answerTimeoutMs: 5_000 });
      return [response.status, await readText(response)];
    } finally {
      close();
    }
  }

  test('with trailers, which nobody reads', async () => {
    const chunks = '2\r\n{}\r\n0\r\nauthorization: x\r\nlocation: /x\r\n\r\n';
    expect(await ask(says(`${OK}transfer-encoding: chunked\r\n\r\n${chunks}`))).toEqual([200, '{}']);
  });

  test('with more bytes than its length says, which belong to nobody', async () => {
    expect(await ask(says(`${OK}content-length: 2\r\n\r\n{}${OK}content-length: 4\r\n\r\nevil`))).toEqual([
      200,
      '{}',
    ]);
  });

  test('after a few informational ones', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(3);
    expect(await ask(says(`${hints}${OK}content-length: 2\r\n\r\n{}`))).toEqual([200, '{}']);
  });

  test('when it came before the request was through', async () => {
    const server = await tcpServer((socket) => {
      socket.resume();
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
    });
    const { send, close } = createNodeTransport();
    const body = Buffer.alloc(8 * 2 ** 20);
    const response = await send({ method: 'PUT', url: server.origin, body });
    expect([response.status, await readText(response)]).toEqual([403, 'no']);
    close();
  });

  test('and never unpacked: a bomb stays as small as it came', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20));
    const head = `${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    const server = await tcpServer((socket) => {
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from(head), bomb])));
    });
    const error = await failureOf(hubClient(server.origin, { retries: 0 }).resolve());
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('not JSON') });
  });
});
