import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describePeers, type PeerName, peerPath } from './peers.ts';
import { openPodman } from './podman.ts';
import { copyToFolder, copyToOciLayout, rawManifest, unpackLayout } from './read-back.ts';
import { runCommand } from './run-command.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import type { RunningRegistry } from './start-registry.ts';
import { pushTinyImage, type TinyImage } from './tiny-image.ts';

const importsHubClient = 'import huggingface_hub as h; print("huggingface_hub", h.__version__)';

/** What each program says of itself: the version where it is pinned, at least its name where it is not. */
const introductions = {
  'docker-registry': { args: ['--version'], says: / 2\.8\./ },
  'distribution-3': { args: ['--version'], says: / v3\.1\.1$/m },
  olareg: { args: ['version'], says: /v0\.2\.1$/m },
  cosign: { args: ['version'], says: /v2\.6\.1$/m },
  skopeo: { args: ['--version'], says: /^skopeo version \d/ },
  podman: { args: ['--version'], says: /^podman version \d/ },
  umoci: { args: ['--version'], says: /^umoci version \d/ },
  nginx: { args: ['-v'], says: /^nginx version: nginx\/\d/m },
  busybox: { args: ['--help'], says: /^BusyBox v\d/ },
  'gnu-tar': { args: ['--version'], says: /^tar \(GNU tar\) \d/ },
  'update-ca-certificates': { args: ['--help'], says: /--fresh/ },
  python3: { args: ['--version'], says: /^Python 3\.\d/ },
  zsh: { args: ['--version'], says: /^zsh \d/ },
  fish: { args: ['--version'], says: /^fish, version \d/ },
  huggingface_hub: { args: ['-c', importsHubClient], says: /^huggingface_hub 2\.4\.0$/m },
  'oci-modelcar-0.4.1': { args: ['--version'], says: /\b0\.4\.1\b/ },
} satisfies Record<PeerName, { args: string[]; says: RegExp }>;

const peerNames = Object.keys(introductions).filter((name): name is PeerName => name in introductions);

for (const name of peerNames) {
  describePeers([name], `the real peer ${name}`, () => {
    test('runs here and says who it is', async () => {
      const { args, says } = introductions[name];
      const { stdout, stderr } = await runCommand(peerPath(name), args);
      expect(stdout + stderr).toMatch(says);
    });
  });
}

const readers: PeerName[] = ['docker-registry', 'gnu-tar', 'skopeo', 'umoci'];

describePeers(readers, 'an image that is none of ours', () => {
  const content = '{"model_type":"tiny"}\n';
  let registry: RunningRegistry;
  let image: TinyImage;
  let folder: string;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    image = await pushTinyImage(registry.host, content);
    folder = await mkdtemp(join(tmpdir(), 'read-back-'));
  });

  afterAll(async () => {
    await registry.stop();
    await rm(folder, { recursive: true });
  });

  test('is shown by skopeo with its manifest to the byte', async () => {
    expect(await rawManifest(image.reference)).toBe(image.manifest);
  });

  test('is copied by skopeo into a folder with its manifest to the byte', async () => {
    await copyToFolder(image.reference, join(folder, 'plain'));
    expect(await readFile(join(folder, 'plain', 'manifest.json'), 'utf8')).toBe(image.manifest);
  });

  test('is unpacked by umoci from the layout that skopeo copied', async () => {
    await copyToOciLayout(image.reference, join(folder, 'layout'));
    const rootFolder = await unpackLayout(join(folder, 'layout'), join(folder, 'bundle'));
    expect(await readFile(join(rootFolder, 'models', 'config.json'), 'utf8')).toBe(content);
  });

  describePeers(['podman'], 'read by podman', () => {
    test('is pulled and mounted, and leaves nothing behind', async () => {
      const podman = await openPodman();
      let rootFolder: string;
      try {
        await podman.pull(image.reference);
        rootFolder = await podman.mount(image.reference);
        expect(await readFile(join(rootFolder, 'models', 'config.json'), 'utf8')).toBe(content);
      } finally {
        await podman.close();
      }
      await expect(stat(rootFolder)).rejects.toThrow('ENOENT');
    });
  });
});
