import { describe, onTestFinished } from 'vitest';
import type { PreferredFraming } from '../../src/registry/upload/framing.ts';
import type { AuthOptions } from '../fakes/registry/auth.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { type Account, registryTarget } from '../support/registry-target.ts';
import { secret } from '../support/secrets.ts';
import { obeysImageTargetLaws, type TargetUnderTest } from './image-target-laws.ts';

const REPOSITORY = 'acme/llama';
const ada: Account = { username: 'ada', password: secret('password') };

async function create(
  personality: PersonalityName,
  auth: AuthOptions,
  framing: PreferredFraming,
): Promise<TargetUnderTest> {
  const registry = await startFakeRegistry({ personality, auth, repositories: [REPOSITORY] });
  onTestFinished(() => registry.close());
  return {
    target: registryTarget(registry, { repository: REPOSITORY, credentials: ada, framing }),
    blobs: async () => [...registry.blobs.keys()],
    readBlob: async (digest) => registry.readBlob(REPOSITORY, digest),
    readManifest: async (digest) => registry.manifests(REPOSITORY).get(digest)?.bytes,
    tagged: async (tag) => registry.tags(REPOSITORY).get(tag),
    // distribution 2.8 has no way to cancel after a cut, and neither version without the right to delete: asked is enough.
    unfinished: async () => registry.sessions.filter(({ id }) => !cancelled(registry, id)).length,
  };
}

function cancelled({ log }: FakeRegistry, id: string): boolean {
  return log.some(({ pathClass, reference }) => pathClass === 'upload-delete' && reference === id);
}

const auths: readonly AuthOptions[] = [
  { kind: 'none' },
  { kind: 'basic', ...ada },
  { kind: 'bearer', ...ada },
];

describe.each<PersonalityName>(['dist28', 'dist3', 'olareg'])('a registry such as %s', (personality) => {
  describe.each<PreferredFraming>(['stream', 70_000])('sent as %s', (framing) => {
    describe.each(auths)('with authorization $kind', (auth) => {
      obeysImageTargetLaws(() => create(personality, auth, framing));
    });
  });
});

describe.each<PersonalityName>(['zot', 'quay', 'forgejo', 'ecr', 'gar', 'acr', 'pulp', 'nexus'])(
  'a registry such as %s',
  (personality) => {
    obeysImageTargetLaws(async () => create(personality, { kind: 'none' }, 'stream'));
  },
);
