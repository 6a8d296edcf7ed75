import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAll } from './byte-source.ts';
import { type FakeHub, startFakeHub, synthetic, text } from './fake-hub.ts';
import {
  extraFile,
  pointerSizeAsSize,
  reversed,
  twice,
  withoutFields,
  withoutPath,
  wrongSha256,
} from './listing-lies.ts';
import { type RawAnswer, type RawOptions, rawRequest } from './raw-request.ts';

const WEIGHTS = synthetic({ size: 300_000, seed: 11 });
const CONTENT = Buffer.from(readAll(WEIGHTS.source));
const FILES = { 'a.json': text('{}'), 'b.json': text('[]'), 'model.safetensors': WEIGHTS };

let hub: FakeHub;

beforeEach(async () => {
  hub = await startFakeHub({ repos: [{ id: 'acme/demo', files: FILES }], cdnCount: 2 });
});

afterEach(() => hub.close());

const get = (path: string, options: RawOptions = {}): Promise<RawAnswer> =>
  rawRequest(hub.endpoint + path, options);

const TREE = '/api/models/acme/demo/tree/main';

async function mint(): Promise<string> {
  const { headers } = await get('/acme/demo/resolve/main/model.safetensors', { method: 'HEAD' });
  return String(headers.location);
}

const range = (value: string): RawOptions => ({ headers: { range: value } });

async function listed(): Promise<Record<string, unknown>[]> {
  return (await get(TREE)).json as Record<string, unknown>[];
}

test('a Range is ignored, or only a large one', async () => {
  const url = await mint();
  hub.addFault({ on: 'cdn', kind: 'ignore-range', above: 1000 });
  expect((await rawRequest(url, range('bytes=10-19'))).status).toBe(206);
  const ignored = await rawRequest(url, range('bytes=10-20000'));
  expect([ignored.status, ignored.body.equals(CONTENT)]).toEqual([200, true]);
  expect(ignored.headers).not.toHaveProperty('content-range');
});

test('Content-Range is missing or wrong while the bytes are right', async () => {
  const url = await mint();
  hub.addFault({ on: 'cdn', kind: 'drop-headers', names: ['Content-Range'] });
  const missing = await rawRequest(url, range('bytes=10-19'));
  expect([missing.status, 'content-range' in missing.headers]).toEqual([206, false]);
  hub.addFault({ on: 'cdn', kind: 'content-range', shift: 5 });
  hub.addFault({ on: 'cdn', kind: 'content-range', total: '*' });
  const both = await rawRequest(url, range('bytes=10-19'));
  expect(both.headers['content-range']).toBe('bytes 10-19/*');
  hub.addFault({ on: 'cdn', kind: 'content-range', shift: 5, total: 7 });
  const shifted = await rawRequest(url, range('bytes=10-19'));
  expect(shifted.headers['content-range']).toBe('bytes 15-24/7');
  expect(shifted.body.equals(CONTENT.subarray(10, 20))).toBe(true);
});

test('more or fewer bytes come than were asked for', async () => {
  const url = await mint();
  hub.addFault({ on: 'cdn', kind: 'range-size', by: -4 });
  hub.addFault({ on: 'cdn', kind: 'range-size', by: 6, nth: 2 });
  expect((await rawRequest(url, range('bytes=10-19'))).body.equals(CONTENT.subarray(10, 16))).toBe(true);
  const more = await rawRequest(url, range('bytes=10-19'));
  expect(more.body.equals(CONTENT.subarray(10, 26))).toBe(true);
  expect(more.headers['content-range']).toBe('bytes 10-25/300000');
});

test('a range comes as multipart/byteranges, or is refused', async () => {
  const url = await mint();
  hub.addFault({ on: 'cdn', kind: 'multipart-range' });
  const parts = await rawRequest(url, range('bytes=10-19'));
  expect(parts.headers['content-type']).toMatch(/^multipart\/byteranges; boundary=/);
  expect(parts.body.includes(CONTENT.subarray(10, 20))).toBe(true);
  hub.addFault({ on: 'cdn', kind: 'range-refused' });
  const refused = await rawRequest(url, range('bytes=10-19'));
  expect([refused.status, refused.headers['content-range']]).toEqual([416, 'bytes */300000']);
});

test('a HEAD is refused or keeps silent about the length', async () => {
  hub.addFault({ on: 'resolve', method: 'HEAD', kind: 'status', status: 405 });
  hub.addFault({ on: 'cdn', method: 'HEAD', kind: 'chunked' });
  const url = String((await get('/acme/demo/resolve/main/model.safetensors')).headers.location);
  expect((await get('/acme/demo/resolve/main/model.safetensors', { method: 'HEAD' })).status).toBe(405);
  expect((await rawRequest(url, { method: 'HEAD' })).headers).not.toHaveProperty('content-length');
});

test('one byte is turned at its place in the file, in the range that holds it', async () => {
  const url = await mint();
  const once = hub.addFault({ on: 'cdn', kind: 'flip-byte', at: 12_345 });
  expect((await rawRequest(url, range('bytes=0-9999'))).body.equals(CONTENT.subarray(0, 10_000))).toBe(true);
  expect(once.strikes).toBe(0);
  const flipped = await rawRequest(url, range('bytes=10000-19999'));
  expect(flipped.body[2345]).toBe((CONTENT[12_345] ?? 0) ^ 1);
  expect(flipped.body.equals(CONTENT.subarray(10_000, 20_000))).toBe(false);
  expect((await rawRequest(url)).body.equals(CONTENT)).toBe(true);
  hub.addFault({ on: 'cdn', kind: 'flip-byte', at: 12_345, times: Infinity });
  expect((await rawRequest(url)).body.equals(CONTENT)).toBe(false);
  expect((await rawRequest(url)).body.equals(CONTENT)).toBe(false);
});

test('headers of a 302 are missing or wrong', async () => {
  hub.addFault({ on: 'resolve', kind: 'drop-headers', names: ['x-repo-commit', 'X-Linked-Size'] });
  hub.addFault({ on: 'resolve', kind: 'set-headers', headers: { 'x-linked-etag': `"${'0'.repeat(64)}"` } });
  const { headers } = await get('/acme/demo/resolve/main/model.safetensors', { method: 'HEAD' });
  expect(headers).not.toHaveProperty('x-repo-commit');
  expect(headers).not.toHaveProperty('x-linked-size');
  expect(headers['x-linked-etag']).toBe(`"${'0'.repeat(64)}"`);
});

test('a listing doubles, hides, invents and reorders entries', async () => {
  const paths = async (): Promise<unknown[]> => (await listed()).map((entry) => entry.path);
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: twice('a.json') });
  expect(await paths()).toEqual(['a.json', 'a.json', 'b.json', 'model.safetensors']);
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutPath('b.json') });
  expect(await paths()).toEqual(['a.json', 'model.safetensors']);
  for (const hostile of ['../evil', '/etc/passwd', 'a\\b', 'a\0b']) {
    hub.addFault({ on: 'tree', kind: 'edit-json', edit: extraFile(hostile) });
    expect(await paths()).toContain(hostile);
  }
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: reversed });
  expect(await paths()).toEqual(['model.safetensors', 'b.json', 'a.json']);
  expect(await paths()).toEqual(['a.json', 'b.json', 'model.safetensors']);
});

test('a listing lies about digests and sizes', async () => {
  const model = async (): Promise<unknown> =>
    (await listed()).find((entry) => entry.path === 'model.safetensors');
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: withoutFields(['lfs.oid', 'xetHash']) });
  const bare = await model();
  expect(bare).not.toHaveProperty('lfs.oid');
  expect(bare).not.toHaveProperty('xetHash');
  expect(bare).toHaveProperty('lfs.size', 300_000);
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: pointerSizeAsSize });
  expect(await model()).toMatchObject({ size: expect.closeTo(131, -1), lfs: { size: 300_000 } });
  hub.addFault({ on: 'tree', kind: 'edit-json', edit: wrongSha256('model.safetensors') });
  expect(await model()).toHaveProperty('lfs.oid', 'f'.repeat(64));
});

test('the Link of a page loops, is relative, or leads to another host', async () => {
  hub.knobs.pageSize = 1;
  const linkOf = async (path: string): Promise<string> => String((await get(path)).headers.link);
  const first = await linkOf(TREE);
  const self = `${hub.endpoint}${TREE}`;
  hub.addFault({ on: 'tree', kind: 'edit-link', edit: () => self });
  expect(await linkOf(TREE)).toBe(`<${self}>; rel="next"`);
  hub.addFault({ on: 'tree', kind: 'edit-link', edit: (url) => url.replace(hub.endpoint, '') });
  expect(await linkOf(TREE)).toBe(first.replace(hub.endpoint, ''));
  hub.addFault({ on: 'tree', kind: 'edit-link', edit: () => undefined });
  expect((await get(TREE)).headers).not.toHaveProperty('link');
});

test('redirects go in circles, to other schemes, to another Hub', async () => {
  hub.addFault({ on: 'info', kind: 'redirect', status: 307, to: (target) => target });
  const loop = await get('/api/models/acme/demo');
  expect([loop.status, loop.headers.location]).toEqual([307, '/api/models/acme/demo']);
  const other = 'http://other.example';
  hub.addFault({
    on: 'tree',
    kind: 'redirect',
    status: 308,
    to: (target) => other + target,
    times: Infinity,
  });
  expect((await get(`${TREE}?recursive=true`)).headers.location).toBe(`${other}${TREE}?recursive=true`);
});

test('a redirect is made absolute, protocol-relative, or another kind of redirect', async () => {
  const path = '/acme/demo/resolve/main/a.json';
  hub.addFault({ on: 'resolve', kind: 'edit-location', edit: (location) => hub.endpoint + location });
  const absolute = String((await get(path)).headers.location);
  expect((await rawRequest(absolute)).text).toBe('{}');
  hub.addFault({
    on: 'resolve',
    kind: 'edit-location',
    status: 303,
    edit: (url) => url.replace('http:', ''),
  });
  const { status, headers } = await get('/acme/demo/resolve/main/model.safetensors');
  expect([status, headers.location?.slice(0, 12)]).toEqual([303, '//localhost:']);
  expect((await rawRequest(`http:${headers.location}`)).body.equals(CONTENT)).toBe(true);
});

test('signed URLs take turns between two CDN hosts', async () => {
  const [one, two] = [await mint(), await mint()];
  expect(new URL(one).origin).not.toBe(new URL(two).origin);
  expect((await rawRequest(one)).body.equals(CONTENT)).toBe(true);
  expect((await rawRequest(two)).body.equals(CONTENT)).toBe(true);
});

test('the clock of the Hub may be an hour ahead, and its URLs live an hour all the same', async () => {
  await hub.close();
  hub = await startFakeHub({ repos: [{ id: 'acme/demo', files: FILES }], clockSkewSeconds: 3600 });
  const { headers } = await get('/acme/demo/resolve/main/model.safetensors', { method: 'HEAD' });
  const ahead = (Date.parse(String(headers.date)) - Date.now()) / 1000;
  expect(ahead).toBeGreaterThan(3590);
  const expires = Number(/Expires=(\d+)/.exec(String(headers.location))?.[1]);
  expect(Math.abs(expires * 1000 - Date.parse(String(headers.date)) - 3_600_000)).toBeLessThan(3000);
  expect((await rawRequest(String(headers.location))).status).toBe(200);
});

test('a branch moves between two requests, and the old commit stays', async () => {
  const before = hub.commitOf('acme/demo');
  hub.addFault({
    on: 'tree',
    kind: 'run',
    run: () => void hub.moveBranch('acme/demo', 'main', { 'new.txt': text('new') }),
  });
  expect((await get('/api/models/acme/demo')).json).toHaveProperty('sha', before);
  expect((await listed()).map((entry) => entry.path)).toEqual(['new.txt']);
  expect((await get(`/api/models/acme/demo/tree/${before}`)).json).toHaveLength(3);
});

test('after a forced push the old commit is an unknown revision', async () => {
  const before = hub.commitOf('acme/demo');
  hub.forcePush('acme/demo', 'main', { 'new.txt': text('new') });
  const { status, headers } = await get(`/api/models/acme/demo/tree/${before}`);
  expect([status, headers['x-error-code']]).toEqual([404, 'RevisionNotFound']);
});

test('a repository becomes gated, then private, and loses a file', async () => {
  const resolve = (path: string): Promise<RawAnswer> => get(`/acme/demo/resolve/main/${path}`);
  hub.removeFile('acme/demo', 'main', 'a.json');
  expect((await resolve('a.json')).headers['x-error-code']).toBe('EntryNotFound');
  hub.repo('acme/demo').gated = 'manual';
  expect((await resolve('b.json')).headers['x-error-code']).toBe('GatedRepo');
  hub.repo('acme/demo').private = true;
  expect((await get('/api/models/acme/demo')).status).toBe(401);
});
