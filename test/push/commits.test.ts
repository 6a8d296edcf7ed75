import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { hexOf, someBytes, watched } from '../support/byte-sources.ts';
import { BYTES, FILE, layerOf, REPOSITORY, type Scenario, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { secret } from '../support/secrets.ts';

const layer = await layerOf(FILE, BYTES);
const personalities: readonly PersonalityName[] = ['dist28', 'dist3', 'olareg'];

const layerSent = ({ layerPatches }: Scenario) =>
  layerPatches().reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);

/** Nothing of the image can be seen by anyone. */
function expectNothingPublished({ registry, tags }: Scenario): void {
  expect([tags, registry.manifests(REPOSITORY).size]).toEqual([{}, 0]);
}

describe.each(personalities)('the commit of a layer, by %s', (personality) => {
  test('whose answer is lost is looked for, and nothing is sent again', async () => {
    const told = await scenario({ personality, faults: [{ on: 'upload-put', dropsAnswer: true }] });
    const { manifestDigest } = await told.push();
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(layerSent(told)).toBe(layer.bytes.length);
  });

  test('that a proxy has no patience for is looked for', async () => {
    const answer = { status: 504, at: 'stored' } as const;
    const told = await scenario({ personality, faults: [{ on: 'upload-put', answer }] });
    await told.push();
    expect(layerSent(told)).toBe(layer.bytes.length);
    const commits = told.requests('upload-put').filter(({ target }) => target.includes(hexOf(layer.bytes)));
    expect(commits).toHaveLength(1);
  });

  test('that never reached the registry is sent again, and nothing else is', async () => {
    const told = await scenario({ personality, faults: [{ on: 'upload-put', answer: { status: 504 } }] });
    await told.push();
    expect(layerSent(told)).toBe(layer.bytes.length);
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });

  test('that finds other bytes than we sent ends the push', async () => {
    const faults = [{ on: 'PATCH', flipsByteAt: 500_000, times: 100 }] as const;
    const told = await scenario({ personality, faults, retries: 2 });
    const error = await failureOf(told.push());
    expect(error.code).toBe('CONTENT_MISMATCH');
    expectNothingPublished(told);
  });

  test('never comes when the Hub gives other bytes than it promised', async () => {
    const told = await scenario({ personality });
    const other = someBytes(BYTES.length, 2);
    told.model.replace(FILE, watched(other, 16 * 1024));
    const error = await failureOf(told.push());
    expect(error.code).toBe('CONTENT_MISMATCH');
    expect(error.message).toContain(FILE);
    expect(error.message).toContain(hexOf(BYTES));
    expect(error.message).toContain(hexOf(other));
    expect(told.requests('upload-put')).toHaveLength(0);
    const [session] = told.requests('upload-patch').map(({ reference }) => reference);
    expect(told.requests('upload-delete').map(({ reference }) => reference)).toContain(session);
    expectNothingPublished(told);
  });

  test.each([
    ['fewer', -1],
    ['more', 1],
  ])('never comes when the Hub gives %s bytes than it promised', async (_, difference) => {
    const told = await scenario({ personality });
    const bytes = someBytes(BYTES.length + difference);
    told.model.replace(FILE, { ...fromBytes(bytes), size: BYTES.length });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringContaining(`expected ${BYTES.length} bytes`),
    });
    expect(told.requests('upload-put')).toHaveLength(0);
    expectNothingPublished(told);
  });
});

describe('after the layers', () => {
  test.each(['blob-head', 'manifest-head', 'manifest-put'] as const)(
    'a digest that is not ours ends the push before a tag: %s',
    async (on) => {
      const wrong = `sha256:${'0'.repeat(64)}`;
      const faults = [{ on, times: 100, headers: { 'docker-content-digest': wrong } }];
      const told = await scenario({ faults });
      const error = await failureOf(told.push());
      expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(wrong) });
      expect(told.tags).toEqual({});
    },
  );

  test('a blob that is gone ends the push before the manifest, by its digest', async () => {
    const where = ({ reference }: { reference: string }) => reference === layer.digest;
    const told = await scenario({
      faults: [{ on: 'blob-head', where, times: Infinity, answer: { status: 404 } }],
    });
    const error = await failureOf(told.push());
    expect(error).toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringContaining(`${layer.digest} (${FILE})`),
    });
    expectNothingPublished(told);
  });

  test('a blob that shows only after a while is waited for', async () => {
    const where = ({ reference }: { reference: string }) => reference === layer.digest;
    const told = await scenario({ faults: [{ on: 'blob-head', where, times: 3, answer: { status: 404 } }] });
    await told.push();
    expect(told.clock.sleeps).toEqual([1000, 2000, 4000]);
  });

  test('a registry that does not answer HEAD is believed what it said at the commit', async () => {
    const told = await scenario({ faults: [{ on: 'blob-head', times: Infinity, answer: { status: 405 } }] });
    await told.push();
  });

  test('a blob of another length ends the push before the manifest', async () => {
    const where = ({ reference }: { reference: string }) => reference === layer.digest;
    const told = await scenario({ faults: [{ on: 'blob-head', where, headers: { 'content-length': '7' } }] });
    expect((await failureOf(told.push())).message).toContain(
      `expected ${layer.bytes.length} bytes, got 7 bytes`,
    );
    expectNothingPublished(told);
  });

  test('storage at another host is asked for the blob, without our authorization', async () => {
    const ada = { username: 'ada', password: secret('password') };
    const faults = [{ on: 'blob-head', times: 100, redirectsWith: 307 } as const];
    const told = await scenario({ auth: { kind: 'basic', ...ada }, credentials: ada, faults });
    const where = told.requests('blob-head');
    await failureOf(told.push()); // it sends us round in circles
    expect(where.every(({ origin, hadAuthorization }) => (origin === 'main') === hadAuthorization)).toBe(
      true,
    );
  });

  test('a manifest that the registry refuses is in its words', async () => {
    const body = '{"errors":[{"code":"MANIFEST_INVALID","message":"too many layers"}]}';
    const told = await scenario({ faults: [{ on: 'manifest-put', answer: { status: 400, body } }] });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('400 MANIFEST_INVALID: too many layers'),
    });
    expectNothingPublished(told);
  });

  test.each<PersonalityName>(['nexus', 'ecr', 'olareg'])(
    'the manifest is taken by %s',
    async (personality) => {
      const told = await scenario({ personality });
      const { manifestDigest } = await told.push(undefined, { alsoTags: ['latest'] });
      expect(told.tags).toEqual({ v1: manifestDigest, latest: manifestDigest });
    },
  );

  test('a tag that fails leaves the tags before it, and the manifest by its digest', async () => {
    const faults = [{ on: 'manifest-put', nth: 3, answer: { status: 403 } } as const];
    const told = await scenario({ faults });
    const error = await failureOf(told.push(undefined, { alsoTags: ['latest'] }));
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining(':latest') });
    expect(Object.keys(told.tags)).toEqual(['v1']);
  });
});
