import { expect, test } from 'vitest';
import type { FakeRegistry } from './fake-registry.ts';
import { beginAt, call, locationOf, registryFor, sha256, withDigest } from './raw-http.ts';

const bytes = Buffer.from('0123456789');

function patch(registry: FakeRegistry, location: string, headers: Readonly<Record<string, string>> = {}) {
  return call(registry, 'PATCH', location, { body: bytes, headers });
}

test('hub answers 429 with the time to wait, until it has passed', async () => {
  let now = 0;
  const limits = { rate: { requests: 3, seconds: 60 } };
  const registry = await registryFor({ personality: 'hub', limits, now: () => now });
  const ping = async () => {
    const { status, headers } = await call(registry, 'GET', '/v2/');
    return [status, headers['retry-after']];
  };
  expect([await ping(), await ping(), await ping()]).toEqual(Array(3).fill([200, undefined]));
  now = 12_000;
  expect(await ping()).toEqual([429, '48']);
  now = 59_999;
  expect(await ping()).toEqual([429, '1']);
  now = 60_000;
  expect(await ping()).toEqual([200, undefined]);
});

test('an upload that artifactory-ha began at one node is unknown at the next', async () => {
  const registry = await registryFor({ personality: 'artifactory-ha' });
  const location = await beginAt(registry);
  const refused = await patch(registry, location);
  expect([refused.status, refused.text]).toEqual([404, expect.stringContaining('BLOB_UPLOAD_UNKNOWN')]);
  expect((await patch(registry, location)).status).toBe(202);
  expect(registry.log.map(({ node }) => node)).toEqual([0, 1, 0]);
});

test('blobs of artifactory-ha are there at every node', async () => {
  const registry = await registryFor({ personality: 'artifactory-ha' });
  const digest = registry.seedBlob('a/b', bytes);
  const head = async () => (await call(registry, 'HEAD', `/v2/a/b/blobs/${digest}`)).status;
  expect([await head(), await head()]).toEqual([200, 200]);
});

test('a cookie keeps an upload at its node, where there is one', async () => {
  const nodes = { count: 2, spread: 'in-turn', sticky: 'by-cookie' } as const;
  const registry = await registryFor({ personality: 'artifactory-ha', nodes });
  await call(registry, 'GET', '/v2/');
  const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
  expect(begun.headers['set-cookie']).toEqual(['sid=1; Path=/; HttpOnly']);
  const location = locationOf(begun);
  // By turns these would go to node 0, both of them.
  expect((await patch(registry, location, { cookie: 'other=2; sid=1' })).status).toBe(202);
  await call(registry, 'GET', '/v2/');
  expect((await patch(registry, location)).status).toBe(404);
});

test('nodes that go by the connection keep an upload on it', async () => {
  const nodes = { count: 2, spread: 'by-connection', sticky: 'no' } as const;
  const registry = await registryFor({ personality: 'dist28', nodes });
  const location = await beginAt(registry);
  // Each of these has a connection of its own.
  expect([(await patch(registry, location)).status, (await patch(registry, location)).status]).toEqual([
    404, 202,
  ]);
  expect(registry.log.map(({ node }) => node)).toEqual(registry.log.map(({ connection }) => connection % 2));
});

test('slow-commit answers 504 while it copies the blob, which is there some looks later', async () => {
  const registry = await registryFor({ personality: 'slow-commit' });
  const patched = await patch(registry, await beginAt(registry));
  const target = withDigest(locationOf(patched), sha256(bytes));
  const put = await call(registry, 'PUT', target);
  expect([put.status, put.headers['content-type']]).toEqual([504, 'text/html']);
  const head = async () => (await call(registry, 'HEAD', `/v2/a/b/blobs/${sha256(bytes)}`)).status;
  expect([await head(), await head(), await head(), await head()]).toEqual([404, 404, 404, 200]);
});

test('slow-commit knows no upload any more when its commit comes again', async () => {
  const registry = await registryFor({ personality: 'slow-commit' });
  const patched = await patch(registry, await beginAt(registry));
  const target = withDigest(locationOf(patched), sha256(bytes));
  expect((await call(registry, 'PUT', target)).status).toBe(504);
  const again = await call(registry, 'PUT', target);
  expect([again.status, again.text]).toEqual([404, expect.stringContaining('BLOB_UPLOAD_UNKNOWN')]);
});

test('put-only refuses every PATCH and takes the blob in the PUT', async () => {
  const registry = await registryFor({ personality: 'put-only' });
  const location = await beginAt(registry);
  expect((await patch(registry, location)).status).toBe(405);
  const put = await call(registry, 'PUT', withDigest(location, sha256(bytes)), { body: bytes });
  expect(put.status).toBe(201);
});

test('length-only wants the length of a body, and takes it then', async () => {
  const registry = await registryFor({ personality: 'length-only' });
  const location = await beginAt(registry);
  expect((await call(registry, 'PATCH', location, { body: bytes, chunked: true })).status).toBe(411);
  expect((await patch(registry, location)).status).toBe(202);
});
