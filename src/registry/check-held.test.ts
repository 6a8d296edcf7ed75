import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { sha256 } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { withRedirects } from '../http/redirect.ts';
import type { HttpRequest, HttpResponse, Transport } from '../http/transport.ts';
import { checkHeld, isHeld } from './check-held.ts';

const BYTES = Buffer.from('the blob');
const digest = sha256(BYTES);
const descriptor = { mediaType: '*/*', digest, size: BYTES.length };
const named = { 'docker-content-digest': digest };
const whole = { ...named, 'content-length': String(BYTES.length) };
const other = `sha256:${'0'.repeat(64)}`;

type Says = HttpResponse | Error;

/** A registry that gives these answers to HEAD and to GET, the last one again and again. */
function registryThat(head: readonly Says[], get: readonly Says[] = [answer(500)]) {
  const asked: HttpRequest[] = [];
  const clock = testClock();
  const authorized: Transport = async (request) => {
    const script = request.method === 'HEAD' ? head : get;
    const before = asked.filter(({ method }) => method === request.method).length;
    asked.push(request);
    const said = script[Math.min(before, script.length - 1)];
    if (said instanceof Error || said === undefined) throw said ?? new TypeError('no answer');
    return said;
  };
  const registry = { authorized, patient: withRedirects(5)(authorized), clock, head: { isRefused: false } };
  const question = {
    what: 'blob x in r.test/a',
    url: 'https://r.test/v2/a/blobs/x',
    descriptor,
    signal: new AbortController().signal,
  };
  return {
    asked: () =>
      asked.map(({ method, headers }) =>
        headers?.range === undefined ? method : `${method} ${headers.range}`,
      ),
    check: () => checkHeld(question, registry),
    isHeld: () => isHeld(question, registry),
    sleeps: clock.sleeps,
  };
}

const blocked = new ModelcarError('UNSUPPORTED', 'a private address');

/** The request that made us ask is in brackets; storage is asked by following a redirect. */
describe('the last check takes', () => {
  test.each<[proof: string, head: readonly Says[], get: readonly Says[], asked: readonly string[]]>([
    ['a 200 with digest and length', [answer(200, whole)], [], ['HEAD']],
    ['a 200 with the length alone', [answer(200, { 'content-length': '8' })], [], ['HEAD']],
    [
      'a digest that a proxy has doubled',
      [answer(200, { ...whole, 'docker-content-digest': `${digest}, ${digest}` })],
      [],
      ['HEAD'],
    ],
    // godoxy#169, Cloud Run: the length is 0 or missing in the answer to a HEAD
    [
      'a length of 0, where a GET tells the length',
      [answer(200, { ...named, 'content-length': '0' })],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
      ['HEAD', 'GET bytes=0-0'],
    ],
    [
      'no length, where a GET tells all of it',
      [answer(200, named)],
      [answer(200, whole)],
      ['HEAD', 'GET bytes=0-0'],
    ],
    ['no length anywhere', [answer(200, named)], [answer(200, named)], ['HEAD', 'GET bytes=0-0']],
    [
      'a length of what was compressed on the way',
      [answer(200, { ...whole, 'content-length': '5', 'content-encoding': 'gzip', etag: 'W/"x"' })],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
      ['HEAD', 'GET bytes=0-0'],
    ],
    // storage signs a URL for GET alone: containerd/stargz-snapshotter#167
    [
      'a GET, where HEAD is refused (403)',
      [answer(403)],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
      ['HEAD', 'GET bytes=0-0'],
    ],
    ['a GET, where HEAD is not known (405)', [answer(405)], [answer(200, whole)], ['HEAD', 'GET bytes=0-0']],
    [
      'a GET, where HEAD is not known (501)',
      [answer(501)],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
      ['HEAD', 'GET bytes=0-0'],
    ],
    // Harbor refuses to give what it has not scanned: goharbor/harbor#19408
    [
      'the success of the commit, where the registry lets nobody look (412)',
      [answer(412)],
      [answer(412)],
      ['HEAD', 'GET bytes=0-0'],
    ],
    [
      'the success of the commit, where the account may not pull (403)',
      [answer(403)],
      [answer(403)],
      ['HEAD', 'GET bytes=0-0'],
    ],
    [
      'the success of the commit, where neither is known (405)',
      [answer(405)],
      [answer(405)],
      ['HEAD', 'GET bytes=0-0'],
    ],
    [
      'what storage says that it redirects to',
      [answer(307, { location: 'https://s3.test/x' }), answer(200, { 'content-length': '8' })],
      [],
      ['HEAD', 'HEAD'],
    ],
    [
      'a redirect to storage that we cannot reach',
      [
        answer(307, { location: 'https://s3.test/x' }),
        blocked,
        answer(307, { location: 'https://s3.test/x' }),
      ],
      [],
      ['HEAD', 'HEAD', 'HEAD'],
    ],
    [
      'storage that refuses HEAD and GET',
      [answer(302, { location: 'https://s3.test/x' }), answer(403)],
      [answer(302, { location: 'https://s3.test/x' }), answer(403)],
      ['HEAD', 'HEAD', 'GET bytes=0-0', 'GET bytes=0-0'],
    ],
  ])('%s', async (_, head, get, asked) => {
    const registry = registryThat(head, get);
    await registry.check();
    expect(registry.asked()).toEqual(asked);
  });

  test('a blob that shows only after a while', async () => {
    const registry = registryThat([answer(404), answer(404), answer(200, whole)]);
    await registry.check();
    expect(registry.sleeps).toEqual([1000, 2000]);
  });

  test('an empty blob, of which no first byte can be sent', async () => {
    const empty = { ...descriptor, size: 0 };
    const authorized: Transport = async ({ method }) =>
      method === 'HEAD' ? answer(405) : answer(416, { 'content-range': 'bytes */0' });
    const registry = { authorized, patient: authorized, clock: testClock(), head: { isRefused: false } };
    const question = {
      what: 'x',
      url: 'https://r.test/x',
      descriptor: empty,
      signal: AbortSignal.timeout(60_000),
    };
    await checkHeld(question, registry);
  });

  test('nothing twice: where HEAD was refused once, the next blob is asked for with GET', async () => {
    const registry = registryThat([answer(405)], [answer(200, whole)]);
    await registry.check();
    await registry.check();
    expect(registry.asked()).toEqual(['HEAD', 'GET bytes=0-0', 'GET bytes=0-0']);
  });
});

describe('the last check ends the push', () => {
  test.each<[proof: string, head: readonly Says[], get: readonly Says[], message: RegExp]>([
    ['when the blob is absent', [answer(404)], [], /is not there/],
    [
      'when a HEAD without a length names another digest',
      [answer(200, { 'docker-content-digest': other })],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
      /expected sha256/,
    ],
    ['when it is gone', [answer(410)], [], /is not there/],
    ['when HEAD is refused and the blob is absent', [answer(405)], [answer(404)], /is not there/],
    [
      'when storage has lost what the registry knows',
      [
        answer(307, { location: 'https://s3.test/x' }),
        answer(404),
        answer(307, { location: 'https://s3.test/x' }),
        answer(404),
      ],
      [],
      /is not there/,
    ],
    [
      'when it is another blob',
      [answer(200, { ...whole, 'docker-content-digest': other })],
      [],
      /expected sha256/,
    ],
    [
      'when one of two digests is another',
      [answer(200, { ...whole, 'docker-content-digest': `${digest}, ${other}` })],
      [],
      /expected sha256/,
    ],
    [
      'when it has another length',
      [answer(200, { ...named, 'content-length': '7' })],
      [],
      /expected 8 bytes, got 7/,
    ],
    [
      'when the first byte is of another length',
      [answer(403)],
      [answer(206, { 'content-range': 'bytes 0-0/7' })],
      /expected 8 bytes, got 7/,
    ],
    [
      'when it is empty',
      [answer(200, { ...named, 'content-length': '0' })],
      [answer(416, { 'content-range': 'bytes */0' })],
      /expected 8 bytes, got 0/,
    ],
  ])('%s', async (_, head, get, message) => {
    expect(await failureOf(registryThat(head, get).check())).toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringMatching(message),
    });
  });

  test('with the error of the network, where no redirect vouches for the blob', async () => {
    expect(await failureOf(registryThat([new ModelcarError('UNAVAILABLE', 'reset')]).check())).toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

describe('a blob of an earlier run is taken to be there', () => {
  test.each<[boolean, what: string, head: readonly Says[], get: readonly Says[]]>([
    [true, 'with digest and length', [answer(200, whole)], []],
    [
      true,
      'with a GET, where HEAD is refused',
      [answer(403)],
      [answer(206, { 'content-range': 'bytes 0-0/8' })],
    ],
    [false, 'not where it is refused', [answer(403)], [answer(403)]],
    [false, 'not where it is absent', [answer(404)], []],
    [false, 'not where no first byte is given (416)', [answer(405)], [answer(416)]],
    [false, 'not with another length', [answer(200, { 'content-length': '7' })], []],
    [false, 'not with another digest', [answer(200, { 'docker-content-digest': other })], []],
  ])('%s: %s', async (expected, _, head, get) => {
    expect(await registryThat(head, get).isHeld()).toBe(expected);
  });
});
