import { afterEach, expect, test } from 'vitest';
import { secret } from '../../support/secrets.ts';
import { readAll } from './byte-source.ts';
import { identify } from './content.ts';
import { type FakeHub, type FakeHubOptions, startFakeHub, synthetic, text } from './fake-hub.ts';
import { type RawAnswer, type RawOptions, rawRequest } from './raw-request.ts';

const TOKEN = secret('proxy token');

const WEIGHTS = synthetic({ size: 10_000, seed: 13 });
const CONTENT = Buffer.from(readAll(WEIGHTS.source));
const PART: RawOptions = { headers: { range: 'bytes=100-199' } };
const MODEL = '/acme/demo/resolve/main/model.safetensors';

let hub: FakeHub;

afterEach(() => hub.close());

async function start(persona: NonNullable<FakeHubOptions['persona']>): Promise<void> {
  const files = { 'config.json': text('{}'), 'model.safetensors': WEIGHTS };
  const tokens = { [TOKEN]: { user: 'proxied' } };
  hub = await startFakeHub({ repos: [{ id: 'acme/demo', files }], tokens, persona });
}

const ask = (path: string, options: RawOptions = {}): Promise<RawAnswer> =>
  rawRequest(hub.endpoint + path, options);

test('artifactory lives below a path and leaves out X-Repo-Commit and Content-Range', async () => {
  await start('artifactory');
  expect(new URL(hub.endpoint).pathname).toBe('/artifactory/api/huggingfaceml/models');
  const part = await ask(MODEL, PART);
  expect([part.status, part.body.equals(CONTENT.subarray(100, 200))]).toEqual([206, true]);
  expect(part.headers).not.toHaveProperty('content-range');
  expect(part.headers).not.toHaveProperty('x-repo-commit');
  expect((await ask('/api/models/acme/demo?expand=sha')).status).toBe(404);
  expect((await ask('/api/models/acme/demo')).status).toBe(200);
});

test('nexus serves a few routes with 200 and answers 400 to the others', async () => {
  await start('nexus');
  expect((await ask(MODEL)).status).toBe(200);
  expect((await ask('/api/models/acme/demo/tree/main')).status).toBe(200);
  expect((await ask('/api/models/acme/demo/paths-info/main', { method: 'POST' })).status).toBe(400);
  expect((await ask('/api/whoami-v2')).status).toBe(400);
});

test('csghub answers HEAD with 200, a git sha1 as ETag and the sha256 as Xet hash', async () => {
  await start('csghub');
  const identity = await identify(WEIGHTS);
  const head = await ask(MODEL, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers).toMatchObject({
    'content-length': '10000',
    etag: `"${identity.blobId}"`,
    'x-xet-hash': 'sha256' in identity && identity.sha256,
  });
  expect((await ask(MODEL)).status).toBe(302);
  expect((await ask('/api/models/acme/demo/tree/nope')).headers).not.toHaveProperty('x-error-code');
});

test('hfd lists in one piece, without codes and Xet hashes', async () => {
  await start('hfd');
  const tree = await ask('/api/models/acme/demo/tree/main?limit=5000');
  expect(tree.text).not.toContain('xetHash');
  expect((await ask('/api/models/acme/demo/tree/nope')).status).toBe(500);
  const missing = await ask('/acme/demo/resolve/main/nope');
  expect([missing.status, missing.headers['x-error-code']]).toEqual([404, undefined]);
  expect((await ask(MODEL, PART)).status).toBe(206);
});

test('olah says RepoNotFound with a 401 and redirects nobody', async () => {
  await start('olah');
  const headers = { authorization: `Bearer ${TOKEN}` };
  const missing = await ask('/api/models/acme/nothing', { headers });
  expect([missing.status, missing.headers['x-error-code']]).toEqual([401, 'RepoNotFound']);
  expect((await ask('/acme/demo/resolve/main/config.json')).text).toBe('{}');
});

test('hf-mirror leaves huggingface.co in Link and lengths out', async () => {
  await start('hf-mirror');
  hub.knobs.pageSize = 1;
  const tree = await ask('/api/models/acme/demo/tree/main');
  expect(tree.headers.link).toMatch(/^<https:\/\/huggingface\.co\/api\//);
  expect(tree.headers).not.toHaveProperty('content-length');
});

test('a mirror that serves nobody here sends everything on with an absolute 308', async () => {
  await start('hf-mirror');
  hub.knobs.movedTo = 'http://127.0.0.1:9';
  const moved = await ask(`${MODEL}?download=true`, { method: 'HEAD' });
  expect([moved.status, moved.headers.location]).toEqual([308, `http://127.0.0.1:9${MODEL}?download=true`]);
});
