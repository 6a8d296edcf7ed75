import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/core/digest.ts';
import { readAll } from '../fakes/hub/byte-source.ts';
import { demoModelFiles } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { expectedTree, readFileTree } from './file-tree.ts';
import { describePeers, type PeerName } from './peers.ts';
import { openPodman } from './podman.ts';
import { copyFromOciLayout, listTags, rawManifest, unpackLayout } from './read-back.ts';
import { runCommand } from './run-command.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/embedder';
/** With --chunk-mib 1 the large one takes six requests, the last of them a short one. */
const FILES = { ...demoModelFiles(), '2_Dense/model.safetensors': synthetic({ size: 5 * 2 ** 20 + 17 }) };
const IN_IMAGE = new Map(
  Object.entries(FILES)
    .filter(([path]) => path !== '.gitattributes')
    .map(([path, { source }]) => [`models/${path}`, readAll(source)]),
);

let hub: FakeHub;
let folder: string;
let layout: string;
/** Of the image in the layout; an image of the same model is the same wherever it goes. */
let manifestDigest: string;

beforeAll(async () => {
  // podman takes the path of a layout for the name of a repository, and refuses capitals in it.
  folder = join(tmpdir(), `registries-${randomUUID()}`);
  await mkdir(folder);
  layout = join(folder, 'layout');
  hub = await startFakeHub({ repos: [{ id: MODEL, files: FILES }] });
  manifestDigest = await pushTo(`oci:${layout}:v1`);
});

afterAll(async () => {
  await hub?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Answers the digest that the command has printed. */
async function pushTo(reference: string, ...flags: string[]): Promise<string> {
  const run = await runCli(['push', MODEL, reference, ...flags], { env: { HF_ENDPOINT: hub.endpoint } });
  expect(run).toMatchObject({ code: 0 });
  return variablesOf(run).MANIFESTDIGEST ?? '';
}

const registries = {
  'docker-registry': startDockerRegistry,
  'distribution-3': startDistribution3,
  olareg: startOlareg,
} satisfies Partial<Record<PeerName, () => Promise<RunningRegistry>>>;

for (const name of ['docker-registry', 'distribution-3', 'olareg'] as const) {
  describePeers([name, 'skopeo'], `a model goes into ${name}`, () => {
    let registry: RunningRegistry;

    beforeAll(async () => {
      registry = await registries[name]();
    });

    afterAll(() => registry?.stop());

    test.each([
      ['streamed', []],
      ['in chunks of a mebibyte', ['--chunk-mib', '1']],
      ['by four workers', ['--workers', '4']],
      ['in chunks by four workers', ['--chunk-mib', '1', '--workers', '4']],
    ])('%s as the same image as into an OCI layout', async (how, flags) => {
      // In a repository of its own, where no layer is yet.
      const reference = `${registry.host}/models/${how.replaceAll(' ', '-')}:v1`;
      expect(await pushTo(reference, ...flags)).toBe(manifestDigest);
      expect(sha256(Buffer.from(await rawManifest(reference)))).toBe(manifestDigest);
    });

    test('a second time as the same image', async () => {
      const reference = `${registry.host}/models/twice:v1`;
      expect(await pushTo(reference)).toBe(manifestDigest);
      expect(await pushTo(reference)).toBe(manifestDigest);
    });

    test('again without a PUT of its tag, and reports a tag before it moves', async () => {
      const reference = `${registry.host}/models/moved:v1`;
      await pushTo(reference);
      const again = await runCli(['push', MODEL, reference], { env: { HF_ENDPOINT: hub.endpoint } });
      expect(again.stderr).toContain(`${reference} already is this image`);
      const patterns = ['--allow-patterns', '*.json'];
      const fewer = await runCli(['push', MODEL, reference, ...patterns], {
        env: { HF_ENDPOINT: hub.endpoint },
      });
      const { MANIFESTDIGEST: moved } = variablesOf(fewer);
      expect(fewer.stderr).toContain(`${reference} is ${manifestDigest} now and will be moved\n`);
      expect(fewer.stderr).toContain(`moved ${reference} from ${manifestDigest} to ${moved}`);
    });

    test('and its default tag never moves to fewer files', async () => {
      const repository = `${registry.host}/models/default-tag`;
      await pushTo(repository);
      const args = ['push', MODEL, repository, '--allow-patterns', '*.json'];
      const env = { HF_ENDPOINT: hub.endpoint };
      const refused = await runCli(args, { env });
      expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('(REJECTED)') });
      expect(refused.stderr).not.toContain('Pushing');
      expect(await runCli([...args, '--move-tag'], { env })).toMatchObject({ code: 0 });
      expect(await runCli(args, { env })).toMatchObject({ code: 0 });
    });

    test('under every tag that was asked for, and under its digest', async () => {
      const repository = `${registry.host}/models/tags`;
      await pushTo(`${repository}:v1`, '--also-tag', 'latest', '--also-tag', 'v1.0');
      expect(await listTags(repository)).toEqual(['latest', 'v1', 'v1.0']);
      const manifest = await rawManifest(`${repository}@${manifestDigest}`);
      expect(await rawManifest(`${repository}:latest`)).toBe(manifest);
    });

    test('by skopeo out of our OCI layout, digest untouched', async () => {
      const reference = `${registry.host}/models/out-of-layout:v1`;
      await copyFromOciLayout(`${layout}:v1`, reference);
      expect(sha256(Buffer.from(await rawManifest(reference)))).toBe(manifestDigest);
    });

    describePeers(['podman'], 'and from there', () => {
      test('podman mounts the files of the Hub, and any user can read them', async () => {
        const reference = `${registry.host}/models/streamed:v1`;
        await pushTo(reference);
        const podman = await openPodman();
        try {
          await podman.pull(reference);
          const root = await podman.mount(reference);
          expect(await readFileTree(root)).toEqual(expectedTree(IN_IMAGE));
          expect(await readAsAnotherUser(root, 'models/1_Pooling/config.json')).toBe(
            String(IN_IMAGE.get('models/1_Pooling/config.json')),
          );
        } finally {
          await podman.close();
        }
      });
    });
  });
}

describePeers(['umoci'], 'a model goes into an OCI layout', () => {
  test('by four workers as the same image as by one', async () => {
    expect(await pushTo(`oci:${join(folder, 'by-four')}:v1`, '--workers', '4')).toBe(manifestDigest);
  });

  test('a second time as the same image', async () => {
    expect(await pushTo(`oci:${layout}:again`)).toBe(manifestDigest);
  });

  test('and umoci unpacks the files of the Hub from it', async () => {
    const root = await unpackLayout(layout, join(folder, 'bundle'), 'v1');
    expect(await readFileTree(root)).toEqual(expectedTree(IN_IMAGE));
  });
});

/** As user 1010, of no group that has any rights here. The storage of podman lets only root in, so we begin inside. */
async function readAsAnotherUser(root: string, path: string): Promise<string> {
  const [program, ...args] =
    process.getuid?.() === 0
      ? ['setpriv', '--reuid=1010', '--regid=1010', '--clear-groups', 'cat', path]
      : ['cat', path];
  return (await runCommand(program, args, { cwd: root })).stdout;
}
