import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileMap } from '../fakes/hub/content.ts';
import { bytes, type FakeHub, json, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli, variablesOf } from '../support/run-cli.ts';
import { describePeers, peerPath } from './peers.ts';
import { rawManifest } from './read-back.ts';
import { runCommand } from './run-command.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import type { RunningRegistry } from './start-registry.ts';

/** Only files that the Python tool takes by default, and no two of the same basename, which it cannot keep apart. */
const FILES: FileMap = {
  'README.md': text('# A model\n'),
  'config.json': json({ model_type: 'bert' }),
  'empty.txt': text(''),
  'model-00001-of-00002.safetensors': synthetic({ size: 9 * 2 ** 20 + 1, seed: 1 }),
  'model-00002-of-00002.safetensors': synthetic({ size: 8704, seed: 2 }),
  // One block more than the end of the last 10 KiB record holds.
  'tokenizer.model': synthetic({ size: 8705, seed: 3 }),
  'nested/quantized/other.json': json({ nested: true }),
  'größe.json': json({ name: 'not ASCII' }),
  '日本語🦙.txt': text('beyond the BMP'),
  [`${'a-long-name-'.repeat(9)}.json`]: json({ name: 'over 100 characters' }),
  [`${'lang-'.repeat(19)}-größe.json`]: json({ name: 'both' }),
};

/** The two files of the digests that the Python tools 0.4.1 and 1.3.0 gave, https://pypi.org/project/oci-modelcar/. */
const GOLDEN: FileMap = {
  'config.json': text('{"model_type":"demo"}\n'),
  'model.safetensors': bytes(
    Uint8Array.from({ length: 10_240 }, (_, index) => index % 256),
    { lfs: true },
  ),
};

type Manifest = {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[];
};

const PEERS = ['docker-registry', 'oci-modelcar-0.4.1', 'skopeo'] as const;

describePeers(PEERS, '--tar-layout reference repeats the Python tool', () => {
  let hub: FakeHub;
  let registry: RunningRegistry;
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'oci-modelcar-python-'));
    registry = await startDockerRegistry();
    hub = await startFakeHub({
      repos: [
        { id: 'acme/model', files: FILES },
        { id: 'acme/golden', files: GOLDEN },
      ],
    });
  });

  afterAll(async () => {
    await hub?.close();
    await registry?.stop();
    await rm(home, { recursive: true, force: true });
  });

  function pushOurs(model: string, repository: string, ...flags: string[]): Promise<CliRun> {
    const args = ['push', model, `${registry.host}/${repository}:v1`, '--tar-layout', 'reference', ...flags];
    return runCli(args, { env: { HF_ENDPOINT: hub.endpoint } });
  }

  async function pushTheirs(model: string, repository: string, ...flags: string[]): Promise<void> {
    const source = ['--hf-repo', model, '--hf-endpoint', hub.endpoint];
    const target = ['--registry', registry.host, '--target-repo', repository, '--target-tag', 'v1'];
    const state = ['--state-file', join(home, `${repository}.json`)];
    await runCommand(peerPath('oci-modelcar-0.4.1'), ['push', ...source, ...target, ...state, ...flags], {
      env: { HOME: home, XDG_CONFIG_HOME: home, HF_TOKEN: '', NO_PROXY: '127.0.0.1,localhost' },
    });
  }

  async function manifestOf(repository: string): Promise<Manifest> {
    return JSON.parse(await rawManifest(`${registry.host}/${repository}:v1`));
  }

  test('the layers and the config have the digests that the real 0.4.1 gives them', async () => {
    await pushTheirs('acme/model', 'theirs');
    expect(await pushOurs('acme/model', 'ours')).toMatchObject({ code: 0 });
    const [ours, theirs] = [await manifestOf('ours'), await manifestOf('theirs')];
    expect(theirs.layers).toHaveLength(Object.keys(FILES).length);
    expect(ours.layers.map(blobOf)).toEqual(theirs.layers.map(blobOf));
    expect(ours.config).toEqual(theirs.config);
  });

  test('they have them under another --layer-prefix too', async () => {
    const flags = ['--layer-prefix', 'srv/weights/'];
    await pushTheirs('acme/model', 'theirs-elsewhere', ...flags);
    expect(await pushOurs('acme/model', 'ours-elsewhere', ...flags)).toMatchObject({ code: 0 });
    const [ours, theirs] = [await manifestOf('ours-elsewhere'), await manifestOf('theirs-elsewhere')];
    expect(ours.config).toEqual(theirs.config);
    expect(ours.layers.map(blobOf)).toEqual(theirs.layers.map(blobOf));
  });

  test('the default tag stays at an image of the real 0.4.1 unless the user sets --move-tag', async () => {
    const repository = `${registry.host}/theirs-by-commit`;
    const tag = hub.commitOf('acme/golden').slice(0, 12);
    await pushTheirs('acme/golden', 'theirs-by-commit', '--target-tag', tag);
    const args = ['push', 'acme/golden', repository, '--tar-layout', 'reference'];
    const env = { HF_ENDPOINT: hub.endpoint };
    const refused = await runCli(args, { env });
    expect(refused).toMatchObject({ code: 6 });
    expect(refused.stderr).toContain(`cannot tag ${repository}:${tag}: it points at sha256:`);
    expect(refused.stderr).toContain('--move-tag');
    expect(await runCli([...args, '--move-tag'], { env })).toMatchObject({ code: 0 });
  });

  test('the golden image has the golden digests', async () => {
    const push = await pushOurs('acme/golden', 'golden');
    expect(variablesOf(push)).toMatchObject({
      MANIFESTDIGEST: 'sha256:8a3b749e2cdb90acdac7f00320b90be1ac7444761f6e3f1e9488783a0dfd2f78',
    });
    const { config, layers } = await manifestOf('golden');
    expect(config).toMatchObject({
      digest: 'sha256:3fb155231a5c37580f7ea66091051ee83d2dfcdb82ee9ff42e7c623369b0cca9',
      size: 237,
    });
    expect(layers.map(({ digest }) => digest)).toEqual([
      'sha256:a827789476faf3c0815fe52dd2f234ae36cdd8b055540897d84d6caca72a60db',
      'sha256:00623fb2f69f2c15149a868880b32703b794c5cbe934cc5b88ca901a205d6b2f',
    ]);
  });

  test('the real 0.4.1 gives the golden image the same config and layers', async () => {
    await pushTheirs('acme/golden', 'golden-theirs');
    const [ours, theirs] = [await manifestOf('golden'), await manifestOf('golden-theirs')];
    expect(theirs.config).toEqual(ours.config);
    expect(theirs.layers.map(blobOf)).toEqual(ours.layers.map(blobOf));
  });
});

function blobOf({ digest, size, mediaType }: Manifest['layers'][number]): object {
  return { digest, size, mediaType };
}
