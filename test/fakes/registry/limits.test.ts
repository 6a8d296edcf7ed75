import { expect, test, vi } from 'vitest';
import { secret } from '../../support/secrets.ts';
import type { FakeRegistry } from './fake-registry.ts';
import type { PersonalityName } from './personalities.ts';
import { beginAt, call, locationOf, registryFor, sendPart, sha256, withDigest } from './raw-http.ts';

const bytes = Buffer.from('0123456789');

/** A client that stops in its body and waits; resolves when the registry has ended the connection. */
async function stall(registry: FakeRegistry, location: string): Promise<string> {
  const socket = await sendPart(registry, location, { bytes: bytes.subarray(0, 6), declared: 10 });
  const said: Buffer[] = [];
  socket.on('data', (piece: Buffer) => said.push(piece));
  await new Promise((resolve) => socket.once('close', resolve));
  await vi.waitFor(() => expect(registry.log.at(-1)?.cut).toBe('registry'));
  return Buffer.concat(said).toString();
}

test.each<[PersonalityName, number, string | undefined]>([
  ['zot', 404, undefined],
  ['dist3', 204, '0-5'],
  ['dist28', 404, undefined],
])('the minute that %s gives a request ends it without an answer', async (personality, status, range) => {
  // zot has it by itself.
  const limits = personality === 'zot' ? {} : { requestSeconds: 60 };
  const registry = await registryFor({ personality, limits, secondMs: 1 });
  const location = await beginAt(registry);
  expect(await stall(registry, location)).toBe('');
  expect(await call(registry, 'GET', location)).toMatchObject({ status });
  expect((await call(registry, 'GET', location)).headers.range).toBe(range);
});

test('a request that is over within its minute is answered', async () => {
  const registry = await registryFor({ personality: 'zot' });
  expect((await call(registry, 'PATCH', await beginAt(registry), { body: bytes })).status).toBe(202);
});

test('ghcr forgets an upload ten minutes after it began, however often it was heard of', async () => {
  let now = 0;
  const registry = await registryFor({ personality: 'ghcr', now: () => now });
  const location = await beginAt(registry);
  now = 599_000;
  const patched = await call(registry, 'PATCH', location, { body: bytes });
  expect(patched.status).toBe(202);
  now = 600_000;
  expect((await call(registry, 'GET', locationOf(patched))).status).toBe(404);
  expect(registry.openSessions).toBe(0);
});

test('ghcr cuts a body that is under way when the ten minutes are over', async () => {
  const registry = await registryFor({ personality: 'ghcr', secondMs: 0.2 });
  const location = await beginAt(registry);
  expect(await stall(registry, location)).toBe('');
  expect((await call(registry, 'GET', location)).status).toBe(404);
});

test.each(['quay', 'ghcr'] as const)(
  '%s says that it is the layer that is too large',
  async (personality) => {
    const refusal = { status: 413, code: 'BLOB_UPLOAD_INVALID', message: 'the layer is too large' };
    const registry = await registryFor({ personality, limits: { layerBytes: { limit: 15, refusal } } });
    const first = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
    expect(first.status).toBe(202);
    const second = await call(registry, 'PATCH', locationOf(first), {
      headers: { 'content-range': '10-19' },
      body: bytes,
    });
    expect([second.status, second.text]).toEqual([413, expect.stringContaining('the layer is too large')]);
  },
);

test('the layers of quay may have 20 GB, those of ghcr 10 GB', async () => {
  const limits = await Promise.all(
    (['quay', 'ghcr'] as const).map(
      async (personality) => (await registryFor({ personality })).personality.limits,
    ),
  );
  expect(limits.map(({ layerBytes }) => layerBytes?.limit)).toEqual([20e9, 10e9]);
});

test.each([
  ['collects', 204],
  ['passes-on', 404],
] as const)('a proxy that %s bodies refuses a stream that is too large', async (proxy, status) => {
  const bodyBytes = { limit: 5, proxy };
  const registry = await registryFor({ personality: 'dist28', limits: { bodyBytes } });
  const location = await beginAt(registry);
  const streamed = await call(registry, 'PATCH', location, { body: bytes, chunked: true });
  expect([streamed.status, streamed.headers['content-type']]).toEqual([413, 'text/html']);
  expect((await call(registry, 'GET', location)).status).toBe(status);
});

test('a proxy refuses a declared length at once, and lets through what is no larger than its limit', async () => {
  const bodyBytes = { limit: 5, proxy: 'passes-on' } as const;
  const registry = await registryFor({ personality: 'dist28', limits: { bodyBytes } });
  const location = await beginAt(registry);
  expect((await call(registry, 'PATCH', location, { body: bytes })).status).toBe(413);
  expect(registry.log.at(-1)?.bytesReceived).toBe(0);
  expect((await call(registry, 'PATCH', location, { body: bytes.subarray(5) })).status).toBe(202);
});

test('what a test asks for goes before the limits', async () => {
  const registry = await registryFor({
    personality: 'slow-commit',
    faults: [{ on: 'upload-put', answer: { status: 502, at: 'stored' } }],
  });
  const target = withDigest(await beginAt(registry), sha256(bytes));
  expect((await call(registry, 'PUT', target, { body: bytes })).status).toBe(502);
});

test.each<[PersonalityName, number]>([
  ['hub', 300],
  ['harbor', 1_800],
  ['quay', 3_600],
  ['gar', 3_600],
  ['acr', 4_500],
])('tokens of %s live for %i seconds', async (personality, life) => {
  const account = { username: 'ada', password: secret('password') };
  const registry = await registryFor({ personality, auth: { kind: 'bearer', ...account } });
  const authorization = `Basic ${Buffer.from(`ada:${account.password}`).toString('base64')}`;
  const answer = await call(registry, 'GET', '/token?scope=repository:a/b:pull,push', {
    headers: { authorization },
  });
  expect(JSON.parse(answer.text)).toMatchObject({ expires_in: life });
});
