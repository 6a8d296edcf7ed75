import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  listTags,
  ModelcarError,
  parseImageReference,
  parseStoredReference,
  pushModel,
  type Validation,
  validateImage,
} from '../../src/index.ts';
import { demoModelFiles } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { describePeers, type PeerName, peerPath } from './peers.ts';
import { exchange } from './raw-http.ts';
import { copyToOciLayout, rawManifest } from './read-back.ts';
import { runCommand } from './run-command.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/embedder';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const registries = {
  'docker-registry': startDockerRegistry,
  'distribution-3': startDistribution3,
  olareg: startOlareg,
} satisfies Partial<Record<PeerName, () => Promise<RunningRegistry>>>;

let hub: FakeHub;

beforeAll(async () => {
  hub = await startFakeHub({ repos: [{ id: MODEL, files: demoModelFiles() }] });
});

afterAll(() => hub?.close());

/** Pushes the model and answers its digest. */
async function push(reference: string, ...alsoTags: string[]): Promise<string> {
  const { location: target, tag = 'v1' } = parseImageReference(reference);
  const at = { endpoint: hub.endpoint };
  return (await pushModel({ model: MODEL, target, tag, alsoTags, allowPatterns: ['*'], hub: at }))
    .manifestDigest;
}

async function validate(reference: string): Promise<Validation> {
  const { location: target, name } = parseStoredReference(reference);
  if (name === undefined) throw new Error(`${reference} names no manifest`);
  return validateImage({ target, ...name });
}

/** Takes the bytes of a blob out of a registry's storage, wherever it keeps them. */
async function loseBytes(storage: string, digest: string): Promise<void> {
  const hex = digest.slice('sha256:'.length);
  const places = (await readdir(storage, { recursive: true })).filter(
    // distribution: blobs/sha256/ab/ab…/data; olareg: <repository>/blobs/sha256/ab…
    (path) => path.endsWith(join(hex, 'data')) || path.endsWith(join('blobs', 'sha256', hex)),
  );
  expect(places).not.toEqual([]);
  for (const path of places) await rm(join(storage, path), { recursive: true });
}

for (const name of ['docker-registry', 'distribution-3', 'olareg'] as const) {
  describePeers([name, 'skopeo'], `what lies in ${name}`, () => {
    let registry: RunningRegistry;
    let folder: string;

    beforeAll(async () => {
      registry = await registries[name]();
      folder = join(tmpdir(), `inspect-${randomUUID()}`);
      await mkdir(folder);
    });

    afterAll(async () => {
      await registry?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test('is listed by its tags, with the digest of each', async () => {
      const repository = `${registry.host}/models/tags`;
      const digest = await push(`${repository}:v10`, 'v2', 'latest');
      expect(await listTags({ target: parseImageReference(repository).location })).toEqual([
        { tag: 'latest', digest },
        { tag: 'v2', digest },
        { tag: 'v10', digest },
      ]);
    });

    test('is not found where nothing was pushed, or has no tags', async () => {
      const target = parseImageReference(`${registry.host}/models/nothing`).location;
      const said = await listTags({ target }).catch((error: unknown) => error);
      // olareg makes no difference between the two.
      if (name === 'olareg') expect(said).toEqual([]);
      else expect(said).toMatchObject({ constructor: ModelcarError, code: 'NOT_FOUND' });
      await expect(validateImage({ target, tag: 'v1' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('is whole after a push, by tag and by digest', async () => {
      const repository = `${registry.host}/models/whole`;
      const manifestDigest = await push(`${repository}:v1`);
      const files = Object.keys(demoModelFiles()).length;
      for (const reference of [`${repository}:v1`, `${repository}@${manifestDigest}`]) {
        const validation = await validate(reference);
        expect(validation).toMatchObject({ reference, manifestDigest, problems: [] });
        expect(validation.blobs.filter(({ kind }) => kind === 'layer')).toHaveLength(files);
      }
    });

    test('is whole after skopeo has compressed it, and in the layout that skopeo makes of it', async () => {
      const from = `${registry.host}/models/plain:v1`;
      const to = `${registry.host}/models/compressed:v1`;
      await push(from);
      const tls = ['--src-tls-verify=false', '--dest-tls-verify=false', '--quiet'];
      await runCommand(peerPath('skopeo'), ['copy', ...tls, `docker://${from}`, `docker://${to}`]);
      expect(await rawManifest(to)).toContain('tar+gzip');
      expect(await validate(to)).toMatchObject({ problems: [] });
      await copyToOciLayout(to, join(folder, 'layout'));
      expect(await validate(`oci:${join(folder, 'layout')}:copy`)).toMatchObject({ problems: [] });
    });

    test('is whole as an index, with the manifests that it names', async () => {
      const repository = `${registry.host}/models/index`;
      const digest = await push(`${repository}:v1`);
      const manifest = Buffer.from(await rawManifest(`${repository}:v1`));
      const { mediaType } = JSON.parse(manifest.toString());
      const entry = { mediaType, digest, size: manifest.length };
      const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
      const manifests = platforms.map((platform) => ({ ...entry, platform }));
      const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
      const url = new URL(`http://${registry.host}/v2/models/index/manifests/both`);
      const put = await exchange({ method: 'PUT', url, headers: { 'content-type': INDEX }, body });
      expect(put.status).toBe(201);
      const { mediaType: kind, blobs, problems } = await validate(`${repository}:both`);
      expect([kind, problems]).toEqual([INDEX, []]);
      expect(blobs.filter((blob) => blob.kind === 'manifest')).toMatchObject([{ digest }]);
    });

    test('is not whole once the storage has lost a layer, which is named', async () => {
      const reference = `${registry.host}/models/lost:v1`;
      await push(reference);
      const { blobs } = await validate(reference);
      const layer = blobs.find(({ kind }) => kind === 'layer');
      const lost = layer?.digest ?? '';
      await loseBytes(registry.storageFolder, lost);
      expect((await validate(reference)).problems).toEqual([`layer ${lost} (${layer?.file}) is not there`]);
    });
  });
}
