import { describe, expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import { capturingErrors } from '../support/captures.ts';
import { failureOf } from '../support/rejection.ts';
import { type HubWorld, hubWorld, siblingOf, TOKEN } from './hub-world.ts';

/** The first bytes of a large file, which tell what the file is before anything is pushed. */

const SIZE = 40 * 2 ** 20;
const files = { 'w.bin': synthetic({ size: SIZE, sha256: 'claimed' }) };
const options: FakeHubOptions = {
  repos: [{ id: 'acme/tiny', private: true, files }],
  tokens: { [TOKEN]: { user: 'jane', reads: ['acme/tiny'] } },
};

/** The first bytes, read anew: the log has the requests for them alone. */
async function headOf({ hub, source, resolve }: HubWorld, signal = new AbortController().signal) {
  const model = await resolve('acme/tiny');
  hub.clearLog();
  const reasons: string[] = [];
  const onRetry = ({ reason }: { reason: string }) => reasons.push(reason);
  const read = source.firstBytes(model, siblingOf(model, 'w.bin'), 64, signal, { onRetry });
  return { bytes: await capturingErrors('reading first bytes', read), reasons };
}

const asked = (hub: FakeHub) =>
  hub.log.map(({ method, routeClass, range, status }) => [method, routeClass, range, status]);

test('the first bytes take one small request to the storage, which never gets the token', async () => {
  const world = await hubWorld(options, { token: TOKEN });
  const { bytes, reasons } = await headOf(world);
  expect([bytes.length, reasons]).toEqual([64, []]);
  expect(asked(world.hub)).toEqual([
    ['GET', 'resolve', undefined, 302],
    ['GET', 'cdn', 'bytes=0-63', 206],
  ]);
  expect(world.hub.bytesSent({ on: 'cdn' })).toBe(64);
  expect(world.hub.requests({ on: 'resolve' }).every(({ hadAuthorization }) => hadAuthorization)).toBe(true);
  expect(world.hub.leaks()).toEqual([]);
});

describe('a server that ignores the range', () => {
  test.each([
    ['is the storage', 'cdn', {}],
    ['is a mirror that sends files itself', 'resolve', { persona: 'hfd' }],
  ] as const)('%s: it is left after the first bytes', async (_, on, more) => {
    const world = await hubWorld({ ...options, ...more }, { token: TOKEN });
    world.hub.addFault({ on: ['cdn', 'resolve'], kind: 'ignore-range', times: Infinity });
    expect((await headOf(world)).bytes.length).toBe(64);
    const [last] = world.hub.log.slice(-1);
    expect([last?.routeClass, last?.status]).toEqual([on, 200]);
    await expect.poll(() => last?.outcome).not.toBe('open');
    // What was in the buffers of both ends when the connection was closed.
    expect(last?.bytesSent).toBeLessThan(SIZE / 2);
  });
});

describe('what passes', () => {
  test.each([
    ['a 429 of the Hub', { on: 'resolve', kind: 'status', status: 429 }],
    ['a failure of the storage', { on: 'cdn', kind: 'status', status: 503 }],
    ['a connection that is cut', { on: 'cdn', kind: 'cut', afterBytes: 10 }],
    ['a URL that the storage refuses', { on: 'cdn', kind: 'status', status: 403 }],
  ] as const)('is tried again: %s', async (_, fault) => {
    const world = await hubWorld(options, { token: TOKEN });
    world.hub.addFault({ ...fault, method: 'GET' });
    const { bytes, reasons } = await headOf(world);
    expect(bytes.length).toBe(64);
    expect(reasons.length).toBe(1);
  });

  test('such as storage that serves only the range of a signed URL', async () => {
    const world = await hubWorld({ ...options, bareUrls: 'nothing' }, { token: TOKEN });
    expect((await headOf(world)).bytes.length).toBe(64);
    expect(asked(world.hub).slice(-2)).toEqual([
      ['GET', 'resolve', 'bytes=0-63', 302],
      ['GET', 'cdn', 'bytes=0-63', 206],
    ]);
  });
});

test('a failure that stays ends the read after the retries, and names the file', async () => {
  const world = await hubWorld(options, { token: TOKEN, retries: 2 });
  world.hub.addFault({ on: 'cdn', kind: 'status', status: 500, times: Infinity });
  expect(await failureOf(headOf(world))).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('cannot read w.bin of acme/tiny'),
  });
  expect(world.hub.requests({ on: 'cdn' }).length).toBe(3);
});

test('a gate that closes after the listing is reported as a gate', async () => {
  const world = await hubWorld(options, { token: TOKEN });
  const model = await world.resolve('acme/tiny');
  world.hub.repo('acme/tiny').gated = 'manual';
  const { signal } = new AbortController();
  const read = world.source.firstBytes(model, siblingOf(model, 'w.bin'), 64, signal);
  expect(await failureOf(read)).toMatchObject({ code: 'GATED' });
});
