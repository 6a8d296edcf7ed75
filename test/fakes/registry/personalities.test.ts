import { expect, test } from 'vitest';
import { type PersonalityName, personalities } from './personalities.ts';
import { beginAt, call, locationOf, registryFor, sha256, withDigest } from './raw-http.ts';

const bytes = Buffer.from('0123456789');

/** What a blob in one streamed PATCH is answered, and its commit. */
const streamed: Readonly<Record<PersonalityName, readonly number[]>> = {
  dist28: [202, 201],
  dist3: [202, 201],
  olareg: [202, 201],
  zot: [202, 201],
  quay: [202, 201],
  forgejo: [202, 201],
  ecr: [201, 201],
  ghcr: [202, 201],
  gar: [202, 201],
  gcr: [202, 201],
  acr: [202, 201],
  r2: [202, 201],
  pulp: [204, 201],
  harbor: [202, 201],
  hub: [202, 201],
  nexus: [202, 201],
  'artifactory-ha': [404],
  'slow-commit': [202, 504],
  'put-only': [405],
  'length-only': [411],
};

const streamedBy = new Map(Object.entries(streamed));

test('every personality goes by its name, and most take a streamed blob', async () => {
  for (const [name, personality] of Object.entries(personalities)) {
    expect(personality.name).toBe(name);
    const registry = await registryFor({ personality, repositories: ['a/b'] });
    const location = await beginAt(registry);
    const patched = await call(registry, 'PATCH', location, { body: bytes, chunked: true });
    const answers = [patched.status];
    if (patched.status < 300) {
      const put = await call(registry, 'PUT', withDigest(locationOf(patched), sha256(bytes)));
      answers.push(put.status);
      expect(registry.readBlob('a/b', sha256(bytes))).toEqual(bytes);
    }
    expect([name, answers]).toEqual([name, streamedBy.get(name)]);
  }
});

test.each([
  ['zot', true],
  ['olareg', true],
  ['quay', true],
  ['r2', true],
  ['ecr', true],
  ['acr', true],
  ['dist28', false],
  ['dist3', false],
  ['ghcr', false],
] as const)('%s has the referrers API: %s', async (personality, has) => {
  const registry = await registryFor({ personality });
  const answer = await call(registry, 'GET', `/v2/a/b/referrers/${sha256('x')}`);
  expect(answer.status).toBe(has ? 200 : 404);
});
