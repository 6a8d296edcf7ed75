import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import { HF_PATH } from '../../src/core/descriptor.ts';
import { sha256 } from '../../src/core/digest.ts';
import { CONFIG, INDEX, LAYER } from '../../src/core/media-type.ts';
import type { HttpRequest, Transport } from '../../src/http/transport.ts';
import { listTags } from '../../src/inspect/list-tags.ts';
import { validateImage } from '../../src/inspect/validate-image.ts';
import { answer } from '../support/answer.ts';
import { someBytes } from '../support/byte-sources.ts';
import { capture } from '../support/captures.ts';
import { httpServer } from '../support/raw-server.ts';
import { failureOf } from '../support/rejection.ts';
import { secret } from '../support/secrets.ts';
import { sendForEver, withinMemory } from './endless.ts';
import { PASSWORD, registryClient } from './hostile-world.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const BYTES = someBytes(300_000);
const clear = { hint: expect.stringMatching(/\w/) };

/** A server that reads what it is sent, and answers by `handler`. */
const serve = (handler: Handler) =>
  httpServer((request, response) => {
    request.resume();
    request.once('end', () => handler(request, response));
  });

describe('a body without end costs no memory, and ends in an error of ours or in what it began with,', () => {
  const endless = (status: number, piece: string) =>
    serve((_, response) => {
      response.writeHead(status);
      sendForEver(response, piece);
    });

  test.each([
    ['as a list of tags', 200, '{"tags":["'],
    ['as a list of what are no tags', 200, '{"tags":[0,0,0,0,0,0,'],
    ['as a page of an error', 403, '<style><'],
    ['as an error', 404, '{"errors":[{'],
  ])('%s', async (_, status, piece) => {
    const { reader, signal } = registryClient((await endless(status, piece)).origin, { retries: 0 });
    const error = await withinMemory(() => failureOf(reader.listTags(signal)));
    expect(error).toMatchObject(clear);
    expect(error.message.length).toBeLessThan(600);
  });

  test('as a manifest', async () => {
    const { reader, signal } = registryClient((await endless(200, '{"layers":[')).origin, { retries: 0 });
    const manifest = await withinMemory(() => reader.readManifest({ tag: 'v1' }, 1000, signal));
    expect(manifest?.bytes.length).toBe(1000);
  });

  test('as the answer to a manifest', async () => {
    const { target, signal } = registryClient((await endless(201, 'x')).origin, { retries: 0 });
    const bytes = Buffer.from('{}');
    const descriptor = { mediaType: INDEX, digest: sha256(bytes), size: 2 };
    const error = await withinMemory(() => failureOf(target.pushManifest({ bytes, descriptor }, signal)));
    expect(error).toMatchObject(clear);
  });

  test('as the answer to an upload', async () => {
    const { target, signal } = registryClient((await endless(403, 'x')).origin, { retries: 0 });
    const error = await withinMemory(() => failureOf(target.pushBlob({ content: fromBytes(BYTES), signal })));
    expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

describe('a list of tags', () => {
  function listing(page: (number: number) => string) {
    const requests: HttpRequest[] = [];
    const transport: Transport = async (request) => {
      requests.push(request);
      return answer(
        200,
        { link: `</v2/acme/llama/tags/list?last=${requests.length}>; rel="next"` },
        page(requests.length),
      );
    };
    return { requests, ...registryClient('https://r.test', { transport }) };
  }

  test('whose pages never end is given up after 10,000 of them', async () => {
    const { requests, reader, signal } = listing(() => '{"tags":[]}');
    const error = await failureOf(reader.listTags(signal));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('more than 10000 pages'),
    });
    expect(requests.length).toBe(10_000);
  });

  test('whose pages are long and never end is given up after 64 MiB of them', async () => {
    const page = JSON.stringify({ tags: Array(20_000).fill('-'.repeat(500)) });
    const { requests, reader, signal } = listing(() => page);
    const error = await withinMemory(() => failureOf(reader.listTags(signal)));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('longer than 64 MiB'),
    });
    expect(requests.length).toBeLessThan(10);
  });

  test.each([
    ['of a million entries that are none', `{"tags":[${'0,'.repeat(1_000_000)}0]}`],
    ['that is 100,000 deep', `{"tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['that is no list', '{"tags":{"length":1e9}}'],
  ])('%s is refused', async (_, body) => {
    const { reader, signal } = listing(() => body);
    const error = await withinMemory(() => failureOf(reader.listTags(signal)));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('not a list of tags'),
    });
  });
});

describe('the Location of an upload', () => {
  async function pushed(location: string) {
    const seen: string[] = [];
    const server = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.method === 'POST') response.writeHead(202, { location });
      else response.writeHead(403);
      response.end();
    });
    const { target, signal } = registryClient(server.origin, { retries: 1 });
    return { seen, error: await failureOf(target.pushBlob({ content: fromBytes(BYTES), signal })) };
  }

  test.each([
    ['of another scheme', 'ftp://127.0.0.1/up'],
    ['of a file', 'file:///etc/passwd'],
    ['of a script', 'javascript:alert(1)'],
    ['that is no URL', 'http://['],
    ['that only looks relative', '\\\\a.test:99999\\up'],
    ['with a port that there is not', 'http://127.0.0.1:99999/up'],
  ])('%s is refused before a byte is sent', async (_, location) => {
    const { seen, error } = await pushed(location);
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('external URL') });
    expect(seen).toEqual(['POST /v2/acme/llama/blobs/uploads/']);
  });

  test.each([
    ['with spaces', '/up a b', 'PATCH /up%20a%20b'],
    ['in Latin-1', '/gr\u00f6\u00dfe?x=\u00ff', 'PATCH /gr%C3%B6%C3%9Fe?x=%C3%BF'],
    ['of 15 KB', `/${'x'.repeat(15_000)}`, `PATCH /${'x'.repeat(15_000)}`],
  ])('%s is used as it is', async (_, location, line) => {
    const { seen, error } = await pushed(location);
    expect(error.code).toBe('UNAUTHORIZED');
    expect(seen[1]).toBe(line);
  });

  test('with a password in it is neither sent on nor shown', async () => {
    const word = secret('location');
    const elsewhere = await serve((request, response) => {
      expect(request.headers.authorization).toBeUndefined();
      response.writeHead(403).end();
    });
    const { error } = await pushed(elsewhere.origin.replace('//', `//user:${word}@`));
    expect(error.code).toBe('UNAUTHORIZED');
    expect((await pushed(`ftp://user:${word}@a.test/`)).error.message).not.toContain(word);
  });

  test.each(['http://169.254.169.254/up', 'http://127.0.0.1/up', 'http://[::ffff:10.0.0.1]/up'])(
    'of a public registry never leads to %s',
    async (location) => {
      const asked: (string | undefined)[] = [];
      const proxy = await serve((request, response) => {
        asked.push(request.url);
        response.writeHead(202, { location }).end();
      });
      const { target, signal } = registryClient('http://r.example.com', { proxyFor: () => proxy.origin });
      const error = await failureOf(target.pushBlob({ content: fromBytes(BYTES), signal }));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('http://r.example.com points there'),
      });
      expect(asked).toEqual(['http://r.example.com/v2/acme/llama/blobs/uploads/']);
    },
  );

  test.each([
    [202, 'a Location'],
    [307, 'a redirect'],
  ])(
    'of a public server never leads to a private address, also from a private registry: %i, %s',
    async (status) => {
      const asked: (string | undefined)[] = [];
      const proxy = await serve((request, response) => {
        asked.push(request.url);
        response.writeHead(status, { location: 'http://169.254.169.254/up', range: '0-299999' }).end();
      });
      const registry = await serve((_, response) => {
        response.writeHead(202, { location: 'http://192.0.3.1/up' }).end();
      });
      const proxyFor = (url: string) => (url.startsWith('http://192.0.3.1/') ? proxy.origin : undefined);
      const { target, signal } = registryClient(registry.origin, { proxyFor });
      const error = await failureOf(target.pushBlob({ content: fromBytes(BYTES), signal }));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message:
          'cannot connect to http://169.254.169.254: http://192.0.3.1 points there, and 169.254.169.254 is a link-local or metadata address',
      });
      expect(new Set(asked)).toEqual(new Set(['http://192.0.3.1/up']));
    },
  );
});

describe('a redirect of a registry', () => {
  test.each([
    ['to itself', (url: string) => url, 'redirects more than 5 times'],
    ['to ever new places', (url: string) => `${url}x`, 'redirects more than 5 times'],
    ['to another scheme', () => 'gopher://a.test/', 'not followed'],
  ] as const)('%s comes to an end', async (_, location, message) => {
    const server = await serve(({ url = '' }, response) => {
      response.writeHead(307, { location: location(url) }).end();
    });
    const { reader, signal } = registryClient(server.origin, { retries: 0 });
    const error = await failureOf(reader.listTags(signal));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(message), ...clear });
  });
});

describe('a token server', () => {
  /** A registry that wants a token of `realm`, by default of itself. */
  async function asked(token: Handler, realm?: string) {
    const authorizations: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      authorizations.push(request.headers.authorization);
      if (request.url?.startsWith('/token')) {
        token(request, response);
        return;
      }
      const where = realm ?? `http://${request.headers.host}/token`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${where}",service="s"` }).end();
    });
    const { reader, signal } = registryClient(server.origin, { retries: 0 });
    return { authorizations, error: await withinMemory(() => failureOf(reader.listTags(signal))) };
  }
  const says =
    (body: string): Handler =>
    (_, response) =>
      response.end(body);

  test.each<[what: string, token: Handler]>([
    ['whose answer never ends', (_, response) => sendForEver(response, '{"token":"')],
    ['whose error never ends', (_, response) => sendForEver(response.writeHead(500), '<')],
    ['that redirects', (_, response) => response.writeHead(302, { location: '/token2' }).end()],
    ['that gives a token with a line break', says('{"token":"a\\r\\nx-admin: 1"}')],
    ['that gives a token beyond Latin-1', says('{"token":"\u20ac"}')],
    ['that gives an object for a token', says('{"token":{"__proto__":"x"}}')],
    ['that gives nothing', says('')],
    ['that gives a nest of 30,000 lists', says('['.repeat(30_000))],
  ])('%s ends the run with an error of ours', async (_, token) => {
    const { error } = await asked(token);
    expect(error).toMatchObject({ code: expect.stringMatching(/^UN(SUPPORTED|AVAILABLE)$/), ...clear });
    expect(error.message).not.toContain(PASSWORD);
  });

  test.each(['-1', '0', '1e999', '"soon"', 'null', '{}'])(
    'that gives a token a life of %s is asked no more than for one of a minute',
    async (life) => {
      const { authorizations, error } = await asked(says(`{"token":"t","expires_in":${life}}`));
      expect(error.code).toBe('UNAUTHORIZED');
      expect(authorizations.length).toBe(3);
    },
  );

  test.each(['ftp://a.test/token', 'file:///token', '/token', 'http://[', 'not a URL', '', '\\\\a.test'])(
    'at %j gets no password',
    async (realm) => {
      const { authorizations, error } = await asked(says('{"token":"t"}'), realm);
      expect(error).toMatchObject({ code: 'UNSUPPORTED', ...clear });
      expect(authorizations).toEqual([undefined]);
    },
  );

  test.each(['http://169.254.169.254/token', 'http://127.0.0.1/token', 'https://[fd00::1]/token'])(
    'at %s gets no password of a public registry',
    async (realm) => {
      const seen: (string | undefined)[] = [];
      const proxy = await serve((request, response) => {
        seen.push(request.url);
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end();
      });
      const { reader, signal } = registryClient('http://r.example.com', { proxyFor: () => proxy.origin });
      const error = await failureOf(reader.listTags(signal));
      const { origin } = new URL(realm);
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining(origin),
        ...clear,
      });
      expect(seen.filter((url) => !url?.startsWith('http://r.example.com/'))).toEqual([]);
    },
  );
});

describe('what a registry repeats of the request in its documents', () => {
  /** Answers `path` with the result of `repeat` for the authorization. */
  async function reading(path: string, repeat: (word: string) => object) {
    const server = await serve((request, response) => {
      const { authorization = '', host } = request.headers;
      if (authorization === '')
        return response.writeHead(401, { 'www-authenticate': `Basic realm="http://${host}/"` }).end();
      const isAsked = request.url?.startsWith(path) === true;
      return isAsked && request.method === 'GET'
        ? response.end(JSON.stringify(repeat(authorization.replace('Basic ', ''))))
        : response.writeHead(404).end();
    });
    return registryClient(server.origin, { retries: 0 });
  }

  test('is not shown in a list of tags', async () => {
    const { reader, signal } = await reading('/v2/acme/llama/tags/list', (word) => ({
      tags: ['v1', word.replace(/=+$/, '')],
    }));
    const tags = await listTags(reader, signal);
    capture('the tags', tags);
    expect(tags.map(({ tag }) => tag).sort()).toEqual(['v1', '…']);
  });

  test('is not shown in the problems of an image', async () => {
    const { reader, signal } = await reading('/v2/acme/llama/manifests/v1', (word) => {
      const digest = sha256(Buffer.from(''));
      const layer = { mediaType: LAYER, digest, size: 0, annotations: { [HF_PATH]: `models/${word}` } };
      return {
        schemaVersion: 2,
        mediaType: `application/${word}`,
        config: { mediaType: CONFIG, digest, size: 2 },
        layers: [layer, layer],
      };
    });
    const validation = await validateImage(reader, { tag: 'v1' }, signal);
    capture('the validation', validation);
    expect(validation.mediaType).toBe('application/…');
    expect(validation.problems.join()).toContain('has more than one layer for models/…');
  });
});
