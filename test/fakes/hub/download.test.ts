import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { hubToken, secretsIn } from '../../support/secrets.ts';
import { readAll } from './byte-source.ts';
import { identify } from './content.ts';
import { type FakeHub, type FakeHubOptions, startFakeHub, synthetic, text } from './fake-hub.ts';
import { type RawAnswer, type RawOptions, rawRequest } from './raw-request.ts';

let hub: FakeHub;

afterEach(() => hub.close());

const WEIGHTS = synthetic({ size: 300_000, seed: 5 });
const CONTENT = Buffer.from(readAll(WEIGHTS.source));
const ODD_NAME = 'notes/größe & maß #1 (final)+%41.md';
const FILES = {
  'config.json': text('{"a": 1}\n'),
  [ODD_NAME]: text('odd'),
  'empty.txt': text(''),
  'direct.json': text('[]', { direct: true }),
  'direct.bin': { ...WEIGHTS, direct: true },
  'model.safetensors': WEIGHTS,
};

async function start(options: FakeHubOptions = {}): Promise<void> {
  hub = await startFakeHub({ repos: [{ id: 'acme/demo', files: FILES }], ...options });
}

function resolve(path: string, options: RawOptions = {}): Promise<RawAnswer> {
  return rawRequest(`${hub.endpoint}/acme/demo/resolve/main/${path}`, options);
}

async function mint(options: RawOptions = { method: 'HEAD' }): Promise<string> {
  const { status, headers } = await resolve('model.safetensors', options);
  expect(status).toBe(302);
  return String(headers.location);
}

const range = (value: string): RawOptions => ({ headers: { range: value } });

test('a file kept in git is a relative 307 and then its bytes, with the git sha1 as ETag', async () => {
  await start();
  const first = await resolve('config.json');
  const { blobId } = await identify(FILES['config.json'] ?? text(''));
  expect(first.status).toBe(307);
  expect(first.headers['x-repo-commit']).toBe(hub.commitOf('acme/demo'));
  expect(Number(first.headers['content-length'])).toBe(first.body.length);
  expect(first.headers.location).toMatch(
    new RegExp(`^/api/resolve-cache/models/acme/demo/[0-9a-f]{40}/config\\.json\\?.*&etag=%22${blobId}%22$`),
  );
  const second = await rawRequest(hub.endpoint + first.headers.location);
  expect([second.status, second.text, second.headers.etag]).toEqual([200, '{"a": 1}\n', `"${blobId}"`]);
  expect(second.headers['x-repo-commit']).toBe(hub.commitOf('acme/demo'));
  const part = await rawRequest(hub.endpoint + first.headers.location, range('bytes=2-4'));
  expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'a":', 'bytes 2-4/9']);
});

test('an odd name travels with its slash as %2F and comes back as the same file', async () => {
  await start();
  const first = await resolve(ODD_NAME.split('/').map(encodeURIComponent).join('/'));
  expect(first.headers.location).toContain('/notes%2Fgr%C3%B6%C3%9Fe');
  expect((await rawRequest(hub.endpoint + first.headers.location)).text).toBe('odd');
});

test('small text is compressed on the fly for who accepts gzip, and loses its length and strong ETag', async () => {
  await start();
  const first = await resolve('config.json');
  const url = hub.endpoint + first.headers.location;
  const zipped = await rawRequest(url, { headers: { 'accept-encoding': 'gzip, deflate' } });
  expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', etag: expect.stringMatching(/^W\//) });
  expect(zipped.headers).not.toHaveProperty('content-length');
  expect(zipped.headers).not.toHaveProperty('accept-ranges');
  expect(gunzipSync(zipped.body).toString()).toBe('{"a": 1}\n');
  const plain = await rawRequest(url, { headers: { 'accept-encoding': 'identity' } });
  expect(plain.headers['content-length']).toBe('9');
});

test('a file in LFS is a 302 to the CDN that names size and sha256, for HEAD and GET', async () => {
  await start();
  const identity = await identify(WEIGHTS);
  for (const method of ['HEAD', 'GET']) {
    const { status, headers } = await resolve('model.safetensors', { method });
    expect(status).toBe(302);
    expect(headers).toMatchObject({
      'x-repo-commit': hub.commitOf('acme/demo'),
      'x-linked-size': '300000',
      'x-linked-etag': `"${'sha256' in identity && identity.sha256}"`,
      'x-xet-hash': 'xetHash' in identity && identity.xetHash,
      link: expect.stringContaining('rel="xet-auth"'),
    });
    expect(headers.location).toMatch(
      /^http:\/\/localhost:\d+\/xet-bridge-us\/.*&Expires=\d+&Policy=.*&Signature=/,
    );
    expect(headers.location?.startsWith(hub.cdnOrigin)).toBe(true);
  }
});

test('the CDN serves the whole, parts, suffixes, and refuses what lies past the end', async () => {
  await start();
  const url = await mint();
  const whole = await rawRequest(url);
  expect([whole.status, whole.body.equals(CONTENT)]).toEqual([200, true]);
  const part = await rawRequest(url, range('bytes=1000-1999'));
  expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 1000-1999/300000']);
  expect(part.body.equals(CONTENT.subarray(1000, 2000))).toBe(true);
  expect((await rawRequest(url, range('bytes=-10'))).body.equals(CONTENT.subarray(-10))).toBe(true);
  expect((await rawRequest(url, range('bytes=299990-'))).body.equals(CONTENT.subarray(-10))).toBe(true);
  const past = await rawRequest(url, range('bytes=300000-300001'));
  expect([past.status, past.headers['content-range']]).toEqual([416, 'bytes */300000']);
});

test('the ETag of the CDN looks like a sha256 and is not the one of the content', async () => {
  await start();
  const { headers } = await rawRequest(await mint(), { method: 'HEAD' });
  const identity = await identify(WEIGHTS);
  expect(headers.etag).toMatch(/^"[0-9a-f]{64}"$/);
  expect(headers.etag).not.toBe(`"${'sha256' in identity && identity.sha256}"`);
  expect(headers).toMatchObject({ 'x-cache': 'Hit from cloudfront', 'content-length': '300000' });
});

test('a URL minted with a Range serves that Range only', async () => {
  await start();
  const bound = await mint(range('bytes=0-0'));
  const refused = await rawRequest(bound, range('bytes=0-99'));
  expect([refused.status, refused.text]).toEqual([403, 'Auth failed: invalid range']);
  expect((await rawRequest(bound)).status).toBe(403);
  expect((await rawRequest(bound, range('bytes=0-0'))).status).toBe(206);
  hub.knobs.rangeBound = false;
  expect((await rawRequest(await mint(range('bytes=0-0')), range('bytes=5-9'))).status).toBe(206);
});

test('a URL minted without a Range serves every range, the whole file only, or nothing', async () => {
  await start();
  const statuses = async (bareUrls: 'any range' | 'whole' | 'nothing') => {
    hub.knobs.bareUrls = bareUrls;
    const bare = await mint();
    const bound = await mint(range('bytes=0-4'));
    return [
      (await rawRequest(bare)).status,
      (await rawRequest(bare, range('bytes=5-9'))).status,
      (await rawRequest(bound, range('bytes=0-4'))).status,
    ];
  };
  expect(await statuses('any range')).toEqual([200, 206, 206]);
  expect(await statuses('whole')).toEqual([200, 403, 206]);
  expect(await statuses('nothing')).toEqual([403, 403, 206]);
});

test('a signed URL ends with its hour, or when the test says so', async () => {
  await start();
  const url = await mint();
  hub.advanceClock(3599);
  expect((await rawRequest(url, range('bytes=0-9'))).status).toBe(206);
  hub.advanceClock(2);
  const late = await rawRequest(url, range('bytes=0-9'));
  expect([late.status, late.headers['content-type']]).toEqual([403, 'application/xml']);
  expect(late.text).toContain('<Message>Request has expired</Message>');
  const fresh = await mint();
  expect((await rawRequest(fresh, range('bytes=0-9'))).status).toBe(206);
  hub.expireUrls();
  expect((await rawRequest(fresh, range('bytes=0-9'))).status).toBe(403);
});

test('a signed URL that was touched, or names an unknown key, is refused', async () => {
  await start({ unknownKeyMints: 1 });
  const unknown = await rawRequest(await mint());
  expect([unknown.status, unknown.text]).toEqual([403, 'Auth failed: SignatureError: invalid key pair id']);
  const url = await mint();
  expect((await rawRequest(url.replace('user_id=public', 'user_id=other'))).status).toBe(403);
  expect((await rawRequest(url.replace(/Expires=\d+/, 'Expires=9999999999'))).status).toBe(403);
  expect((await rawRequest(url.replace('%3B', '%3b'))).status).toBe(403);
  expect((await rawRequest(url)).status).toBe(200);
});

test('with odd escapes only the Location as it was sent is valid', async () => {
  await start({ oddEscapes: true });
  const url = await mint();
  expect((await rawRequest(url)).status).toBe(200);
  const rebuilt = new URL(url);
  rebuilt.searchParams.set('user_id', 'public');
  expect((await rawRequest(rebuilt.href)).status).toBe(403);
});

test('a token at the CDN is a 400 and is remembered, without being written down', async () => {
  await start();
  const headers = { authorization: `Bearer ${hubToken('leaked token')}` };
  const leak = await rawRequest(await mint(), { headers });
  expect(leak.status).toBe(400);
  expect(hub.leaks()).toHaveLength(1);
  expect(secretsIn(JSON.stringify(hub.log))).toEqual([]);
  expect(JSON.stringify(hub.log)).not.toMatch(/Signature=[^*]/);
  hub.knobs.strictLeaks = false;
  expect((await rawRequest(await mint(), { headers })).status).toBe(200);
  expect(hub.leaks()).toHaveLength(2);
});

test('files above the CDN limit are a 400, though they are listed and resolved', async () => {
  await start({
    repos: [
      { id: 'acme/demo', files: { 'model.safetensors': synthetic({ size: 430e9, sha256: 'claimed' }) } },
    ],
  });
  expect((await rawRequest(await mint(), range('bytes=0-9'))).status).toBe(400);
});

test('some files are answered by the resolve route itself', async () => {
  await start();
  const small = await resolve('direct.json');
  expect([small.status, small.text]).toEqual([200, '[]']);
  const large = await resolve('direct.bin', range('bytes=10-19'));
  expect([large.status, large.headers['x-linked-size']]).toEqual([206, '300000']);
  expect(large.body.equals(CONTENT.subarray(10, 20))).toBe(true);
});

test('an empty file is a 200 without bytes, and any Range on it a 416', async () => {
  await start();
  const first = await resolve('empty.txt');
  const url = hub.endpoint + first.headers.location;
  const whole = await rawRequest(url);
  expect([whole.status, whole.headers['content-length'], whole.body.length]).toEqual([200, '0', 0]);
  expect((await rawRequest(url, range('bytes=0-0'))).status).toBe(416);
});

test('raw gives the LFS pointer, and the Xet media type gets Xet facts instead of a redirect', async () => {
  await start();
  const raw = await rawRequest(`${hub.endpoint}/acme/demo/raw/main/model.safetensors`);
  expect(raw.text).toMatch(
    /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:[0-9a-f]{64}\nsize 300000\n$/,
  );
  const xet = await resolve('model.safetensors', {
    headers: { accept: 'application/vnd.xet-fileinfo+json' },
  });
  expect([xet.status, xet.headers['content-type']]).toEqual([200, 'application/vnd.xet-fileinfo+json']);
  const token = await rawRequest(`${hub.endpoint}/api/models/acme/demo/xet-read-token/main`);
  expect(token.json).toMatchObject({ accessToken: expect.any(String), casUrl: expect.any(String) });
});

test('a matching If-None-Match is a 304', async () => {
  await start();
  const { headers } = await resolve('model.safetensors', { method: 'HEAD' });
  const again = await resolve('model.safetensors', {
    headers: { 'if-none-match': `${headers['x-linked-etag']}` },
  });
  expect(again.status).toBe(304);
});

test('a missing file still names the commit it is missing from', async () => {
  await start();
  const { status, headers, text: words } = await resolve('nope.json');
  expect([status, headers['x-error-code'], words]).toEqual([404, 'EntryNotFound', 'Entry not found']);
  expect(headers['x-repo-commit']).toBe(hub.commitOf('acme/demo'));
});

test('behind a path prefix everything lives below it, redirects included', async () => {
  await start({ pathPrefix: '/hf' });
  const { headers } = await resolve('config.json');
  expect(headers.location).toMatch(/^\/hf\/api\/resolve-cache\//);
  const origin = hub.endpoint.replace(/\/hf$/, '');
  expect((await rawRequest(origin + headers.location)).text).toBe('{"a": 1}\n');
  expect((await rawRequest(`${origin}/acme/demo/resolve/main/config.json`)).status).toBe(404);
});
