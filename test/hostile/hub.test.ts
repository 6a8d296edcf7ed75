import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ModelcarError } from '../../src/core/error.ts';
import type { HttpRequest, Transport } from '../../src/http/transport.ts';
import { answer } from '../support/answer.ts';
import { httpServer, type RawServer } from '../support/raw-server.ts';
import { failureOf } from '../support/rejection.ts';
import { sendForEver, withinMemory } from './endless.ts';
import { COMMIT, FILE, hubClient } from './hostile-world.ts';

type Handler = (response: ServerResponse, request: IncomingMessage) => void;

interface HubHandlers {
  readonly info?: Handler;
  readonly tree?: Handler;
  readonly file?: Handler;
  readonly storage?: Handler;
}

const json =
  (body: string): Handler =>
  (response) =>
    response.setHeader('content-type', 'application/json').end(body);

const honest: Required<HubHandlers> = {
  info: json(JSON.stringify({ sha: COMMIT })),
  tree: json(JSON.stringify([{ type: 'file', path: FILE.path, size: 1000, lfs: { oid: FILE.oid.hex } }])),
  file: (response) => response.writeHead(302, { location: '/storage/w.bin?Signature=x' }).end(),
  storage: (response) => response.end(Buffer.alloc(1000)),
};

/** A Hub that is honest but for what the test makes of it. */
function hostileHub(handlers: HubHandlers): Promise<RawServer> {
  const all = { ...honest, ...handlers };
  return httpServer((request, response) => {
    const { url = '' } = request;
    if (url.includes('/revision/')) all.info(response, request);
    else if (url.includes('/tree/')) all.tree(response, request);
    else if (url.includes('/storage/')) all.storage(response, request);
    else all.file(response, request);
  });
}

const resolving = async (handlers: HubHandlers): Promise<ModelcarError> =>
  failureOf(hubClient((await hostileHub(handlers)).origin, { retries: 0 }).resolve());

const reading = async (handlers: HubHandlers): Promise<ModelcarError> =>
  failureOf(hubClient((await hostileHub(handlers)).origin, { retries: 0 }).read());

const endless =
  (status: number, piece: string): Handler =>
  (response) => {
    response.writeHead(status);
    sendForEver(response, piece);
  };

describe('a body without end costs no memory, and ends in an error of ours,', () => {
  const entry = JSON.stringify({ type: 'file', path: 'x', size: 1, oid: COMMIT });
  test.each<[what: string, handlers: HubHandlers, code: string]>([
    ['as the information of a model', { info: endless(200, '{"sha":"') }, 'UNSUPPORTED'],
    ['as a listing', { tree: endless(200, `[${entry},`) }, 'UNSUPPORTED'],
    ['as a page of an error', { info: endless(404, '<html>') }, 'UNSUPPORTED'],
    ['as an error in JSON', { tree: endless(403, '{"error":"') }, 'UNSUPPORTED'],
  ])('%s', async (_, handlers, code) => {
    const error = await withinMemory(() => resolving(handlers));
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
    expect(error.message.length).toBeLessThan(600);
  });

  test.each<[what: string, handlers: HubHandlers, code: string]>([
    ['as a file of the Hub', { file: endless(200, 'x') }, 'CONTENT_MISMATCH'],
    ['as a file of its storage', { storage: endless(200, 'x') }, 'CONTENT_MISMATCH'],
    ['as an error of its storage', { storage: endless(418, 'x') }, 'UNSUPPORTED'],
    [
      'behind a redirect',
      {
        file: (response) => {
          response.writeHead(302, { location: '/storage/x' });
          sendForEver(response, 'x');
        },
      },
      'CONTENT_MISMATCH',
    ],
  ])('%s', async (_, handlers, code) => {
    const error = await withinMemory(() => reading(handlers));
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
    expect(error.message.length).toBeLessThan(600);
  });
});

describe('redirects', () => {
  const to =
    (location: (url: string) => string): Handler =>
    (response, { url = '' }) =>
      response.writeHead(307, { location: location(url) }).end();

  test.each<[what: string, location: (url: string) => string]>([
    ['to the same place', (url) => url],
    ['to ever new places', (url) => `${url}x`],
  ])('%s come to an end', async (_, location) => {
    const infos = await resolving({ info: to(location) });
    expect(infos).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('redirects more than 10 times'),
    });
    const files = await reading({ file: to(location) });
    expect(files).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('redirects more than 10 times'),
    });
  });

  test.each([
    'ftp://a.test/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://',
    '\\\\a.test:99999',
    'http://a b/',
  ])('to %s are not followed', async (location) => {
    for (const error of [
      await resolving({ info: to(() => location) }),
      await reading({ file: to(() => location) }),
    ]) {
      expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('not followed') });
    }
  });

  test('from a public name to a private address are not followed, whatever is to be read', async () => {
    const asked: (string | undefined)[] = [];
    // Names that are not of this machine, by way of a proxy that is.
    const proxy = await httpServer((request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    });
    const hub = hubClient('http://hub.example.com', { proxyFor: () => proxy.origin, retries: 0 });
    for (const error of [await failureOf(hub.resolve()), await failureOf(hub.read())]) {
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message:
          'cannot connect to http://169.254.169.254: http://hub.example.com points there, and 169.254.169.254 is a link-local or metadata address',
        hint: expect.stringContaining('only a server with such an address'),
      });
    }
    expect(asked.filter((url) => !url?.startsWith('http://hub.example.com/'))).toEqual([]);
  });

  test('name the server that led to the storage, also when its signed URL is used again', async () => {
    const led: (string | undefined)[] = [];
    const mirrored = `https://other.test/acme/llama/resolve/${COMMIT}/w.bin`;
    const transport: Transport = async ({ url, redirectedFrom }) => {
      if (url.startsWith('https://hub.test/')) return answer(302, { location: mirrored });
      if (url === mirrored) return answer(302, { location: 'https://cdn.test/w.bin' });
      led.push(redirectedFrom);
      return answer(200, {}, 'too short');
    };
    await failureOf(hubClient('https://hub.test', { transport }).read());
    expect(led.length).toBeGreaterThan(1);
    expect(new Set(led)).toEqual(new Set([mirrored]));
  });
});

/** Answers a listing without a network, as fast as we can ask. */
function listing(page: (number: number) => string, next: (number: number) => string | undefined) {
  const requests: HttpRequest[] = [];
  const transport: Transport = async (request) => {
    requests.push(request);
    if (request.url.includes('/revision/')) return answer(200, {}, JSON.stringify({ sha: COMMIT }));
    const number = requests.length;
    const link = next(number);
    return answer(200, link === undefined ? {} : { link: `<${link}>; rel="next"` }, page(number));
  };
  return { requests, hub: hubClient('https://hub.test', { transport }) };
}

const nextCursor = (page: number) => `https://hub.test/api/models/acme/llama/tree/main?cursor=${page}`;

describe('a listing', () => {
  test('whose pages never end is given up after 5000 of them', async () => {
    const { hub, requests } = listing(() => '[]', nextCursor);
    const error = await failureOf(hub.resolve());
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: "the Hub's listing of acme/llama has more than 5000 pages",
      hint: expect.stringContaining('endpoint'),
    });
    expect(requests.length).toBe(5001);
  });

  test('whose files never end is given up after 250,000 of them', async () => {
    // So many on one page that each as an argument of its own would overflow the stack.
    const page = Array(130_000).fill(`{"type":"file","path":"x","size":1,"oid":"${COMMIT}"}`).join();
    const { hub, requests } = listing(() => `[${page}]`, nextCursor);
    const error = await failureOf(hub.resolve());
    expect(error.message).toBe("the Hub's listing of acme/llama has more than 250000 files");
    expect(requests.length).toBe(3);
  });

  test.each([
    ['of 20,000 words for a licence', `${'license'.repeat(20_000)}/x`, 'the path is longer than 4095 bytes'],
    ['of 150 KB', 'x'.repeat(150_000), 'the path is longer than 4095 bytes'],
    ['with a component of 256 bytes', `a/${'é'.repeat(128)}`, 'a component is longer than 255 bytes'],
  ])('with a path %s is refused at once, and costs no memory', async (_, path, reason) => {
    // The largest page, a hundred times.
    const entry = JSON.stringify({ type: 'file', path, size: 1, oid: COMMIT });
    const page = `[${Array(100).fill(entry).join()}]`;
    const { hub, requests } = listing(() => page, nextCursor);
    const error = await withinMemory(() => failureOf(hub.resolve()));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`^cannot read the Hub's listing: ${reason}: ".{1,310}$`)),
      hint: expect.stringContaining('Rename'),
    });
    expect(requests.length).toBe(2);
  });

  test('whose paths never end is given up after 32 MiB of them', async () => {
    const path = (index: number) => `${'d'.repeat(250)}/`.repeat(16) + index;
    const page = (number: number) =>
      JSON.stringify(
        Array.from({ length: 1_000 }, (_, index) => ({
          type: 'file',
          path: path(1_000 * number + index),
          size: 1,
          oid: COMMIT,
        })),
      );
    const { hub, requests } = listing(page, nextCursor);
    const error = await withinMemory(() => failureOf(hub.resolve()));
    expect(error.message).toBe("the Hub's listing of acme/llama has more than 32 MiB of paths");
    expect(requests.length).toBe(10);
  });

  test('of folders and nothing else is given up after 128 MiB', async () => {
    const page = JSON.stringify(Array(3_000).fill({ type: 'directory', path: 'd'.repeat(700) }));
    const { hub, requests } = listing(() => page, nextCursor);
    const error = await withinMemory(() => failureOf(hub.resolve()));
    expect(error.message).toBe("the Hub's listing of acme/llama is longer than 128 MiB");
    expect(requests.length).toBeLessThan(75);
  });

  test('in the description of a model has the same limits', async () => {
    const siblings = Array(260_000).fill({ rfilename: 'x' });
    const description = json(JSON.stringify({ sha: COMMIT, siblings }));
    const error = await resolving({
      tree: (response) => response.writeHead(404).end(),
      info: description,
    });
    expect(error.message).toBe("the Hub's listing of acme/llama has more than 250000 files");
  });

  test.each(['9007199254740993', '-1', '"1000"', '1e999', '1.5', 'null', '{}', '9007199254740991'])(
    'with a file of %s bytes is refused',
    async (size) => {
      const entry = `{"type":"file","path":"x","size":${size},"oid":"${COMMIT}"}`;
      const error = await resolving({ tree: json(`[${entry}]`) });
      expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('endpoint') });
    },
  );

  test.each([
    ['brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', `${'[{"lfs":'.repeat(100_000)}1${'}]'.repeat(100_000)}`],
  ])('of %s in each other, 100,000 deep, is refused', async (_, body) => {
    expect(await resolving({ tree: json(body) })).toMatchObject({ code: 'UNSUPPORTED' });
    expect(await resolving({ info: json(body) })).toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('of a million entries that are none is refused for the first of them', async () => {
    const body = `[${'0,'.repeat(1_000_000)}0]`;
    const error = await withinMemory(() => resolving({ tree: json(body) }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('not a listing') });
  });
});
