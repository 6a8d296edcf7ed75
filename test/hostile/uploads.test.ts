import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { someBytes } from '../support/byte-sources.ts';
import { httpServer } from '../support/raw-server.ts';
import { failureOf } from '../support/rejection.ts';
import { registryClient } from './hostile-world.ts';

const BYTES = someBytes(300_000);
/** Goes in one request, or in two. */
const FEW_BYTES = someBytes(20_000);
const RETRIES = 3;

/** What a registry says to one request: status and headers. `turn` counts the requests of the same method. */
type Say = (
  turn: number,
  request: IncomingMessage,
) => readonly [status: number, headers?: Record<string, string>];

/** A registry that opens sessions, takes everything and commits it, but for what the test makes of it. */
async function hostileRegistry(says: Readonly<Record<string, Say>>, bytes = BYTES) {
  const turns: Record<string, number> = {};
  const honest: Readonly<Record<string, Say>> = {
    POST: (turn) => [202, { location: `/up/${turn}` }],
    PATCH: (_, { url = '' }) => [202, { location: url }],
    GET: (_, { url = '' }) => [204, { location: url, range: '0-0' }],
    PUT: () => [201],
    HEAD: () => [404],
    DELETE: () => [204],
  };
  const server = await httpServer((request: IncomingMessage, response: ServerResponse) => {
    const { method = '' } = request;
    turns[method] = (turns[method] ?? 0) + 1;
    const [status, headers = {}] = (says[method] ?? honest[method])?.(turns[method], request) ?? [500];
    request.resume();
    request.once('end', () => response.writeHead(status, headers).end());
  });
  const { target, signal } = registryClient(server.origin, { retries: RETRIES });
  return {
    push: () => target.pushBlob({ content: fromBytes(bytes), signal }),
    check: () => target.checkBlob({ mediaType: '*/*', digest: sha256(BYTES), size: BYTES.length }, signal),
    requests: () => Object.values(turns).reduce((sum, count) => sum + count, 0),
  };
}

const sameWithRange =
  (status: number, range: (turn: number) => string): Say =>
  (turn, { url = '' }) => [status, { location: url, range: range(turn) }];

/** Any numbers, the same ones every time. */
const random = (turn: number): number => (Math.imul(turn, 2_654_435_761) >>> 0) % (2 * BYTES.length);

describe('an upload comes to its end within a hundred requests where the registry', () => {
  test.each<[what: string, says: Record<string, Say>, code: string]>([
    [
      'opens a session for ever and loses it at once',
      { PATCH: () => [404], PUT: () => [404] },
      'UNAVAILABLE',
    ],
    ['takes everything and loses it at the end', { PUT: () => [404] }, 'REJECTED'],
    ['finds everything too large', { PATCH: () => [413] }, 'REJECTED'],
    ['finds every range out of order', { PATCH: () => [416], PUT: () => [416] }, 'UN|REJECTED'],
    [
      'is busy, and further by a byte each time',
      { PATCH: () => [503], GET: sameWithRange(204, (turn) => `0-${turn}`) },
      'UNAVAILABLE',
    ],
    ['takes a byte of each request', { PATCH: sameWithRange(202, (turn) => `0-${turn}`) }, 'UNAVAILABLE'],
    [
      'wants a byte in each request',
      { POST: (_, { url = '' }) => [202, { location: `${url}1`, 'oci-chunk-max-length': '1' }] },
      'REJECTED',
    ],
    [
      'finds every range out of order, at any offset',
      { PATCH: sameWithRange(416, (turn) => `0-${random(turn)}`) },
      'UN|REJECTED',
    ],
    [
      'has taken more than there is',
      { PATCH: () => [503], GET: sameWithRange(204, () => '0-999999999') },
      'UNAVAILABLE',
    ],
    [
      'has taken more than there is, and ever more',
      { PATCH: sameWithRange(416, (turn) => `0-${turn * 1_000_000}`) },
      'UN|REJECTED',
    ],
    ['is busy for ever', { PATCH: () => [503, { 'retry-after': '999999999' }] }, 'UNAVAILABLE'],
    ['limits the rate for ever', { POST: () => [429, { 'retry-after': '999999999' }] }, 'RATE_LIMITED'],
    [
      'refuses the commit as out of order for ever',
      { PUT: () => [416], GET: sameWithRange(204, () => `0-${BYTES.length - 1}`) },
      'UNAVAILABLE',
    ],
    [
      'wants another token for ever',
      { PATCH: () => [401, { 'www-authenticate': 'Basic realm="x"' }] },
      'UNAUTHORIZED',
    ],
    ['is a page for people', { POST: () => [200, { 'content-type': 'text/html' }] }, 'UNSUPPORTED'],
    ['gives a session nowhere', { POST: () => [202] }, 'UNSUPPORTED'],
    ['redirects every request of it', { POST: () => [307, { location: '/v2/' }] }, 'UN|REJECTED'],
  ])('%s', async (_, says, code) => {
    const { push, requests } = await hostileRegistry(says);
    const error = await failureOf(push());
    expect(error).toMatchObject({ code: expect.stringMatching(code), hint: expect.stringMatching(/\w/) });
    expect(requests()).toBeLessThan(100);
  });
});

describe('an upload of a small blob comes to its end within a hundred requests where the registry', () => {
  const always = (status: number, headers = {}): Record<string, Say> => ({
    PUT: () => [status, headers],
    PATCH: () => [status, headers],
  });

  test.each<[what: string, says: Record<string, Say>, code: string]>([
    ['opens a session for ever and loses it at once', always(404), 'UNAVAILABLE'],
    ['finds everything too large', always(413), 'REJECTED'],
    ['finds everything out of order', always(416), 'UN|REJECTED'],
    ['finds everything bad', always(400), 'REJECTED'],
    ['knows no request that brings bytes', always(405), 'REJECTED'],
    ['breaks at every byte', always(500), 'UNAVAILABLE'],
    ['is busy for ever', always(503, { 'retry-after': '999999999' }), 'UNAVAILABLE'],
    ['wants another token for ever', always(401, { 'www-authenticate': 'Basic realm="x"' }), 'UNAUTHORIZED'],
    ['redirects all bytes to where they come from', always(307, { location: '/up/1' }), 'UN|REJECTED'],
    ['takes the bytes and loses them', { PUT: () => [504] }, 'UN|REJECTED'],
    ['limits the rate for ever', { POST: () => [429, { 'retry-after': '999999999' }] }, 'RATE_LIMITED'],
    ['breaks before there is a session', { POST: () => [500] }, 'UNAVAILABLE'],
    ['is a page for people', { POST: () => [200, { 'content-type': 'text/html' }] }, 'UNSUPPORTED'],
    ['gives a session nowhere', { POST: () => [202] }, 'UNSUPPORTED'],
    ['redirects every request of it', { POST: () => [307, { location: '/v2/' }] }, 'UN|REJECTED'],
  ])('%s', async (_, says, code) => {
    const { push, requests } = await hostileRegistry(says, FEW_BYTES);
    const error = await failureOf(push());
    expect(error).toMatchObject({ code: expect.stringMatching(code), hint: expect.stringMatching(/\w/) });
    expect(requests()).toBeLessThan(100);
  });
});

test.each<[what: string, says: Record<string, Say>]>([
  ['says 202 to everything', { PUT: () => [202] }],
  ['commits what it never got', { PATCH: sameWithRange(202, () => '0-0') }],
])('a registry that %s is found out by the check of the blob', async (_, says) => {
  const { push, check } = await hostileRegistry(says);
  await push();
  expect(await failureOf(check())).toMatchObject({
    code: 'CONTENT_MISMATCH',
    message: expect.stringContaining('is not there, though the registry took it'),
  });
});
