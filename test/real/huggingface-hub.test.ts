import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubAccess, parseTargetLocation, pushModel } from '../../src/index.ts';
import { demoModelFiles } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { hubToken } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describePeers, peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';

const READER = hubToken('reader token');
const STRANGER = hubToken('stranger token');

/**
 * The local Hub is the ground most other tests stand on. Here the library that real users download with says
 * whether it is one.
 */
describePeers(['huggingface_hub'], 'the real huggingface_hub takes the local Hub for the Hub', () => {
  const files = demoModelFiles();
  let hub: FakeHub;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oci-modelcar-hub-'));
    hub = await startFakeHub({
      pageSize: 2,
      tokens: {
        [READER]: { user: 'reader', accepted: ['acme/gated'], reads: ['acme/secret'] },
        [STRANGER]: { user: 'stranger' },
      },
      repos: [
        {
          id: 'acme/demo',
          aliases: ['acme/old-name'],
          files,
          branches: { 'feature/x': { 'only-here.txt': text('a branch with a slash in its name') } },
          tags: { 'v1.0': 'main' },
          pullRequests: { 3: { 'proposal.txt': text('a pull request') } },
        },
        { id: 'legacy', files: { 'config.json': text('{"single": "segment"}') } },
        { id: 'acme/gated', gated: 'manual', files: { 'weights.bin': synthetic({ size: 70_000 }) } },
        { id: 'acme/secret', private: true, files: { 'a.txt': text('private') } },
        { id: 'acme/closed', disabled: true, files: { 'a.txt': text('disabled') } },
        { id: 'acme/rows', type: 'dataset', files: { 'data/a.parquet': synthetic({ size: 3_000_000 }) } },
      ],
    });
  });

  afterAll(async () => {
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Question {
    readonly revision?: string;
    readonly type?: string;
    readonly file?: string;
    readonly to?: string;
    readonly token?: string;
  }

  let questions = 0;

  /** Every question has a cache of its own, so that no answer comes from an earlier one. */
  async function ask(command: string, repo: string, { token, ...options }: Question = {}): Promise<unknown> {
    questions += 1;
    const env = {
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(folder, `home-${questions}`),
      HF_HUB_DISABLE_XET: '1',
      HF_HUB_DISABLE_TELEMETRY: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      HF_TOKEN: token ?? '',
      NO_PROXY: '127.0.0.1,localhost',
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const script = fileURLToPath(new URL('./huggingface-hub.py', import.meta.url));
    const { stdout } = await runCommand(peerPath('huggingface_hub'), [script, command, repo, ...flags], {
      env,
    });
    return JSON.parse(stdout);
  }

  test('it lists all files over many pages of two', async () => {
    const listed = await ask('list', 'acme/demo');
    expect(listed).toEqual({ ok: expect.any(Array) });
    expect(new Set(ok<string[]>(listed))).toEqual(new Set(Object.keys(files)));

    hub.clearLog();
    const tree = ok<Record<string, unknown>>(await ask('tree', 'acme/demo'));
    expect(Object.keys(tree).sort()).toEqual(Object.keys(files).sort());
    expect(hub.requests({ on: 'tree' }).length).toBeGreaterThan(Object.keys(files).length / 2);
  });

  test('what it has downloaded into its cache is pushed without a word to the Hub, as the same image', async () => {
    await ask('snapshot', 'acme/demo');
    const cache = join(folder, `home-${questions}`, 'hub');
    const digest = async (access: HubAccess) => {
      const target = parseTargetLocation(`oci:${await tempFolder()}`, undefined);
      const allowPatterns = ['*'];
      return (await pushModel({ model: 'acme/demo', target, allowPatterns, hub: access })).manifestDigest;
    };
    const fromHub = await digest({ endpoint: hub.endpoint });
    hub.clearLog();
    expect(await digest({ endpoint: hub.endpoint, cache, offline: true })).toBe(fromHub);
    expect(hub.requests({})).toEqual([]);
  });

  test('the tree and the info give the git and sha256 digests of the content', async () => {
    const tree = ok<Record<string, unknown>>(await ask('tree', 'acme/demo'));
    const info = ok<{ sha: string; files: Record<string, unknown> }>(await ask('info', 'acme/demo'));
    expect(info.sha).toBe(hub.commitOf('acme/demo'));
    for (const [path, content] of Object.entries(contents())) {
      const lfs = files[path]?.lfs === true;
      const sha256 = lfs ? sha256Of(content) : null;
      expect(tree[path]).toMatchObject({ size: content.length, sha256 });
      expect(info.files[path]).toMatchObject({ size: content.length, sha256 });
      if (!lfs) expect(tree[path]).toMatchObject({ blobId: gitBlobId(content) });
    }
  });

  test('it downloads a snapshot whose files all have the right sha256', async () => {
    hub.clearLog();
    const snapshot = ok<Record<string, string>>(
      await ask('snapshot', 'acme/demo', { to: join(folder, 'snapshot'), token: READER }),
    );
    const expected = Object.entries(contents()).map(([path, content]) => [path, sha256Of(content)]);
    expect(snapshot).toEqual(Object.fromEntries(expected));
    expect(hub.requests({ origin: 'cdn', file: 'model.safetensors' }).length).toBeGreaterThan(0);
    expect(hub.requests({ on: 'resolve' }).some((entry) => entry.hadAuthorization)).toBe(true);
    expect(hub.leaks()).toEqual([]);
  });

  test('it downloads single files: small, nested, oddly named, in LFS', async () => {
    for (const file of ['config.json', '1_Pooling/config.json', 'notes/größe & maß #1 (final)+%41.md']) {
      expect(await ask('download', 'acme/demo', { file })).toEqual({ ok: sha256Of(contentOf(file)) });
    }
    const file = 'model.safetensors';
    expect(await ask('download', 'acme/demo', { file })).toEqual({ ok: sha256Of(contentOf(file)) });
  });

  test('it follows branches, tags, pull requests and shas', async () => {
    const sha = hub.commitOf('acme/demo');
    const file = 'config.json';
    const config = { ok: sha256Of(contentOf(file)) };
    expect(await ask('download', 'acme/demo', { file, revision: 'v1.0' })).toEqual(config);
    expect(await ask('download', 'acme/demo', { file, revision: sha })).toEqual(config);
    expect(await ask('list', 'acme/demo', { revision: 'feature/x' })).toEqual({ ok: ['only-here.txt'] });
    expect(await ask('download', 'acme/demo', { file: 'proposal.txt', revision: 'refs/pr/3' })).toEqual({
      ok: sha256Of(Buffer.from('a pull request')),
    });
    expect(ok(await ask('refs', 'acme/demo'))).toMatchObject({
      'refs/heads/main': sha,
      'refs/tags/v1.0': sha,
      'refs/pr/3': hub.commitOf('acme/demo', 'refs/pr/3'),
    });
  });

  test('it downloads from a dataset and from a repository without an owner', async () => {
    const rows = await ask('download', 'acme/rows', { type: 'dataset', file: 'data/a.parquet' });
    expect(rows).toEqual({ ok: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const info = ok<{ files: Record<string, { sha256: string }> }>(
      await ask('info', 'acme/rows', { type: 'dataset' }),
    );
    expect(ok(rows)).toBe(info.files['data/a.parquet']?.sha256);
    expect(await ask('download', 'legacy', { file: 'config.json' })).toHaveProperty('ok');
  });

  test('it finds a renamed repository and one written in other letters', async () => {
    const config = { ok: sha256Of(contentOf('config.json')) };
    expect(await ask('download', 'acme/old-name', { file: 'config.json' })).toEqual(config);
    expect(await ask('download', 'ACME/Demo', { file: 'config.json' })).toEqual(config);
    expect(await ask('info', 'acme/old-name')).toMatchObject({ ok: { id: 'acme/demo' } });
  });

  test('it gets paths-info from a form, without the paths that do not exist', async () => {
    const found = await ask('paths-info', 'acme/demo', { file: 'config.json' });
    const content = contentOf('config.json');
    expect(found).toEqual({ ok: { 'config.json': { size: content.length, blobId: gitBlobId(content) } } });
  });

  test('a gated repository is a GatedRepoError until the conditions are accepted', async () => {
    const file = 'weights.bin';
    expect(await ask('download', 'acme/gated', { file })).toMatchObject({ error: 'GatedRepoError' });
    expect(await ask('download', 'acme/gated', { file, token: STRANGER })).toMatchObject({
      error: 'GatedRepoError',
    });
    expect(await ask('download', 'acme/gated', { file, token: READER })).toHaveProperty('ok');
    expect(await ask('info', 'acme/gated')).toMatchObject({ ok: { gated: 'manual' } });
  });

  test('a missing and a private repository are the same RepositoryNotFoundError', async () => {
    const missing = { error: 'RepositoryNotFoundError' };
    expect(await ask('info', 'acme/nothing', { token: STRANGER })).toMatchObject(missing);
    expect(await ask('info', 'acme/secret', { token: STRANGER })).toMatchObject(missing);
    expect(await ask('info', 'acme/secret', { token: READER })).toHaveProperty('ok');
  });

  // For a 401 the library looks at the URL too, and takes only https ones for a Hub's (REPO_API_REGEX in
  // utils/_http.py), so over plain http it tells what it was told.
  test('without a token both are a 401 that speaks of a wrong password', async () => {
    const unauthorized = {
      error: 'HfHubHTTPError',
      message: expect.stringMatching(/401.*Invalid username or password/s),
    };
    expect(await ask('info', 'acme/nothing')).toMatchObject(unauthorized);
    expect(await ask('info', 'acme/secret')).toMatchObject(unauthorized);
  });

  test('unknown revisions, unknown files and disabled repositories have errors of their own', async () => {
    expect(await ask('info', 'acme/demo', { revision: 'nope' })).toMatchObject({
      error: 'RevisionNotFoundError',
    });
    expect(await ask('tree', 'acme/demo', { revision: 'nope' })).toMatchObject({
      error: 'RevisionNotFoundError',
    });
    const download = await ask('download', 'acme/demo', { file: 'nope.json' });
    expect(download).toMatchObject({ error: expect.stringContaining('EntryNotFoundError') });
    expect(await ask('download', 'acme/closed', { file: 'a.txt' })).toMatchObject({
      error: 'DisabledRepoError',
    });
  });

  test('it knows who it is by the token', async () => {
    expect(await ask('whoami', '-', { token: READER })).toEqual({ ok: 'reader' });
    expect(await ask('whoami', '-', { token: hubToken('token of nobody') })).toHaveProperty('error');
  });

  function contents(): Record<string, Buffer> {
    return Object.fromEntries(Object.keys(files).map((path) => [path, contentOf(path)]));
  }

  function contentOf(path: string): Buffer {
    const source = files[path]?.source;
    if (!source) throw new Error(`the fixture has no ${path}`);
    return Buffer.concat([...source.read(0, source.size)]);
  }
});

function ok<T = unknown>(answer: unknown): T {
  expect(answer).toHaveProperty('ok');
  return (answer as { ok: T }).ok;
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function gitBlobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
