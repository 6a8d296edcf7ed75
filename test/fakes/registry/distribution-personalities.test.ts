import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { FakeRegistry } from './fake-registry.ts';
import { beginAt, call, locationOf, push, registryFor, sendPart, sha256, withDigest } from './raw-http.ts';

const bytes = Buffer.from('0123456789');

/** A client that dies after six of ten bytes, and a registry that has noticed. */
async function cutInTheMiddle(registry: FakeRegistry, location: string): Promise<void> {
  const socket = await sendPart(registry, location, { bytes: bytes.subarray(0, 6), declared: 10 });
  await vi.waitFor(() => expect(registry.log.at(-1)?.bytesReceived).toBe(6));
  socket.destroy();
  await vi.waitFor(() => expect(registry.log.at(-1)?.cut).toBe('client'));
}

describe.each(['dist28', 'dist3', 'olareg'] as const)('%s, as every registry', (personality) => {
  test('takes a blob by POST, one streamed PATCH and PUT, and gives it back', async () => {
    const registry = await registryFor({ personality });
    const digest = await push(registry, 'team/model', bytes);
    expect(registry.openSessions).toBe(0);
    expect(registry.bytesReceived).toBe(10);
    expect(registry.readBlob('team/model', digest)).toEqual(bytes);
    const head = await call(registry, 'HEAD', `/v2/team/model/blobs/${digest}`);
    expect(head).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '10', 'docker-content-digest': digest },
    });
    const get = await call(registry, 'GET', `/v2/team/model/blobs/${digest}`);
    expect(get.bytes).toEqual(bytes);
  });

  test('takes the last bytes, or all of them, in the PUT', async () => {
    const registry = await registryFor({ personality });
    const whole = await call(registry, 'PUT', withDigest(await beginAt(registry), sha256(bytes)), {
      body: bytes,
    });
    expect(whole.status).toBe(201);
    const first = await call(registry, 'PATCH', await beginAt(registry), { body: bytes.subarray(0, 4) });
    expect(first.headers.range).toBe('0-3');
    const rest = await call(registry, 'PUT', withDigest(locationOf(first), sha256(bytes)), {
      body: bytes.subarray(4),
    });
    expect(rest.status).toBe(201);
  });

  test('keeps a session that was ended properly, so that it goes on with the newest Location', async () => {
    const registry = await registryFor({ personality });
    const first = await call(registry, 'PATCH', await beginAt(registry), {
      body: bytes.subarray(0, 6),
      chunked: true,
    });
    const status = await call(registry, 'GET', locationOf(first));
    expect(status).toMatchObject({ status: 204, headers: { range: '0-5' } });
    const second = await call(registry, 'PATCH', locationOf(status), {
      body: bytes.subarray(6),
      chunked: true,
    });
    const put = await call(registry, 'PUT', withDigest(locationOf(second), sha256(bytes)));
    expect(put.status).toBe(201);
  });

  test('serves ranges of a blob and refuses those past its end', async () => {
    const registry = await registryFor({ personality });
    const digest = registry.seedBlob('a/b', bytes);
    const ranged = (range: string) =>
      call(registry, 'GET', `/v2/a/b/blobs/${digest}`, { headers: { range } });
    expect(await ranged('bytes=2-4')).toMatchObject({
      status: 206,
      text: '234',
      headers: { 'content-range': 'bytes 2-4/10' },
    });
    expect(await ranged('bytes=6-')).toMatchObject({ status: 206, text: '6789' });
    expect(await ranged('bytes=-3')).toMatchObject({ status: 206, text: '789' });
    expect(await ranged('bytes=50-60')).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    });
  });

  test('has a blob only in the repositories it was pushed or mounted to', async () => {
    const registry = await registryFor({ personality });
    const digest = await push(registry, 'a/b', bytes);
    expect((await call(registry, 'HEAD', `/v2/c/d/blobs/${digest}`)).status).toBe(404);
    const mounted = await call(registry, 'POST', `/v2/c/d/blobs/uploads/?mount=${digest}&from=a/b`);
    expect(mounted).toMatchObject({ status: 201, headers: { 'docker-content-digest': digest } });
    expect((await call(registry, 'HEAD', `/v2/c/d/blobs/${digest}`)).status).toBe(200);
  });

  test('answers a mount it cannot do with an ordinary session', async () => {
    const registry = await registryFor({ personality });
    const digest = await push(registry, 'a/b', bytes);
    for (const query of [`mount=${digest}`, `mount=${digest}&from=x/y`, `mount=${sha256('z')}&from=a/b`]) {
      const answer = await call(registry, 'POST', `/v2/c/d/blobs/uploads/?${query}`);
      expect(answer.status).toBe(202);
      await call(registry, 'DELETE', locationOf(answer));
    }
    expect(registry.openSessions).toBe(0);
  });

  test('tells apart the connections of a client', async () => {
    const registry = await registryFor({ personality });
    await push(registry, 'a/b', bytes);
    expect(new Set(registry.log.map(({ connection }) => connection)).size).toBe(3);
    expect(registry.log.map(({ pathClass }) => pathClass)).toEqual([
      'upload-post',
      'upload-patch',
      'upload-put',
    ]);
    expect(registry.log[1]).toMatchObject({
      transferEncoding: 'chunked',
      contentLength: undefined,
      contentRange: undefined,
      bytesReceived: 10,
      status: 202,
      repository: 'a/b',
      hadAuthorization: false,
    });
  });
});

describe('dist28', () => {
  test('loses a session whose body was cut: every verb finds it invalid', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    await cutInTheMiddle(registry, location);
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const answer = await call(registry, method, withDigest(location, sha256(bytes)));
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('BLOB_UPLOAD_INVALID');
    }
    expect(registry.openSessions).toBe(1);
  });

  test('keeps a session that was cut before the first byte', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    const socket = await sendPart(registry, location, { bytes: Buffer.alloc(0), declared: 10 });
    await vi.waitFor(() => expect(registry.log).toHaveLength(2));
    socket.destroy();
    await vi.waitFor(() => expect(registry.log.at(-1)?.cut).toBe('client'));
    expect(await call(registry, 'GET', location)).toMatchObject({ status: 204, headers: { range: '0-0' } });
  });

  test('appends wherever a Content-Range points', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const answer = await call(registry, 'PATCH', await beginAt(registry), {
      headers: { 'content-range': '500-509' },
      body: bytes,
    });
    expect(answer).toMatchObject({ status: 202, headers: { range: '0-9' } });
  });

  test('answers one byte and none with the same Range', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
    const patched = await call(registry, 'PATCH', locationOf(begun), { body: 'x' });
    expect([begun.headers.range, patched.headers.range]).toEqual(['0-0', '0-0']);
  });

  test('redirects a POST without its trailing slash', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const answer = await call(registry, 'POST', '/v2/a/b/blobs/uploads');
    expect(answer).toMatchObject({ status: 301, headers: { location: '/v2/a/b/blobs/uploads/' } });
  });

  test('ignores the body of a POST with a digest', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const target = `/v2/a/b/blobs/uploads/?digest=${sha256(bytes)}`;
    expect((await call(registry, 'POST', target, { body: bytes })).status).toBe(202);
    expect(registry.blobs.size).toBe(0);
  });

  test('keeps the session after a wrong digest and forgets it after the commit', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const patched = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
    const wrong = await call(registry, 'PUT', withDigest(locationOf(patched), sha256('other')));
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('DIGEST_INVALID');
    const right = withDigest(locationOf(patched), sha256(bytes));
    expect((await call(registry, 'PUT', right)).status).toBe(201);
    const again = await call(registry, 'PUT', right);
    expect(again.status).toBe(404);
    expect(again.text).toContain('BLOB_UPLOAD_UNKNOWN');
  });

  test('answers a sha512 upload with the sha256 digest', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    const put = await call(registry, 'PUT', withDigest(await beginAt(registry), digest), { body: bytes });
    expect(put).toMatchObject({ status: 201, headers: { 'docker-content-digest': sha256(bytes) } });
  });

  test('finds every Location invalid once its secret has changed', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    registry.changeSecret();
    const answer = await call(registry, 'GET', location);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('BLOB_UPLOAD_INVALID');
  });

  test('calls a Location with a forged state invalid, and a true one of a session that is gone unknown', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    registry.forgetSessions();
    expect((await call(registry, 'GET', location)).text).toContain('BLOB_UPLOAD_UNKNOWN');
    const forged = location.replace(/_state=.*/, '_state=bm90aGluZw');
    expect((await call(registry, 'GET', forged)).text).toContain('BLOB_UPLOAD_INVALID');
  });

  test('closes the connection on a large body it does not want, after the answer', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    registry.forgetSessions();
    const socket = await sendPart(registry, location, { bytes: Buffer.alloc(1_000), declared: 10_000_000 });
    const text = await new Promise<string>((resolve) => {
      let received = '';
      socket.on('data', (piece) => {
        received += piece.toString();
      });
      socket.once('end', () => resolve(received));
    });
    expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(text).toContain('connection: close');
    socket.destroy();
  });

  test('closes at once, where dist3 reads 256 KiB of the body before it answers', async () => {
    for (const personality of ['dist28', 'dist3'] as const) {
      const registry = await registryFor({ personality });
      const location = await beginAt(registry);
      registry.forgetSessions();
      const socket = await sendPart(registry, location, { bytes: Buffer.alloc(1_000), declared: 10_000_000 });
      let said = '';
      socket.on('data', (piece) => {
        said += piece.toString();
      });
      if (personality === 'dist3') {
        // Another request is answered in between, and this one is not.
        expect((await call(registry, 'GET', '/v2/')).status).toBe(200);
        expect(said).toBe('');
        socket.write(Buffer.alloc(300_000));
      }
      await new Promise((resolve) => socket.once('end', resolve));
      expect(said).toMatch(/^HTTP\/1\.1 404 /);
      socket.destroy();
    }
  });

  test('answers before the body when the client expects to be told to go on', async () => {
    const registry = await registryFor({ personality: 'dist28' });
    const location = await beginAt(registry);
    registry.forgetSessions();
    const refused = await call(registry, 'PATCH', location, {
      headers: { expect: '100-continue' },
      body: bytes,
    });
    expect(refused.status).toBe(404);
    expect(registry.log.at(-1)?.bytesReceived).toBe(0);
  });
});

describe('dist3', () => {
  test('keeps a session to the byte after a cut and goes on from there', async () => {
    const registry = await registryFor({ personality: 'dist3' });
    const location = await beginAt(registry);
    await cutInTheMiddle(registry, location);
    const status = await call(registry, 'GET', location);
    expect(status).toMatchObject({ status: 204, headers: { range: '0-5' } });
    const rest = await call(registry, 'PATCH', locationOf(status), {
      headers: { 'content-range': '6-9' },
      body: bytes.subarray(6),
    });
    expect(rest.status).toBe(202);
    const put = await call(registry, 'PUT', withDigest(locationOf(rest), sha256(bytes)));
    expect(put.status).toBe(201);
  });

  test('refuses an old Location for writing with a bare 416', async () => {
    const registry = await registryFor({ personality: 'dist3' });
    const location = await beginAt(registry);
    await call(registry, 'PATCH', location, { body: bytes });
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      const answer = await call(registry, method, location, { body: bytes });
      expect(answer.status).toBe(416);
      expect(answer.text).toContain('RANGE_INVALID');
      expect(answer.headers.range).toBeUndefined();
      expect(answer.headers.location).toBeUndefined();
    }
    expect(await call(registry, 'GET', location)).toMatchObject({ status: 204, headers: { range: '0-9' } });
  });

  test('checks a Content-Range only when a Content-Length stands beside it', async () => {
    const registry = await registryFor({ personality: 'dist3' });
    const wrong = { headers: { 'content-range': '5-14' }, body: bytes };
    expect((await call(registry, 'PATCH', await beginAt(registry), wrong)).status).toBe(416);
    expect((await call(registry, 'PATCH', await beginAt(registry), { ...wrong, chunked: true })).status).toBe(
      202,
    );
    const short = { headers: { 'content-range': '0-4' }, body: bytes };
    const answer = await call(registry, 'PATCH', await beginAt(registry), short);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('SIZE_INVALID');
  });

  test('has no referrers API', async () => {
    const registry = await registryFor({ personality: 'dist3' });
    expect((await call(registry, 'GET', `/v2/a/b/referrers/${sha256('x')}`)).status).toBe(404);
  });
});

describe('olareg', () => {
  test('hands out relative Locations and no Range for an upload that was just begun', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const begun = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
    expect(begun.headers.location).toMatch(/^\/v2\/a\/b\/blobs\/uploads\/[^/]+\?state=/);
    expect(begun.headers.range).toBeUndefined();
    expect((await call(registry, 'GET', locationOf(begun))).headers.range).toBe('0--1');
  });

  test('answers 400 for a session it does not know and for an old Location', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const location = await beginAt(registry);
    await call(registry, 'PATCH', location, { body: bytes });
    const stale = await call(registry, 'PATCH', location, { body: bytes });
    expect(stale.status).toBe(400);
    expect(stale.text).toContain('BLOB_UPLOAD_INVALID');
    registry.forgetSessions();
    const unknown = await call(registry, 'GET', location);
    expect(unknown.status).toBe(400);
    expect(unknown.text).toContain('BLOB_UPLOAD_UNKNOWN');
  });

  test('tells where it stands when a Content-Range is wrong', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const patched = await call(registry, 'PATCH', await beginAt(registry), { body: bytes.subarray(0, 6) });
    const answer = await call(registry, 'PATCH', locationOf(patched), {
      headers: { 'content-range': '0-9' },
      body: bytes,
    });
    expect(answer).toMatchObject({ status: 416, headers: { range: '0-5' } });
  });

  test('keeps a session to the byte after a cut', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const location = await beginAt(registry);
    await cutInTheMiddle(registry, location);
    expect((await call(registry, 'GET', location)).headers.range).toBe('0-5');
  });

  test('takes a whole blob in a POST with a digest', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const target = `/v2/a/b/blobs/uploads/?digest=${sha256(bytes)}`;
    expect((await call(registry, 'POST', target, { body: bytes })).status).toBe(201);
    expect(registry.readBlob('a/b', sha256(bytes))).toEqual(bytes);
  });

  test('drops the session after a wrong digest', async () => {
    const registry = await registryFor({ personality: 'olareg' });
    const patched = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
    expect((await call(registry, 'PUT', withDigest(locationOf(patched), sha256('no')))).status).toBe(400);
    expect(registry.openSessions).toBe(0);
  });
});
