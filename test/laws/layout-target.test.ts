import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { layoutTarget } from '../support/layout-target.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { obeysImageTargetLaws, type TargetUnderTest } from './image-target-laws.ts';

interface Entry {
  readonly digest: string;
  readonly annotations?: Record<string, string>;
}

async function create(): Promise<TargetUnderTest> {
  const folder = join(await tempFolder(), 'not', 'there', 'yet');
  const blobs = join(folder, 'blobs', 'sha256');
  const read = (digest: string) =>
    readFile(join(blobs, digest.slice('sha256:'.length))).catch(() => undefined);
  return {
    target: layoutTarget(folder),
    blobs: async () => (await readdir(blobs)).map((name) => `sha256:${name}`),
    readBlob: read,
    readManifest: read,
    async tagged(tag) {
      const text = await readFile(join(folder, 'index.json'), 'utf8').catch(() => '{"manifests":[]}');
      const { manifests }: { manifests: Entry[] } = JSON.parse(text);
      const entries = manifests.filter(
        (entry) => entry.annotations?.['org.opencontainers.image.ref.name'] === tag,
      );
      if (entries.length > 1) throw new Error(`${tag} stands there ${entries.length} times`);
      return entries[0]?.digest;
    },
    async unfinished() {
      const names = await readdir(folder, { recursive: true });
      return names.filter((name) => name.includes('unfinished')).length;
    },
  };
}

describe('an OCI image layout', () => {
  obeysImageTargetLaws(create);
});
