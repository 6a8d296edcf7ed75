import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { beginAt, call, locationOf, push, registryFor, sendPart, sha256, withDigest } from './raw-http.ts';

const bytes = Buffer.from('0123456789');

test('a fault strikes the nth request that matches, as often as it says, and no other', async () => {
  const registry = await registryFor({ personality: 'dist3' });
  registry.addFault({ on: 'PATCH', nth: 2, times: 2, answer: { status: 503 } });
  const location = await beginAt(registry);
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const status = await call(registry, 'GET', location);
    statuses.push((await call(registry, 'PATCH', locationOf(status), { body: 'x' })).status);
  }
  expect(statuses).toEqual([202, 503, 503, 202, 202]);
});

test('of two faults on one request both act, and where they disagree the earlier one does', async () => {
  const registry = await registryFor({
    faults: [
      { on: 'POST', headers: { range: '0-77' } },
      { on: 'upload-post', headers: { range: '0-88' }, location: 'relative' },
    ],
  });
  const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
  expect(begun.headers.range).toBe('0-77');
  expect(begun.headers.location).toMatch(/^\/v2\//);
});

test('a fault can be kept to a repository, a kind of path, or whatever the test can tell', async () => {
  const registry = await registryFor({
    faults: [
      { on: 'blob-head', repository: 'a/b', answer: { status: 500 } },
      { on: ['GET', 'HEAD'], where: ({ target }) => target.includes('secret'), answer: { status: 403 } },
    ],
  });
  const digest = registry.seedBlob('c/d', bytes);
  expect((await call(registry, 'HEAD', `/v2/c/d/blobs/${digest}`)).status).toBe(200);
  expect((await call(registry, 'HEAD', `/v2/a/b/blobs/${digest}`)).status).toBe(500);
  expect((await call(registry, 'HEAD', `/v2/c/d/blobs/${digest}?secret`)).status).toBe(403);
  expect(registry.pendingFaults).toEqual([]);
});

test('a fault whose turn has not come is still pending', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', nth: 3, dropsAnswer: true }] });
  await push(registry, 'a/b', bytes);
  expect(registry.pendingFaults).toHaveLength(1);
});

test('an answer on arrival leaves the body unread and the session as it was', async () => {
  const registry = await registryFor({
    faults: [{ on: 'PATCH', answer: { status: 429, headers: { 'retry-after': '2' }, body: 'slow down' } }],
  });
  const location = await beginAt(registry);
  const answer = await call(registry, 'PATCH', location, { body: bytes });
  expect(answer).toMatchObject({ status: 429, text: 'slow down', headers: { 'retry-after': '2' } });
  expect(registry.log.at(-1)?.bytesReceived).toBe(0);
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-0');
});

test('an answer in the middle of the body comes after exactly the bytes it says, and they are stored', async () => {
  const registry = await registryFor({
    personality: 'dist3',
    faults: [{ on: 'PATCH', answer: { status: 502, at: 4 } }],
  });
  const location = await beginAt(registry);
  expect((await call(registry, 'PATCH', location, { body: bytes, chunked: true })).status).toBe(502);
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-3');
});

test('an early answer to a body of many megabytes reaches the client', async () => {
  for (const personality of ['dist28', 'quay'] as const) {
    const registry = await registryFor({
      personality,
      keepBytes: 0,
      faults: [{ on: 'PATCH', answer: { status: 507, at: 1_000_000 } }],
    });
    const location = await beginAt(registry);
    const status = await new Promise<number | undefined>((resolve) => {
      const sent = request(location, { method: 'PATCH', agent: false });
      sent.once('response', (answer) => {
        resolve(answer.statusCode);
        sent.destroy();
      });
      sent.on('error', () => undefined);
      sent.end(Buffer.alloc(64 * 1024 * 1024));
    });
    expect(status).toBe(507);
  }
});

test('a 500 after storing, and one that stores nothing, look alike and are not', async () => {
  const registry = await registryFor({
    personality: 'dist3',
    faults: [
      { on: 'PATCH', nth: 1, answer: { status: 500, at: 'stored' } },
      { on: 'PATCH', nth: 2, answer: { status: 500, at: 'unstored' } },
    ],
  });
  const [stored, unstored] = [await beginAt(registry), await beginAt(registry)];
  expect((await call(registry, 'PATCH', stored, { body: bytes })).status).toBe(500);
  expect((await call(registry, 'PATCH', unstored, { body: bytes })).status).toBe(500);
  expect((await call(registry, 'GET', stored)).headers.range).toBe('0-9');
  expect((await call(registry, 'GET', unstored)).headers.range).toBe('0-0');
  expect(registry.bytesReceived).toBe(20);
});

test.each([
  ['fin', 'socket hang up'],
  ['rst', 'read ECONNRESET'],
] as const)('a cut with %s leaves exactly the bytes before it', async (cutWith, message) => {
  const registry = await registryFor({
    personality: 'dist3',
    faults: [{ on: 'PATCH', cutAfter: 6, cutWith }],
  });
  const location = await beginAt(registry);
  await expect(call(registry, 'PATCH', location, { body: bytes })).rejects.toThrow(message);
  expect(registry.log.at(-1)).toMatchObject({ cut: 'registry', status: 0, bytesReceived: 6 });
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-5');
});

test('a cut with fin lets a client that is still writing go without a reset', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', cutAfter: 6, cutWith: 'fin' }] });
  const large = Buffer.alloc(8 * 1024 * 1024);
  const { port, hostname, pathname, search } = new URL(await beginAt(registry));
  const hadError = await new Promise<boolean>((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.once('close', resolve);
    socket.resume();
    socket.write(`PATCH ${pathname}${search} HTTP/1.1\r\nHost: x\r\nContent-Length: ${large.length}\r\n\r\n`);
    socket.write(large);
  });
  expect(hadError).toBe(false);
});

test('a client that half-closes in its body counts as gone', async () => {
  const registry = await registryFor({ personality: 'dist3' });
  const location = await beginAt(registry);
  const socket = await sendPart(registry, location, { bytes: bytes.subarray(0, 6), declared: 10 });
  socket.end();
  await vi.waitFor(() => expect(registry.log.at(-1)).toMatchObject({ cut: 'client', status: 499 }));
  expect((await call(registry, 'GET', location)).headers.range).toBe('0-5');
});

test('a dropped answer hides that everything was done', async () => {
  const registry = await registryFor({ faults: [{ on: 'upload-put', dropsAnswer: true }] });
  const target = withDigest(await beginAt(registry), sha256(bytes));
  await expect(call(registry, 'PUT', target, { body: bytes })).rejects.toThrow('socket hang up');
  expect(registry.openSessions).toBe(0);
  expect((await call(registry, 'HEAD', `/v2/a/b/blobs/${sha256(bytes)}`)).status).toBe(200);
  expect((await call(registry, 'PUT', target, { body: bytes })).status).toBe(404);
});

test('a lost session is unknown from that request on', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', losesSession: true }] });
  const location = await beginAt(registry);
  const answer = await call(registry, 'PATCH', location, { body: bytes });
  expect(answer.status).toBe(404);
  expect(answer.text).toContain('BLOB_UPLOAD_UNKNOWN');
});

test('a held request waits at its gate until the test lets it go', async () => {
  const registry = await registryFor({ personality: 'dist3' });
  const [arrival, middle, answer] = [registry.gate(), registry.gate(), registry.gate()];
  registry.addFault({
    on: 'PATCH',
    hold: arrival,
    holdBody: { after: 4, gate: middle },
    holdAnswer: answer,
  });
  const location = await beginAt(registry);
  const range = async () => (await call(registry, 'GET', location)).headers.range;
  const patched = call(registry, 'PATCH', location, { body: bytes });
  await arrival.reached;
  expect(await range()).toBe('0-0');
  arrival.release();
  await middle.reached;
  expect(await range()).toBe('0-3');
  middle.release();
  await answer.reached;
  expect(await range()).toBe('0-9');
  expect(registry.log.find(({ method }) => method === 'PATCH')?.status).toBe(0);
  answer.release();
  expect((await patched).status).toBe(202);
});

test('a registry that is closed while a request is held lets go of it', async () => {
  const registry = await registryFor();
  const gate = registry.gate();
  registry.addFault({ on: 'POST', hold: gate });
  const refused = expect(call(registry, 'POST', '/v2/a/b/blobs/uploads/')).rejects.toThrow();
  await gate.reached;
  await registry.close();
  await refused;
});

test('a short accept keeps the first bytes and its Range says so', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', storesOnly: 4 }] });
  const first = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
  expect(first).toMatchObject({ status: 202, headers: { range: '0-3' } });
  const rest = await call(registry, 'PATCH', locationOf(first), { body: bytes.subarray(4) });
  const put = await call(registry, 'PUT', withDigest(locationOf(rest), sha256(bytes)));
  expect(put.status).toBe(201);
});

test('a flipped byte is found at the PUT', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', flipsByteAt: 7 }] });
  const patched = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
  const refused = await call(registry, 'PUT', withDigest(locationOf(patched), sha256(bytes)));
  expect(refused.text).toContain('DIGEST_INVALID');
  const stored = await call(registry, 'PUT', withDigest(locationOf(patched), sha256('0123456689')));
  expect(stored.status).toBe(201);
});

test('a slow commit answers 504 while HEAD does not see the blob for a while', async () => {
  const registry = await registryFor({
    faults: [{ on: 'upload-put', answer: { status: 504, at: 'stored' }, hidesBlobFor: 2 }],
  });
  const target = withDigest(await beginAt(registry), sha256(bytes));
  expect((await call(registry, 'PUT', target, { body: bytes })).status).toBe(504);
  const head = async () => (await call(registry, 'HEAD', `/v2/a/b/blobs/${sha256(bytes)}`)).status;
  expect([await head(), await head(), await head()]).toEqual([404, 404, 200]);
});

test('after a cut the status may take its time to tell what arrived', async () => {
  const registry = await registryFor({
    personality: 'dist3',
    faults: [{ on: 'PATCH', cutAfter: 9, settlesAfter: 3 }],
  });
  const location = await beginAt(registry);
  await expect(call(registry, 'PATCH', location, { body: bytes })).rejects.toThrow();
  const ranges: unknown[] = [];
  for (let count = 0; count < 5; count += 1) {
    ranges.push((await call(registry, 'GET', location)).headers.range);
  }
  expect(ranges).toEqual(['0-0', '0-2', '0-5', '0-8', '0-8']);
});

test('a body over the limit is refused at once when its length is declared', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', times: Infinity, bodyLimit: 9 }] });
  const location = await beginAt(registry);
  const refused = await call(registry, 'PATCH', location, { body: bytes });
  expect(refused).toMatchObject({ status: 413, headers: { 'content-type': 'text/html' } });
  expect(refused.text).toContain('Request Entity Too Large');
  const fits = await call(registry, 'PATCH', location, { body: bytes.subarray(0, 9) });
  expect(fits.status).toBe(202);
});

test('a streamed body over the limit is refused after the limit, and an unbuffered dist28 session is lost', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', times: Infinity, bodyLimit: 5 }] });
  const location = await beginAt(registry);
  expect((await call(registry, 'PATCH', location, { body: bytes, chunked: true })).status).toBe(413);
  expect((await call(registry, 'GET', location)).status).toBe(404);
});

test('behind a buffering proxy a broken body never reaches the registry', async () => {
  const registry = await registryFor({ faults: [{ on: 'PATCH', cutAfter: 6, buffersBody: true }] });
  const location = await beginAt(registry);
  await expect(call(registry, 'PATCH', location, { body: bytes })).rejects.toThrow();
  expect(await call(registry, 'GET', location)).toMatchObject({ status: 204, headers: { range: '0-0' } });
  expect((await call(registry, 'PATCH', location, { body: bytes })).status).toBe(202);
});

test('a time limit on the body ends the connection while bytes are still coming', async () => {
  const registry = await registryFor({
    personality: 'dist3',
    keepBytes: 0,
    faults: [{ on: 'PATCH', cutAfterMs: 50, bytesPerSecond: 1_000_000 }],
  });
  const location = await beginAt(registry);
  await expect(call(registry, 'PATCH', location, { body: Buffer.alloc(8_000_000) })).rejects.toThrow();
  expect(registry.log.at(-1)?.cut).toBe('registry');
  expect(registry.bytesReceived).toBeLessThan(8_000_000);
});
