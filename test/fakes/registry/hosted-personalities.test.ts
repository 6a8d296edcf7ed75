import { expect, test, vi } from 'vitest';
import type { FakeRegistry } from './fake-registry.ts';
import {
  beginAt,
  call,
  locationOf,
  type RawAnswer,
  registryFor,
  sendPart,
  sha256,
  withDigest,
} from './raw-http.ts';

const bytes = Buffer.from('0123456789');
const mebibyte = 1024 * 1024;

function chunk(registry: FakeRegistry, location: string, start: number, body: Buffer): Promise<RawAnswer> {
  const headers = { 'content-range': `${start}-${start + body.length - 1}` };
  return call(registry, 'PATCH', location, { headers, body });
}

/** One chunk is there, and the next was cut after two of its bytes. */
async function cutInSecondChunk(registry: FakeRegistry, first = bytes.subarray(0, 4)): Promise<string> {
  const patched = await chunk(registry, await beginAt(registry), 0, first);
  const location = locationOf(patched);
  const contentRange = `${first.length}-${first.length + 3}`;
  const part = { bytes: bytes.subarray(4, 6), declared: 4, contentRange };
  const socket = await sendPart(registry, location, part);
  await vi.waitFor(() => expect(registry.log.at(-1)?.bytesReceived).toBe(2));
  socket.destroy();
  await vi.waitFor(() => expect(registry.log.at(-1)?.cut).toBe('client'));
  return location;
}

test('zot deletes a session whose body broke off', async () => {
  const registry = await registryFor({ personality: 'zot' });
  const location = await cutInSecondChunk(registry);
  expect((await call(registry, 'GET', location)).status).toBe(404);
  expect(registry.openSessions).toBe(0);
});

test('zot refuses a chunk at a wrong offset and keeps the session', async () => {
  const registry = await registryFor({ personality: 'zot' });
  const location = await beginAt(registry);
  await chunk(registry, location, 0, bytes.subarray(0, 6));
  expect((await chunk(registry, location, 0, bytes)).status).toBe(416);
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-5');
  expect((await chunk(registry, location, 6, bytes.subarray(6))).status).toBe(202);
});

test('zot answers 405 to a source without a digest', async () => {
  const registry = await registryFor({ personality: 'zot' });
  expect((await call(registry, 'POST', '/v2/a/b/blobs/uploads/?from=x/y')).status).toBe(405);
});

test('zot mounts without being told where from', async () => {
  const registry = await registryFor({ personality: 'zot' });
  const digest = registry.seedBlob('x/y', bytes);
  expect((await call(registry, 'POST', `/v2/a/b/blobs/uploads/?mount=${digest}`)).status).toBe(201);
});

test('quay counts exclusively when asked, gives no Location there, and keeps whole chunks only', async () => {
  const registry = await registryFor({ personality: 'quay' });
  const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
  expect(begun.headers.range).toBe('bytes=0--1');
  const status = await call(registry, 'GET', await cutInSecondChunk(registry));
  expect(status).toMatchObject({ status: 204, headers: { range: 'bytes=0-4' } });
  expect(status.headers.location).toBeUndefined();
});

test('quay passes over bytes it has and refuses a gap', async () => {
  const registry = await registryFor({ personality: 'quay' });
  const location = await beginAt(registry);
  await chunk(registry, location, 0, bytes.subarray(0, 6));
  expect((await chunk(registry, location, 7, bytes.subarray(7))).status).toBe(416);
  expect((await chunk(registry, location, 4, bytes.subarray(4))).status).toBe(202);
  expect((await call(registry, 'PUT', withDigest(location, sha256(bytes)))).status).toBe(201);
});

test('forgejo streams once, then wants a Content-Range', async () => {
  const registry = await registryFor({ personality: 'forgejo' });
  const location = await beginAt(registry);
  await call(registry, 'PATCH', location, { body: bytes.subarray(0, 4), chunked: true });
  const streamed = await call(registry, 'PATCH', location, { body: bytes.subarray(4), chunked: true });
  expect(streamed.status).toBe(400);
  expect(streamed.text).toContain('Stream uploads after first write');
  expect((await chunk(registry, location, 4, bytes.subarray(4))).status).toBe(202);
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-10');
});

test('forgejo refuses a chunk at a wrong offset, and tells its state without a Location', async () => {
  const registry = await registryFor({ personality: 'forgejo' });
  const location = await beginAt(registry);
  await chunk(registry, location, 0, bytes.subarray(0, 4));
  expect((await chunk(registry, location, 5, bytes.subarray(5))).status).toBe(416);
  const status = await call(registry, 'GET', location);
  expect(status).toMatchObject({ status: 204, headers: { range: '0-4' } });
  expect(status.headers.location).toBeUndefined();
});

test('quay ends the upload when its PUT fails', async () => {
  const registry = await registryFor({ personality: 'quay' });
  const location = await beginAt(registry);
  await call(registry, 'PATCH', location, { body: bytes });
  expect((await call(registry, 'PUT', withDigest(location, sha256('other')))).status).toBe(400);
  expect((await call(registry, 'GET', location)).status).toBe(404);
});

test('forgejo is poisoned by a cut: the status looks fine and no write succeeds', async () => {
  const registry = await registryFor({ personality: 'forgejo' });
  const location = await cutInSecondChunk(registry);
  expect(await call(registry, 'GET', location)).toMatchObject({ status: 204, headers: { range: '0-4' } });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    expect((await chunk(registry, location, 4, bytes.subarray(4))).status).toBe(500);
  }
});

test('ecr answers 201 with a Range that stays at the first chunk, and refuses small parts at the PUT', async () => {
  const registry = await registryFor({ personality: 'ecr', repositories: ['a/b'] });
  const location = await beginAt(registry);
  const first = await chunk(registry, location, 0, bytes.subarray(0, 4));
  const second = await chunk(registry, location, 4, bytes.subarray(4, 8));
  expect([first.status, first.headers.range]).toEqual([201, '0-3']);
  expect([second.status, second.headers.range]).toEqual([201, '0-3']);
  expect((await call(registry, 'PUT', withDigest(location, sha256(bytes)))).status).toBe(500);
  const withLast = await call(registry, 'PUT', withDigest(location, sha256(bytes)), {
    body: bytes.subarray(8),
  });
  expect(withLast.status).toBe(400);
  expect(withLast.text).toContain('LayerPartTooSmall');
});

test('ecr takes the last chunk in the PUT, and answers an empty PUT behind chunks with 500', async () => {
  const registry = await registryFor({ personality: 'ecr', repositories: ['a/b'], keepBytes: 0 });
  const part = Buffer.alloc(5 * mebibyte, 7);
  const whole = sha256(Buffer.concat([part, part, bytes]));
  const location = await beginAt(registry);
  await chunk(registry, location, 0, part);
  await chunk(registry, location, part.length, part);
  expect((await call(registry, 'PUT', withDigest(location, whole))).status).toBe(500);
  const start = 2 * part.length;
  const put = await call(registry, 'PUT', withDigest(location, whole), {
    headers: { 'content-range': `${start}-${start + bytes.length - 1}` },
    body: bytes,
  });
  expect(put.status).toBe(201);
});

test('ecr refuses a part over 10 MiB, forgets an upload that was cut, and mounts nothing', async () => {
  const registry = await registryFor({ personality: 'ecr', repositories: ['a/b'], keepBytes: 0 });
  const large = await chunk(registry, await beginAt(registry), 0, Buffer.alloc(10 * mebibyte + 1));
  expect([large.status, large.text]).toEqual([400, expect.stringContaining('LayerPartTooLarge')]);
  const location = await cutInSecondChunk(registry);
  expect((await call(registry, 'GET', location)).status).toBe(404);
  const digest = registry.seedBlob('x/y', bytes);
  const mount = await call(registry, 'POST', `/v2/a/b/blobs/uploads/?mount=${digest}&from=x/y`);
  expect(mount.status).toBe(202);
});

test('ecr tells no Location for a manifest', async () => {
  const registry = await registryFor({ personality: 'ecr', repositories: ['a/b'] });
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: registry.seedBlob('a/b', bytes),
  };
  const answer = await call(registry, 'PUT', '/v2/a/b/manifests/v1', {
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body: JSON.stringify({ schemaVersion: 2, config, layers: [] }),
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.location).toBeUndefined();
});

test('ecr hangs up on an upload to a repository that does not exist', async () => {
  const registry = await registryFor({ personality: 'ecr' });
  await expect(call(registry, 'POST', '/v2/no/such/blobs/uploads/')).rejects.toThrow('socket hang up');
  expect(registry.log.at(-1)).toMatchObject({ cut: 'registry', status: 0 });
});

test('ghcr refuses a chunk over 4 MiB with a 416, yet streams any length', async () => {
  const registry = await registryFor({ personality: 'ghcr' });
  const large = Buffer.alloc(4 * mebibyte + 1);
  const refused = await chunk(registry, await beginAt(registry), 0, large);
  expect(refused.status).toBe(416);
  expect(refused.text).toContain('4.00MiB');
  const exact = await chunk(registry, await beginAt(registry), 0, large.subarray(1));
  expect(exact.status).toBe(202);
  const streamed = await call(registry, 'PATCH', await beginAt(registry), { body: large, chunked: true });
  expect(streamed.status).toBe(202);
});

test('gar refuses any Content-Range and has its uploads outside /v2/', async () => {
  const registry = await registryFor({ personality: 'gar' });
  const location = await beginAt(registry);
  expect(new URL(location).pathname).toMatch(/^\/artifacts-uploads\/namespaces\/a\/b\/uploads\//);
  expect((await chunk(registry, location, 0, bytes)).status).toBe(416);
  expect((await call(registry, 'PATCH', location, { body: bytes })).status).toBe(202);
});

test('gcr refuses any Content-Range with a 400, and neither of them tells the state of an upload', async () => {
  for (const personality of ['gar', 'gcr'] as const) {
    const registry = await registryFor({ personality });
    const location = await beginAt(registry);
    expect((await chunk(registry, location, 0, bytes)).status).toBe(personality === 'gcr' ? 400 : 416);
    expect((await call(registry, 'GET', location)).status).toBe(404);
  }
});

test('acr has more than its state in a Location, and loses an upload that was cut', async () => {
  const registry = await registryFor({ personality: 'acr' });
  const location = await beginAt(registry);
  expect(new URL(location).search).toMatch(/^\?_nouploadcache=false&_state=/);
  expect((await call(registry, 'GET', location)).status).toBe(204);
  const lost = await call(registry, 'GET', await cutInSecondChunk(registry));
  expect([lost.status, lost.text]).toEqual([404, expect.stringContaining('BLOB_UPLOAD_INVALID')]);
});

test('acr wants a Content-Range as the spec writes it', async () => {
  const registry = await registryFor({ personality: 'acr' });
  const rfc = { headers: { 'content-range': 'bytes 0-9/*' }, body: bytes };
  expect((await call(registry, 'PATCH', await beginAt(registry), rfc)).status).toBe(400);
  expect((await chunk(registry, await beginAt(registry), 0, bytes)).status).toBe(202);
});

test('acr answers a commit that comes again with a 416', async () => {
  const registry = await registryFor({ personality: 'acr' });
  const target = withDigest(await beginAt(registry), sha256(bytes));
  expect((await call(registry, 'PUT', target, { body: bytes })).status).toBe(201);
  expect((await call(registry, 'PUT', target, { body: bytes })).status).toBe(416);
});

test('acr limits what a single PUT may carry, before it reads it', async () => {
  const registry = await registryFor({ personality: 'acr' });
  const put = await call(registry, 'PUT', withDigest(await beginAt(registry), sha256(bytes)), {
    body: Buffer.alloc(20_000_001),
  });
  expect(put.status).toBe(413);
  expect(registry.log.at(-1)?.bytesReceived).toBe(0);
});

test('r2 tells its limits and wants all chunks but the last of one size', async () => {
  const registry = await registryFor({ personality: 'r2', keepBytes: 0 });
  const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
  expect(begun.headers).toMatchObject({
    'oci-chunk-min-length': '5242880',
    'oci-chunk-max-length': '100000000',
  });
  const [eight, six] = [Buffer.alloc(8 * mebibyte), Buffer.alloc(6 * mebibyte)];
  const first = await chunk(registry, locationOf(begun), 0, eight);
  const second = await chunk(registry, locationOf(first), eight.length, six);
  expect(second.status).toBe(202);
  const stored = eight.length + six.length;
  const third = await chunk(registry, locationOf(second), stored, eight);
  expect(third).toMatchObject({ status: 416, headers: { range: `0-${stored - 1}` } });
});

test('r2 refuses a chunk after one that was under the minimum', async () => {
  const registry = await registryFor({ personality: 'r2' });
  const first = await chunk(registry, await beginAt(registry), 0, bytes);
  expect((await chunk(registry, locationOf(first), 10, bytes)).status).toBe(416);
});

test('r2 answers a chunk it has already with its new Location and Range', async () => {
  const registry = await registryFor({ personality: 'r2' });
  const location = await beginAt(registry);
  await chunk(registry, location, 0, bytes);
  const again = await chunk(registry, location, 0, bytes);
  expect(again).toMatchObject({ status: 416, headers: { range: '0-9' } });
  expect(again.headers.location).toBeDefined();
  expect((await call(registry, 'GET', location)).status).toBe(204);
});

test('r2 keeps whole chunks through a cut', async () => {
  const registry = await registryFor({ personality: 'r2' });
  const location = await cutInSecondChunk(registry, Buffer.alloc(5 * mebibyte));
  expect((await call(registry, 'GET', location)).headers.range).toBe(`0-${5 * mebibyte - 1}`);
});

test('pulp answers a chunk with 204 and a mount of a missing blob with 404', async () => {
  const registry = await registryFor({ personality: 'pulp' });
  expect((await chunk(registry, await beginAt(registry), 0, bytes)).status).toBe(204);
  const mount = await call(registry, 'POST', `/v2/a/b/blobs/uploads/?mount=${sha256('x')}&from=c/d`);
  expect(mount.status).toBe(404);
});

test('pulp streams once and wants every chunk at its place, or breaks', async () => {
  const registry = await registryFor({ personality: 'pulp' });
  const location = await beginAt(registry);
  const part = { body: bytes.subarray(0, 4), chunked: true } as const;
  expect((await call(registry, 'PATCH', location, part)).status).toBe(204);
  expect((await call(registry, 'PATCH', location, part)).status).toBe(500);
  expect((await chunk(registry, location, 5, bytes)).status).toBe(500);
  expect((await chunk(registry, location, 4, bytes.subarray(4))).status).toBe(204);
  expect((await call(registry, 'PUT', withDigest(location, sha256(bytes)))).status).toBe(201);
});

test('pulp and quay keep whole chunks through a cut', async () => {
  for (const personality of ['pulp', 'quay'] as const) {
    const registry = await registryFor({ personality });
    await cutInSecondChunk(registry);
    expect(registry.sessions.map(({ content }) => content.size)).toEqual([4]);
  }
});

test('harbor sets a cookie with the Location', async () => {
  const registry = await registryFor({ personality: 'harbor' });
  const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
  expect(begun.headers['set-cookie']).toEqual([expect.stringMatching(/^sid=/)]);
});

test('harbor answers a mount from an unknown project with 401', async () => {
  const registry = await registryFor({ personality: 'harbor' });
  const mount = await call(registry, 'POST', `/v2/a/b/blobs/uploads/?mount=${sha256('x')}&from=no/such`);
  expect(mount.status).toBe(401);
});

test('nexus wants to know the length of a manifest', async () => {
  const registry = await registryFor({ personality: 'nexus' });
  const answer = await call(registry, 'PUT', '/v2/a/b/manifests/v1', { body: '{}', chunked: true });
  expect(answer.status).toBe(411);
});
