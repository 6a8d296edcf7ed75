import { describe, expect, test } from 'vitest';
import type { LocationForm } from './faults.ts';
import {
  beginAt,
  call,
  locationOf,
  push,
  type RawAnswer,
  registryFor,
  sha256,
  withDigest,
} from './raw-http.ts';

const bytes = Buffer.from('0123456789');

describe('an answer can be garbled:', () => {
  test.each([
    ['relative', /^\/v2\/a\/b\/blobs\/uploads\//],
    ['absolute', /^http:\/\/127\.0\.0\.1:\d+\/v2\/a\/b\/blobs\/uploads\//],
    ['no-scheme', /^127\.0\.0\.1:\d+\/v2\//],
    ['default-port', /^http:\/\/127\.0\.0\.1\/v2\//],
    ['http', /^http:\/\/127\.0\.0\.1:\d+\/v2\//],
    ['extra-query', /\?_state=[^&]+&_nouploadcache=false$/],
  ] as const satisfies [LocationForm, RegExp][])('a Location written %s', async (location, form) => {
    const registry = await registryFor({ faults: [{ on: 'POST', location }] });
    expect(await beginAt(registry)).toMatch(form);
  });

  test('a Location on another host, which is the same registry', async () => {
    const registry = await registryFor({ faults: [{ on: 'POST', location: 'other-host' }] });
    const location = await beginAt(registry);
    expect(new URL(location).host).toBe(registry.otherHost);
    expect((await call(registry, 'PATCH', location, { body: bytes })).status).toBe(202);
    expect(registry.log.at(-1)?.origin).toBe('other');
  });

  test('a Location or a Range that is not there', async () => {
    const registry = await registryFor({
      faults: [
        { on: 'PATCH', nth: 1, location: 'none', range: 'none' },
        { on: 'PATCH', nth: 2, headers: { Location: null, range: null } },
      ],
    });
    for (let count = 0; count < 2; count += 1) {
      const answer = await call(registry, 'PATCH', await beginAt(registry), { body: bytes });
      expect(answer.status).toBe(202);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.headers.range).toBeUndefined();
    }
  });

  test.each([
    ['inclusive-minus-one', '0-9'],
    ['bytes-inclusive-minus-one', 'bytes=0-9'],
    ['exclusive', '0-10'],
    ['bytes-exclusive', 'bytes=0-10'],
    ['first-chunk', '0-3'],
    ['last-chunk', '4-9'],
    [{ value: 'bytes=0--1' }, 'bytes=0--1'],
  ] as const)('a Range written %j', async (range, text) => {
    const registry = await registryFor({ faults: [{ on: 'PATCH', nth: 2, range }] });
    const first = await call(registry, 'PATCH', await beginAt(registry), { body: bytes.subarray(0, 4) });
    const second = await call(registry, 'PATCH', locationOf(first), { body: bytes.subarray(4) });
    expect(second.headers.range).toBe(text);
  });

  test('a digest that is not that of the bytes', async () => {
    const lie = sha256('lie');
    const registry = await registryFor({
      faults: [{ on: 'upload-put', headers: { 'docker-content-digest': lie } }],
    });
    const put = await call(registry, 'PUT', withDigest(await beginAt(registry), sha256(bytes)), {
      body: bytes,
    });
    expect(put).toMatchObject({ status: 201, headers: { 'docker-content-digest': lie } });
  });

  test('a HEAD without its length, or refused', async () => {
    const registry = await registryFor({
      faults: [
        { on: 'blob-head', nth: 1, headers: { 'content-length': '0' } },
        { on: 'blob-head', nth: 2, answer: { status: 405 } },
      ],
    });
    const digest = registry.seedBlob('a/b', bytes);
    const head = () => call(registry, 'HEAD', `/v2/a/b/blobs/${digest}`);
    expect(await head()).toMatchObject({ status: 200, headers: { 'content-length': '0' } });
    expect((await head()).status).toBe(405);
    expect((await head()).headers['content-length']).toBe('10');
  });

  test('a warning, an HTML page, a page without end', async () => {
    const registry = await registryFor({
      faults: [
        { on: 'POST', nth: 1, headers: { warning: '299 - "soon gone"' } },
        { on: 'POST', nth: 2, answer: { status: 502, body: '<html>'.repeat(100_000) } },
      ],
    });
    const first = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
    expect(first.headers.warning).toBe('299 - "soon gone"');
    const second = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
    expect(second.text).toHaveLength(600_000);
  });

  test('a redirect to the other origin, with its path and its state', async () => {
    const registry = await registryFor({ faults: [{ on: 'PATCH', redirectsWith: 307 }] });
    const location = await beginAt(registry);
    const answer = await call(registry, 'PATCH', location, { body: bytes });
    expect(answer.status).toBe(307);
    const there = new URL(locationOf(answer));
    expect(there.host).toBe(registry.otherHost);
    expect(there.search).toBe(new URL(location).search);
    expect((await call(registry, 'PATCH', there.href, { body: bytes })).status).toBe(202);
  });
});

describe('memory', () => {
  test('content past the limit is let go while its hash and size stay true', async () => {
    const registry = await registryFor({ keepBytes: 15 });
    const kept = await push(registry, 'a/b', bytes);
    const dropped = await push(registry, 'a/b', Buffer.from('abcdefghij'));
    expect(registry.readBlob('a/b', kept)).toEqual(bytes);
    expect(registry.readBlob('a/b', dropped)).toBeUndefined();
    expect((await call(registry, 'HEAD', `/v2/a/b/blobs/${dropped}`)).headers['content-length']).toBe('10');
    const get: RawAnswer = await call(registry, 'GET', `/v2/a/b/blobs/${dropped}`);
    expect(get.status).toBe(500);
    const small = await push(registry, 'a/b', Buffer.from('klmno'));
    expect(registry.readBlob('a/b', small)?.toString()).toBe('klmno');
  });

  test('a blob pushed twice counts once', async () => {
    const registry = await registryFor({ keepBytes: 25 });
    await push(registry, 'a/b', bytes);
    await push(registry, 'c/d', bytes);
    const other = await push(registry, 'a/b', Buffer.from('abcdefghij'));
    expect(registry.readBlob('a/b', other)?.length).toBe(10);
  });

  test('with nothing kept, 256 MiB leave no trace in memory', async () => {
    const registry = await registryFor({ keepBytes: 0 });
    const part = Buffer.alloc(32 * 1024 * 1024, 7);
    let location = await beginAt(registry);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 8; count += 1) {
      location = locationOf(await call(registry, 'PATCH', location, { body: part, chunked: true }));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * part.length);
    expect(registry.bytesReceived).toBe(8 * part.length);
    expect(registry.sessions[0]?.content.size).toBe(8 * part.length);
  });
});
