import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { createLayoutReader } from '../../src/layout/layout-reader.ts';
import type { AuthOptions } from '../fakes/registry/auth.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { registryFor } from '../fakes/registry/raw-http.ts';
import { layoutTarget } from '../support/layout-target.ts';
import { registryReader, registryTarget } from '../support/registry-target.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { obeysImageReaderLaws, type ReaderUnderTest } from './image-reader-laws.ts';

const REPOSITORY = 'acme/llama';
const ada = { username: 'ada', password: secret('password of ada') };

async function inLayout(): Promise<ReaderUnderTest> {
  const folder = join(await tempFolder(), 'layout');
  return {
    reader: createLayoutReader(folder),
    target: layoutTarget(folder),
    dropBlob: (digest) => rm(join(folder, 'blobs', ...digest.split(':'))),
  };
}

async function inRegistry(personality: PersonalityName, auth: AuthOptions): Promise<ReaderUnderTest> {
  const registry = await registryFor({ personality, auth, repositories: [REPOSITORY] });
  const setup = { repository: REPOSITORY, credentials: ada };
  return {
    reader: registryReader(registry, setup),
    target: registryTarget(registry, setup),
    dropBlob: async (digest) => registry.dropBlob(REPOSITORY, digest),
  };
}

describe('an OCI image layout', () => {
  obeysImageReaderLaws(inLayout);
});

const auths: readonly AuthOptions[] = [
  { kind: 'none' },
  { kind: 'basic', ...ada },
  { kind: 'bearer', ...ada },
];

describe.each<PersonalityName>(['dist28', 'dist3', 'quay', 'ecr'])('a registry such as %s', (personality) => {
  describe.each(auths)('with authorization $kind', (auth) => {
    obeysImageReaderLaws(() => inRegistry(personality, auth));
  });
});
