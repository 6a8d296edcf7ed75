import { describe, expect, onTestFinished, test } from 'vitest';
import { startFakeProxy } from '../../test/fakes/proxy/fake-proxy.ts';
import { httpServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
import type { Lookup } from './node-lookup.ts';
import { type HttpRequest, readText } from './transport.ts';

const bytes = { reusesMemory: true } as const;

/** A name server that gives these answers in turn; the last one stays. */
function nameServer(...answers: readonly ('ENOTFOUND' | 'EAI_AGAIN' | 'found')[]) {
  const asked: string[] = [];
  const lookup: Lookup = (host, _, callback) => {
    const said = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(host);
    if (said === 'found') callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(Object.assign(new Error(`getaddrinfo ${said} ${host}`), { code: said }), []);
  };
  return { asked, lookup };
}

function transport(options: NodeTransportOptions) {
  const { send, close } = createNodeTransport({ pausesMs: [0, 0], ...options });
  onTestFinished(close);
  return send;
}

const closing = () => httpServer((_, response) => response.setHeader('connection', 'close').end('fine'));

describe.each<[way: string, how: Partial<HttpRequest>]>([
  ['a request', {}],
  ['the bytes of a file', bytes],
])('for %s', (_, how) => {
  test('a host that no name server knows is looked up again, then it is NOT_FOUND: not a reason to run the command again', async () => {
    const { asked, lookup } = nameServer('ENOTFOUND');
    const send = transport({ lookup });
    expect(await failureOf(send({ method: 'GET', url: 'https://ghcr.oi/v2/', ...how }))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'GET https://ghcr.oi/v2/: no such host: ghcr.oi',
      hint: expect.stringContaining('Check the host name'),
    });
    expect(asked).toEqual(['ghcr.oi', 'ghcr.oi', 'ghcr.oi']);
  });

  test('a name server that first says that the host does not exist costs a moment', async () => {
    const server = await closing();
    const send = transport({ lookup: nameServer('ENOTFOUND', 'ENOTFOUND', 'found').lookup });
    const url = `http://r.test:${server.port}/`;
    expect(await readText(await send({ method: 'GET', url, ...how }))).toBe('fine');
  });

  test('a host that was found before stays a transient failure, whatever the name server says later', async () => {
    const server = await closing();
    const { asked, lookup } = nameServer('found', 'ENOTFOUND');
    const send = transport({ lookup });
    const url = `http://r.test:${server.port}/`;
    await readText(await send({ method: 'GET', url, ...how }));
    expect(await failureOf(send({ method: 'GET', url, ...how }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('no such host'),
    });
    expect(asked.length).toBe(2);
  });

  test('in a thread that starts in the middle of a push it is a transient failure too', async () => {
    const { lookup } = nameServer('ENOTFOUND');
    const send = transport({ lookup, isMidRun: true });
    expect((await failureOf(send({ method: 'GET', url: 'https://r.test/', ...how }))).code).toBe(
      'UNAVAILABLE',
    );
  });

  test('a name server that does not answer is a transient failure', async () => {
    const { asked, lookup } = nameServer('EAI_AGAIN');
    const error = await failureOf(transport({ lookup })({ method: 'GET', url: 'https://r.test/', ...how }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'GET https://r.test/: the name server did not answer',
    });
    expect(asked.length).toBe(1);
  });

  test.each(['http://r.test/', 'https://r.test/'])(
    'a proxy that no name server knows is named, with %s',
    async (url) => {
      const { lookup } = nameServer('ENOTFOUND');
      const send = transport({ lookup, proxyFor: () => 'http://user:word@proxy.tset:3128' });
      const error = await failureOf(send({ method: 'GET', url, ...how }));
      expect(error).toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringMatching(
          / through the proxy http:\/\/proxy\.tset:3128: no such host: proxy\.tset$/,
        ),
        hint: expect.stringContaining('HTTPS_PROXY'),
      });
      expect(error.message).not.toContain('word');
    },
  );
});

test('a proxy is found by its name', async () => {
  const proxy = await startFakeProxy();
  onTestFinished(() => proxy.close());
  const server = await closing();
  const { asked, lookup } = nameServer('found');
  const send = transport({ lookup, proxyFor: () => proxy.url.replace('127.0.0.1', 'proxy.test') });
  expect(await readText(await send({ method: 'GET', url: `${server.origin}/` }))).toBe('fine');
  expect(asked).toEqual(['proxy.test']);
});
