import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { describePeers } from './peers.ts';
import { exchange } from './raw-http.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/model';

// docker-registry 2.8.2 answers 404 to the DELETE of a session whose body was cut, and keeps what it got until its
// purge; 3 can show that nothing is left.
describePeers(['distribution-3'], 'one wrong bit out of the Hub', () => {
  let hub: FakeHub;
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startDistribution3();
    hub = await startFakeHub({
      repos: [
        {
          id: MODEL,
          files: {
            'config.json': text('{"model_type":"llama","vocab_size":32000}\n'),
            'model.safetensors': synthetic({ size: 3 * 2 ** 20 }),
          },
        },
      ],
    });
  });

  afterEach(() => hub.clearFaults());

  afterAll(async () => {
    await hub?.close();
    await registry?.stop();
  });

  function push(repository: string, ...flags: string[]): Promise<CliRun> {
    const args = ['push', MODEL, `${registry.host}/${repository}:v1`, ...flags];
    return runCli(args, { env: { HF_ENDPOINT: hub.endpoint } });
  }

  async function manifestStatus(repository: string): Promise<number> {
    const url = new URL(`http://${registry.host}/v2/${repository}/manifests/v1`);
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    return (await exchange({ method: 'GET', url, headers })).status;
  }

  /** What was sent for uploads that were neither committed nor cancelled. */
  async function unfinishedUploads(repository: string): Promise<string[]> {
    const repositories = join(registry.storageFolder, 'storage', 'docker', 'registry', 'v2', 'repositories');
    // Of a small file the registry has heard nothing at all.
    const paths = await readdir(join(repositories, repository, '_uploads'), { recursive: true }).catch(
      () => [],
    );
    return paths.filter((path) => path.endsWith('/data'));
  }

  test.each([
    ['in LFS', 'model.safetensors', 3 * 2 ** 20 - 1, []],
    ['in LFS, pushed in chunks', 'model.safetensors', 20, ['--chunk-mib', '1']],
    ['in git', 'config.json', 20, []],
    ['in git, pushed in chunks', 'config.json', 20, ['--chunk-mib', '1']],
  ])(
    '%s: exit code 5 names the file, nothing is tagged, nothing of it is kept',
    async (where, path, at, flags) => {
      const repository = where.toLowerCase().replaceAll(/\W+/g, '-');
      hub.addFault({ on: ['cdn', 'resolve-cache'], path, kind: 'flip-byte', at, times: Infinity });
      const run = await push(repository, ...flags);
      expect(run).toMatchObject({ code: 5, stdout: '' });
      expect(run.stderr).toMatch(new RegExp(`${path}.* expected .*[0-9a-f]{40}.* got .*[0-9a-f]{40}`));
      expect(await manifestStatus(repository)).toBe(404);
      expect(await unfinishedUploads(repository)).toEqual([]);
    },
  );

  test('is all that was wrong: without it the same push is tagged', async () => {
    expect(await push('right')).toMatchObject({ code: 0 });
    expect(await manifestStatus('right')).toBe(200);
    expect(await unfinishedUploads('right')).toEqual([]);
  });
});
