import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeHub, json, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli, variablesOf } from '../support/run-cli.ts';
import { hubToken } from '../support/secrets.ts';
import { describePeers } from './peers.ts';
import { copyToOciLayout, rawManifest } from './read-back.ts';
import { layersOf, readTars } from './read-tar.ts';
import { roomyFolder } from './roomy-folder.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import type { RunningRegistry } from './start-registry.ts';

const GIB = 2 ** 30;
const MODEL = 'acme/two-gib';
const TOKEN = hubToken('reader token');

describePeers(['docker-registry', 'python3', 'skopeo'], 'a model of 2 GiB goes into a registry', () => {
  let hub: FakeHub;
  let registry: RunningRegistry;
  let folder: string;
  let reference: string;
  let push: CliRun;
  let forbidden: CliRun;

  beforeAll(async () => {
    folder = await roomyFolder('two-gib', 5 * GIB);
    registry = await startDockerRegistry();
    reference = `${registry.host}/models/two-gib:v1`;
    hub = await startFakeHub({
      tokens: { [TOKEN]: { user: 'reader', accepted: [MODEL] } },
      repos: [
        {
          id: MODEL,
          gated: 'manual',
          files: {
            'config.json': json({ model_type: 'llama' }),
            'model-00001-of-00002.safetensors': synthetic({ size: GIB, seed: 1 }),
            'model-00002-of-00002.safetensors': synthetic({ size: GIB - 12_345, seed: 2 }),
            'tokenizer.model': synthetic({ size: 499_723, seed: 3 }),
            'README.md': text('# Two gibibytes of nothing\n'),
          },
        },
      ],
    });
    const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN };
    push = await runCli(['push', MODEL, reference], { env, filesForbidden: true, timeoutMs: 100_000 });
    forbidden = await runCli(['push', MODEL, `oci:${join(folder, 'refused')}:v1`], {
      env,
      filesForbidden: true,
    });
  }, 120_000);

  afterAll(async () => {
    await hub?.close();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('the push ends well and names the digest that the registry has', async () => {
    expect(push).toMatchObject({ code: 0 });
    const { MANIFESTDIGEST, IMAGEREF, IMAGEREFDIGEST } = variablesOf(push);
    expect(IMAGEREF).toBe(reference);
    expect(IMAGEREFDIGEST).toBe(`${registry.host}/models/two-gib@${MANIFESTDIGEST}`);
    const manifest = await rawManifest(IMAGEREFDIGEST ?? '');
    expect(await rawManifest(reference)).toBe(manifest);
    expect(JSON.parse(manifest).layers).toHaveLength(5);
  });

  test('the peak of its memory is below 150 MB', () => {
    expect(push.maxRssKb).toBeGreaterThan(0);
    expect(push.maxRssKb * 1024).toBeLessThan(150e6);
  });

  test('nothing is on disk: it works where no file may be written, and leaves none', () => {
    // What it would write down of its progress is no part of the model; here that cannot be written either.
    expect(push.filesLeft.filter((file) => !file.startsWith('.local'))).toEqual([]);
    expect(push.stderr).toContain('warning: cannot use ');
    // The kernel counts a few kilobytes of bookkeeping, such as access times, for any process.
    expect(push.diskBytesWritten ?? 0).toBeLessThan(2 ** 20);
    // The limit does bite: a push that must write files fails under it.
    expect(forbidden.code).not.toBe(0);
  });

  test('the Hub sees the token, no other origin does', () => {
    expect(hub.requests({ origin: 'hub' }).every((entry) => entry.hadAuthorization)).toBe(true);
    expect(new URL(hub.cdnOrigin).origin).not.toBe(new URL(hub.endpoint).origin);
    expect(hub.bytesSent({ origin: 'cdn' })).toBeGreaterThan(2 * GIB - 12_345);
    expect(hub.leaks()).toEqual([]);
  });

  test('skopeo copies it back, digests untouched, and every file has the hash the Hub says', async () => {
    const copy = join(folder, 'copy');
    await copyToOciLayout(reference, copy);
    const members = await readTars(await layersOf(copy));
    const files = members.filter(({ type }) => type === 'file');
    const got = files.map(({ name, size, sha256, gitSha1 }) => ({ path: name, size, sha256, gitSha1 }));
    const listed = await listedByHub();
    expect(got).toHaveLength(listed.length);
    for (const { path, size, lfs, oid } of listed) {
      const hash = lfs ? { sha256: lfs.oid } : { gitSha1: oid };
      expect(got).toContainEqual(expect.objectContaining({ path: `models/${path}`, size, ...hash }));
    }
  }, 100_000);

  type Listed = { path: string; size: number; oid: string; lfs?: { oid: string } };

  async function listedByHub(): Promise<Listed[]> {
    const url = `${hub.endpoint}/api/models/${MODEL}/tree/main?recursive=true`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    return (await answer.json()) as Listed[];
  }
});
