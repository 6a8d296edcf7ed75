import { describe, expect, test } from 'vitest';
import type { Effects, Fault } from '../fakes/registry/faults.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { someBytes } from '../support/byte-sources.ts';
import {
  BYTES,
  FILE,
  layerOf,
  REPOSITORY,
  type Scenario,
  type ScenarioOptions,
  scenario,
} from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { secret } from '../support/secrets.ts';

/** Answers that say less than what happened, or something else. */

const MIB = 2 ** 20;
const CHUNK = 256 * 1024;
const layer = await layerOf(FILE, BYTES);

async function pushed(options: ScenarioOptions): Promise<Scenario> {
  const told = await scenario(options);
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  const { digest, bytes } =
    options.files === undefined ? layer : await layerOf(FILE, options.files[FILE] ?? BYTES);
  expect(told.registry.readBlob(REPOSITORY, digest)?.equals(bytes)).toBe(true);
  return told;
}

const layerSent = ({ layerPatches }: Scenario) =>
  layerPatches().reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);

const starts = ({ layerPatches }: Scenario) =>
  layerPatches().map(({ contentRange }) => Number(contentRange?.split('-')[0]));

describe('a chunk that is answered with a failure of the server', () => {
  test.each<PersonalityName>(['dist3', 'olareg', 'quay', 'zot'])(
    'after it was stored is asked for, and not sent again: %s',
    async (personality) => {
      const faults: Fault[] = [{ on: 'PATCH', nth: 2, answer: { status: 500, at: 'stored' } }];
      const told = await pushed({ personality, framing: CHUNK, faults });
      expect(layerSent(told)).toBe(layer.bytes.length);
      expect(told.requests('upload-get').length).toBe(1);
    },
  );

  test.each([502, 503, 504])(
    'before it was stored is sent again, and nothing else is: %i',
    async (status) => {
      const faults: Fault[] = [{ on: 'PATCH', nth: 2, answer: { status, at: 'unstored' } }];
      const told = await pushed({ personality: 'dist28', framing: CHUNK, faults });
      expect(starts(told)).toEqual([0, CHUNK, CHUNK, 2 * CHUNK, 3 * CHUNK]);
    },
  );
});

test.each<[what: string, fault: Effects]>([
  ['a failure of the server', { answer: { status: 500, at: 'stored' } }],
  ['no answer', { dropsAnswer: true }],
])('a chunk that distribution 2.8 stored, and answered with %s, loses its session', async (_, fault) => {
  const faults: Fault[] = [{ on: 'PATCH', nth: 2, ...fault }];
  const told = await pushed({ personality: 'dist28', framing: CHUNK, faults });
  expect(layerSent(told)).toBe(2 * CHUNK + layer.bytes.length);
});

test('a lost answer to a chunk sends no byte twice where all chunks must be of one size: r2', async () => {
  const files = { [FILE]: someBytes(13 * MIB) };
  const faults: Fault[] = [{ on: 'PATCH', nth: 2, dropsAnswer: true }];
  const told = await pushed({ personality: 'r2', framing: 5 * MIB, files, faults });
  expect(starts(told)).toEqual([0, 5 * MIB, 10 * MIB]);
});

test('a registry that is still writing down what came before a cut is asked until it has come to rest', async () => {
  const faults: Fault[] = [{ on: 'PATCH', cutAfter: 600_000, settlesAfter: 3 }];
  const told = await pushed({ personality: 'dist3', faults });
  // Four answers that differ, the first of which knows nothing of it yet, and one that says the same again.
  expect(told.requests('upload-get')).toHaveLength(5);
  expect(told.clock.sleeps.slice(1)).toEqual([1_000, 1_000, 1_000, 1_000]);
  expect(layerSent(told)).toBe(layer.bytes.length);
});

test('a commit that goes on behind a proxy without patience is waited for, and nothing is sent again', async () => {
  const told = await pushed({ personality: 'slow-commit' });
  expect(layerSent(told)).toBe(layer.bytes.length);
  expect(told.requests('upload-post')).toHaveLength(2); // the layer's, and the config's
  expect(told.clock.sleeps.filter((ms) => ms > 1_000).slice(0, 2)).toEqual([2_000, 4_000]);
});

test('a registry that finds another byte than we sent, once, gets the layer once more', async () => {
  const faults: Fault[] = [{ on: 'PATCH', flipsByteAt: 500_000 }];
  const told = await pushed({ personality: 'dist28', faults });
  expect(layerSent(told)).toBe(2 * layer.bytes.length);
});

describe('a refusal in the middle of a layer', () => {
  test.each([
    [403, 'DENIED', 'UNAUTHORIZED'],
    [403, 'QUOTA_EXCEEDED', 'REJECTED'],
    [400, 'UNSUPPORTED', 'REJECTED'],
  ])('with %i %s ends the push at once, in the words of the registry', async (status, code, ours) => {
    const body = JSON.stringify({ errors: [{ code, message: 'no more of this' }] });
    const faults: Fault[] = [{ on: 'PATCH', nth: 2, answer: { status, body, at: 'unstored' } }];
    const told = await scenario({ personality: 'dist3', framing: CHUNK, faults });
    expect(await failureOf(told.push())).toMatchObject({
      code: ours,
      message: expect.stringContaining(`${status} ${code}: no more of this`),
    });
    expect([told.tags, told.layerPatches().length, told.clock.sleeps]).toEqual([{}, 2, []]);
  });
});

test('a busy registry that names no time is left alone for longer and longer', async () => {
  const answer = { status: 429, at: 'unstored' } as const;
  const told = await pushed({ personality: 'dist3', faults: [{ on: 'PATCH', answer, times: 3 }] });
  const waits = told.clock.sleeps.filter((ms) => ms > 0);
  expect(waits.length).toBeGreaterThanOrEqual(3);
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
});

describe('an upload that is sent to another host', () => {
  const ada = { username: 'ada', password: secret('password') };
  const auth = { kind: 'basic', ...ada } as const;

  test.each([
    ['PATCH', 'upload-patch'],
    ['PUT', 'upload-put'],
  ] as const)('with its %s goes there whole, without our authorization', async (_, on) => {
    const faults: Fault[] = [{ on, redirectsWith: 307 }];
    const told = await pushed({ personality: 'dist3', auth, credentials: ada, faults });
    const elsewhere = told.registry.log.filter(({ origin }) => origin === 'other');
    expect(elsewhere.length).toBeGreaterThanOrEqual(1);
    expect(elsewhere.some(({ hadAuthorization }) => hadAuthorization)).toBe(false);
  });
});

test('a registry that hangs up on every upload into a repository may want it created first, and the error says so', async () => {
  const told = await scenario({ personality: 'ecr', repositories: [], retries: 4 });
  const error = await failureOf(told.push());
  expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringMatching(/create .*repository/i) });
  expect([told.requests('upload-post').length, told.model.opened(FILE)]).toEqual([5, []]);
});

describe('the manifest', () => {
  test('that names a blob which was cleaned up meanwhile is refused, and the next push sends it', async () => {
    const told = await scenario({ personality: 'dist28' });
    let cleaned = false;
    told.registry.addFault({
      on: 'manifest-put',
      where() {
        if (!cleaned) told.registry.dropBlob(REPOSITORY, layer.digest);
        cleaned = true;
        return false;
      },
    });
    const error = await failureOf(told.push());
    expect(error).toMatchObject({ message: expect.stringContaining('MANIFEST_BLOB_UNKNOWN') });
    expect(told.tags).toEqual({});
    const { manifestDigest } = await told.push();
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });

  test('whose storing a proxy did not wait for is there already, and is not sent again', async () => {
    const faults: Fault[] = [{ on: 'manifest-put', answer: { status: 504, at: 'stored' } }];
    const told = await pushed({ personality: 'dist28', faults });
    expect(told.requests('manifest-put')).toHaveLength(2); // by digest, and by tag
  });

  test('of more bytes than the registry takes is refused in its words, and nothing is tagged', async () => {
    const answer = { status: 413, body: '{"errors":[{"code":"SIZE_INVALID","message":"over 4 MiB"}]}' };
    const told = await scenario({ faults: [{ on: 'manifest-put', answer }] });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('413 SIZE_INVALID: over 4 MiB'),
    });
    expect(told.tags).toEqual({});
  });
});
