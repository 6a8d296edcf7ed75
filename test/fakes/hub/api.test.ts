import { afterEach, expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, startFakeHub, synthetic, text } from './fake-hub.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

let hub: FakeHub;

afterEach(() => hub.close());

const FILES = {
  'README.md': text('# hi\n'),
  'a/one.txt': text('1'),
  'a/b/two.txt': text('22'),
  'model.safetensors': synthetic({ size: 5000 }),
  'z.json': text('{}'),
};

async function start(options: FakeHubOptions = {}): Promise<void> {
  hub = await startFakeHub({ repos: [{ id: 'acme/demo', files: FILES }], ...options });
}

const get = (path: string): Promise<RawAnswer> => rawRequest(hub.endpoint + path);

test('every answer of the Hub carries its headers, found or not', async () => {
  await start();
  for (const path of [
    '/api/models/acme/demo',
    '/acme/demo/resolve/main/z.json',
    '/no/such/page',
    '/api/models/x/y',
  ]) {
    const { headers } = await get(path);
    expect(headers).toMatchObject({
      'x-powered-by': 'huggingface-moon',
      'x-request-id': expect.stringMatching(/^Root=1-/),
      ratelimit: expect.stringMatching(/^"(api|resolvers|pages)";r=\d+;t=\d+$/),
      'ratelimit-policy': expect.stringMatching(/^"fixed window";"(api|resolvers|pages)";q=\d+;w=300$/),
      'access-control-expose-headers': expect.stringContaining('X-Linked-ETag'),
      vary: expect.stringMatching(/^Origin/),
      date: expect.any(String),
    });
  }
});

test('info names the commit, and with blobs=true digests under lfs.sha256', async () => {
  await start();
  const plain = await get('/api/models/acme/demo');
  expect(plain.json).toMatchObject({ id: 'acme/demo', sha: hub.commitOf('acme/demo'), gated: false });
  const blobs = await get('/api/models/acme/demo/revision/main?blobs=true');
  expect(blobs.json).toMatchObject({
    siblings: expect.arrayContaining([
      { rfilename: 'z.json', size: 2, blobId: '9e26dfeeb6e641a33dae4961196235bdb965b21b' },
      {
        rfilename: 'model.safetensors',
        size: 5000,
        blobId: expect.stringMatching(/^[0-9a-f]{40}$/),
        lfs: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), size: 5000, pointerSize: expect.any(Number) },
      },
    ]),
  });
});

test('expand answers with exactly what was asked for and refuses other names', async () => {
  await start();
  const some = await get('/api/models/acme/demo?expand=sha&expand[]=gated');
  expect(Object.keys(Object(some.json)).sort()).toEqual(['_id', 'gated', 'id', 'sha']);
  expect((await get('/api/models/acme/demo?expand=nonsense')).status).toBe(400);
});

test('a tree comes in pages whose Link is absolute and whose cursor leads to the end', async () => {
  await start({ pageSize: 3 });
  const paths: string[] = [];
  let url: string | undefined = `${hub.endpoint}/api/models/acme/demo/tree/main?recursive=true`;
  let pages = 0;
  while (url !== undefined) {
    const page: RawAnswer = await rawRequest(url);
    paths.push(...entriesOf(page).map((entry) => `${entry.type} ${entry.path}`));
    url = nextOf(page);
    pages += 1;
  }
  expect(pages).toBe(3);
  expect(paths).toEqual([
    'file README.md',
    'directory a',
    'directory a/b',
    'file a/b/two.txt',
    'file a/one.txt',
    'file model.safetensors',
    'file z.json',
  ]);
});

test('a hub behind a proxy that does not rewrite names its public origin in Link', async () => {
  await start({ pageSize: 2, pathPrefix: '/hf', publicOrigin: 'https://huggingface.co' });
  expect(hub.endpoint).toMatch(/\/hf$/);
  const page = await get('/api/models/acme/demo/tree/main');
  expect(nextOf(page)).toMatch(/^https:\/\/huggingface\.co\/api\/models\/acme\/demo\/tree\/main\?.*cursor=/);
});

test('without recursive a tree shows one level, and a folder is asked for with %2F or with slashes', async () => {
  await start();
  const root = entriesOf(await get('/api/models/acme/demo/tree/main'));
  expect(root.map((entry) => entry.path)).toEqual(['README.md', 'a', 'model.safetensors', 'z.json']);
  for (const folder of ['a%2Fb', 'a/b']) {
    const entries = entriesOf(await get(`/api/models/acme/demo/tree/main/${folder}`));
    expect(entries.map((entry) => entry.path)).toEqual(['a/b/two.txt']);
  }
});

test('expand adds history to the tree and shortens pages to 50', async () => {
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`f${1000 + i}`, text(`${i}`)]));
  await start({ repos: [{ id: 'acme/demo', files: many }] });
  const expanded = await get('/api/models/acme/demo/tree/main?expand=true&limit=1000');
  expect(entriesOf(expanded)).toHaveLength(50);
  expect(entriesOf(expanded)[0]).toHaveProperty('lastCommit.id', hub.commitOf('acme/demo'));
  expect(entriesOf(await get('/api/models/acme/demo/tree/main'))).toHaveLength(120);
});

test('an unknown revision and an unknown folder are different 404s', async () => {
  await start();
  const revision = await get('/api/models/acme/demo/tree/nope');
  expect([revision.status, revision.headers['x-error-code']]).toEqual([404, 'RevisionNotFound']);
  expect(revision.headers['x-error-message']).toBe('Invalid rev id: nope');
  const folder = await get('/api/models/acme/demo/tree/main/nope');
  expect([folder.status, folder.headers['x-error-code']]).toEqual([404, 'EntryNotFound']);
});

test('paths-info takes JSON and forms, and leaves out what does not exist', async () => {
  await start();
  const url = `${hub.endpoint}/api/models/acme/demo/paths-info/main`;
  const asJson = await rawRequest(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths: ['z.json', 'nope', 'a'] }),
  });
  const asForm = await rawRequest(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'paths=z.json&paths=nope&paths=a&expand=False',
  });
  expect(entriesOf(asJson).map((entry) => entry.path)).toEqual(['z.json', 'a']);
  expect(asForm.json).toEqual(asJson.json);
});

test('a former name and other letters are a 307 to the same path and query, for POST too', async () => {
  await start({ repos: [{ id: 'acme/demo', aliases: ['legacy'], files: FILES }] });
  const info = await get('/api/models/legacy?blobs=true');
  expect([info.status, info.headers.location]).toEqual([307, '/api/models/acme/demo?blobs=true']);
  const file = await get('/Acme/DEMO/resolve/main/a%2Fone.txt');
  expect([file.status, file.headers.location]).toEqual([307, '/acme/demo/resolve/main/a%2Fone.txt']);
  expect(file.headers['x-repo-commit']).toBeUndefined();
  expect(file.text).toBe('Temporary Redirect. Redirecting to /acme/demo/resolve/main/a%2Fone.txt');
  const post = await rawRequest(`${hub.endpoint}/api/models/legacy/paths-info/main`, { method: 'POST' });
  expect(post.headers.location).toBe('/api/models/acme/demo/paths-info/main');
});

test('refs lists branches and tags, and pull requests only when asked', async () => {
  await start({
    repos: [{ id: 'acme/demo', files: FILES, tags: { 'v1.0': 'main' }, pullRequests: { 3: FILES } }],
  });
  const sha = hub.commitOf('acme/demo');
  expect((await get('/api/models/acme/demo/refs')).json).toEqual({
    branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: sha }],
    tags: [{ name: 'v1.0', ref: 'refs/tags/v1.0', targetCommit: sha }],
    converts: [],
  });
  const all = await get('/api/models/acme/demo/refs?include_prs=1');
  expect(all.json).toHaveProperty('pullRequests.0.ref', 'refs/pr/3');
});

test('a quota once used up is a 429 that says when the window ends, per bucket', async () => {
  await start({ quota: { api: 2, windowSeconds: 1000 } });
  await get('/api/models/acme/demo');
  const last = await get('/api/models/acme/demo');
  expect(last.status).toBe(200);
  expect(last.headers.ratelimit).toMatch(/^"api";r=0;t=\d+$/);
  const refused = await get('/api/models/acme/demo');
  expect(refused.status).toBe(429);
  expect(refused.headers).not.toHaveProperty('retry-after');
  expect(refused.text).toContain('We had to rate limit your IP');
  expect(refused.body.length).toBeGreaterThan(50_000);
  expect((await get('/acme/demo/resolve/main/z.json')).status).toBe(307);
  hub.advanceClock(1000);
  expect((await get('/api/models/acme/demo')).status).toBe(200);
});

test('what no Hub has is a 404 page in HTML', async () => {
  await start();
  for (const path of [
    '/nothing',
    '/api/nothing',
    '/api/models/acme/demo/nothing/main',
    '/%E0%A4%A',
    '/cas/v1/x',
  ]) {
    const { status, headers } = await get(path);
    expect([path, status, headers['content-type']]).toEqual([path, 404, 'text/html; charset=utf-8']);
  }
});

interface ListedEntry {
  readonly type: string;
  readonly path: string;
}

function entriesOf(page: RawAnswer): readonly ListedEntry[] {
  expect(page.status).toBe(200);
  return page.json as readonly ListedEntry[];
}

function nextOf(page: RawAnswer): string | undefined {
  return /^<(http[^>]*)>; rel="next"$/.exec(String(page.headers.link ?? ''))?.[1];
}
