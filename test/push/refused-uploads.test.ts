import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/error.ts';
import type { Fault, FaultAnswer } from '../fakes/registry/faults.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import type { LogEntry } from '../fakes/registry/request-log.ts';
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

const MIB = 2 ** 20;
const ALWAYS = Number.POSITIVE_INFINITY;
const BIG = Buffer.alloc(5 * MIB, 1);
/** Header and end of a layer whose file is a multiple of 512 bytes. */
const FRAME = 3 * 512;
const layer = await layerOf(FILE, BYTES);
const ada = { username: 'ada', password: secret('password') };

describe('a proxy that limits bodies', () => {
  test('makes a stream go in chunks that fit', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, bodyLimit: 2 * MIB }];
    const told = await scenario({ personality: 'dist3', faults, files: { [FILE]: BIG } });
    await told.push();
    const [first, ...rest] = told.layerPatches();
    expect([first?.status, first?.contentRange]).toEqual([413, undefined]);
    expect(rest.map(({ status, contentLength }) => [status, contentLength])).toEqual(
      [MIB, MIB, MIB, MIB, MIB, FRAME].map((length) => [202, length]),
    );
    expect(told.registry.openSessions).toBe(0);
  });

  test('makes chunks smaller, at the cost of one refusal for each step', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, bodyLimit: MIB }];
    const files = { [FILE]: BIG };
    const told = await scenario({ personality: 'dist28', faults, files, framing: 8 * MIB });
    await told.push();
    const refused = told.requests('upload-patch').filter(({ status }) => status === 413);
    expect(refused.map(({ bytesReceived, contentLength }) => [bytesReceived, contentLength])).toEqual([
      [0, BIG.length + FRAME],
      [0, 4 * MIB],
    ]);
  });

  test('that lets nothing through is named, with the setting to change, and nothing is tagged', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, bodyLimit: 1_000 }];
    const told = await scenario({ personality: 'dist28', faults });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('413'),
      hint: expect.stringContaining('client_max_body_size'),
    });
    expect(told.tags).toEqual({});
    expect(told.requests('upload-patch').length).toBeLessThanOrEqual(2);
  });

  test('that does not let a layer through for its own sake is believed at once', async () => {
    const body = '{"errors":[{"code":"TOOLARGE","message":"the layer exceeds 20G"}]}';
    const told = await scenario({ faults: [{ on: 'PATCH', answer: { status: 413, body, at: 'unstored' } }] });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('the layer exceeds 20G'),
    });
    expect(told.requests('upload-patch')).toHaveLength(1);
  });
});

describe('a 416', () => {
  test('that names another offset goes on there', async () => {
    const told = await scenario({ personality: 'olareg', framing: 256 * 1024 });
    // The first answer claims more than is there, so the second chunk comes at the wrong place.
    told.registry.addFault({ on: 'PATCH', storesOnly: 200_000, range: { value: `0-${256 * 1024 - 1}` } });
    await told.push();
    expect(told.layerPatches().map(({ contentRange }) => contentRange?.split('-')[0])).toContain('200000');
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });

  test('that agrees on the offset means the size, and ends in smaller chunks: ghcr', async () => {
    const told = await scenario({ personality: 'ghcr', framing: 8 * MIB, files: { [FILE]: BIG } });
    await told.push();
    const taken = told.layerPatches().filter(({ status }) => status === 202);
    expect(taken.map(({ contentLength }) => contentLength)).toEqual([4 * MIB, MIB + FRAME]);
  });

  test('to every PATCH leaves the PUT: the source is read twice, and the blob goes whole', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, answer: { status: 416 } }];
    const told = await scenario({ personality: 'dist3', faults });
    const { manifestDigest } = await told.push();
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });

  test('for ever comes to an end', async () => {
    const faults: Fault[] = [{ on: ['PATCH', 'PUT'], times: ALWAYS, answer: { status: 416 } }];
    const told = await scenario({ personality: 'dist3', faults });
    const error = await failureOf(told.push());
    expect(error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('416') });
    expect(told.registry.log.length).toBeLessThan(20);
    expect(told.registry.bytesReceived).toBeLessThan(4 * layer.bytes.length);
  });
});

describe('a proxy that refuses every way to upload', () => {
  const isChunk = ({ contentRange }: LogEntry) => contentRange !== undefined;
  const wantsLengths = (put: FaultAnswer): Fault[] => [
    {
      on: 'PATCH',
      where: (entry) => !isChunk(entry),
      times: ALWAYS,
      answer: { status: 411, at: 'unstored' },
    },
    { on: 'PATCH', where: isChunk, times: ALWAYS, answer: { status: 400, at: 'unstored' } },
    { on: 'upload-put', times: ALWAYS, answer: { ...put, at: 'unstored' } },
  ];
  const invalid = JSON.stringify({ errors: [{ code: 'DIGEST_INVALID', message: 'did not match' }] });

  test.each<[string, FaultAnswer, ErrorCode]>([
    ['400', { status: 400, body: 'no binary bodies here' }, 'REJECTED'],
    ['405', { status: 405 }, 'REJECTED'],
    ['411', { status: 411 }, 'REJECTED'],
    ['DIGEST_INVALID', { status: 400, body: invalid }, 'CONTENT_MISMATCH'],
  ])(
    '(411 to a stream, 400 to a chunk, %s to a PUT) ends the push after a bounded number of requests and bytes',
    async (_, put, code) => {
      for (const files of [{ [FILE]: BYTES }, { [FILE]: BYTES.subarray(0, 2_000) }]) {
        for (const framing of ['stream', 512 * 1024] as const) {
          const told = await scenario({ faults: wantsLengths(put), files, framing });
          const error = await failureOf(told.push());
          expect(error).toMatchObject({ code, message: expect.stringContaining(`${put.status}`) });
          expect(told.registry.log.length).toBeLessThan(30);
          expect(told.registry.bytesReceived).toBeLessThan(5 * layer.bytes.length);
          expect([told.tags, told.model.readers()]).toEqual([{}, 0]);
        }
      }
    },
  );
});

describe('a token', () => {
  const auth = { kind: 'bearer', ...ada, tokenLifeSeconds: 300 } as const;
  const expiring = async (personality: PersonalityName, where: Fault['on'], nth: number) => {
    const told = await scenario({ personality, auth, credentials: ada, framing: 256 * 1024 });
    let seen = 0;
    told.registry.addFault({
      on: where,
      where() {
        seen += 1;
        if (seen === nth) told.registry.auth.revokeTokens();
        return false;
      },
    });
    await told.push();
    return told;
  };

  test.each<PersonalityName>(['dist28', 'dist3', 'olareg'])(
    'that runs out between two chunks costs no byte and no session: %s',
    async (personality) => {
      const told = await expiring(personality, 'PATCH', 3);
      const stored = told.layerPatches().filter(({ status }) => status === 202);
      expect(stored.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0)).toBe(layer.bytes.length);
      expect(told.requests('upload-post')).toHaveLength(2);
      expect(told.requests('token')).toHaveLength(2);
    },
  );

  test('that runs out while the layer is sent is renewed for the commit', async () => {
    const told = await expiring('dist28', 'PUT', 1);
    expect(told.requests('upload-put').map(({ status }) => status)).toEqual([401, 201, 201]);
    expect(told.requests('token')).toHaveLength(2);
  });

  describe('that a registry refuses after the whole body', () => {
    const refusing = async (times: number, more: ScenarioOptions = {}) => {
      const told = await scenario({ auth, credentials: ada, ...more });
      const bearer = `Bearer realm="${told.registry.origin}/token",service="fake-registry"`;
      const challenge = more.auth?.kind === 'basic' ? 'Basic realm="fake registry"' : bearer;
      const answer = { status: 401, headers: { 'www-authenticate': challenge }, at: 'unstored' } as const;
      told.registry.addFault({ on: 'PATCH', times, answer });
      return told;
    };
    const bodies = (told: Scenario) => told.layerPatches().map(({ bytesReceived }) => bytesReceived);
    const { length } = layer.bytes;

    test('is renewed, and the body sent again', async () => {
      const told = await refusing(1, { retries: 0 });
      await told.push();
      expect(bodies(told)).toEqual([length, length]);
      expect(told.requests('token')).toHaveLength(2);
    });

    test('ends the push with UNAUTHORIZED when a new token is refused as well: no third body is sent', async () => {
      const told = await refusing(ALWAYS);
      expect(await failureOf(told.push())).toMatchObject({
        code: 'UNAUTHORIZED',
        message: expect.stringContaining('401'),
      });
      expect(bodies(told)).toEqual([length, length]);
    });

    test('ends the push after one body where there is no other token to send', async () => {
      const basic = { kind: 'basic', ...ada } as const;
      const told = await refusing(ALWAYS, { auth: basic });
      expect((await failureOf(told.push())).code).toBe('UNAUTHORIZED');
      expect(bodies(told)).toEqual([length]);
    });
  });

  test('is asked for with our scope, and never to delete', async () => {
    const told = await scenario({
      auth,
      credentials: ada,
      faults: [{ on: ['PATCH', 'upload-put'], times: ALWAYS, answer: { status: 400 } }],
    });
    await failureOf(told.push()); // the session is cancelled, which distribution does not allow us
    const scopes = told.requests('token').flatMap(({ form }) => form?.getAll('scope') ?? []);
    expect(new Set(scopes)).toEqual(new Set([`repository:${REPOSITORY}:pull,push`]));
  });

  test('that does not bring the right to push ends the push, soon', async () => {
    const grants = () => ['pull'];
    const told = await scenario({ auth: { ...auth, grants }, credentials: ada });
    expect((await failureOf(told.push())).code).toBe('UNAUTHORIZED');
    expect(told.registry.log.length).toBeLessThan(12);
  });

  test.each(['basic', 'bearer'] as const)(
    'or %s: a wrong password ends the push before anything is read',
    async (kind) => {
      const wrong = { username: 'ada', password: secret('wrong password') };
      const told = await scenario({ auth: { kind, ...ada }, credentials: wrong });
      const error = await failureOf(told.push());
      expect(error.code).toBe('UNAUTHORIZED');
      expect(error.message).not.toContain('hunter2');
      expect([told.model.opened(FILE), told.registry.log.length < 5]).toEqual([[], true]);
    },
  );
});

describe('a busy registry', () => {
  test.each<[status: number, header: string, ms: number]>([
    [429, '7', 7_000],
    [503, '30', 30_000],
    [429, 'Thu, 01 Jan 1970 00:00:20 GMT', 20_000],
    [429, '99999', 600_000],
  ])('that answers a PATCH with %i and Retry-After: %s is given that time', async (status, header, ms) => {
    const answer = { status, headers: { 'retry-after': header }, at: 'unstored' } as const;
    const told = await scenario({ personality: 'dist3', faults: [{ on: 'PATCH', answer }] });
    await told.push();
    expect(told.clock.sleeps).toContain(ms);
  });

  test.each(['upload-post', 'upload-put', 'blob-head', 'manifest-put', 'manifest-head', 'ping'] as const)(
    'is asked again: %s',
    async (on) => {
      const answer = { status: 503, headers: { 'retry-after': '3' } };
      const told = await scenario({ faults: [{ on, answer, times: 2 }] });
      const { manifestDigest } = await told.push();
      expect(told.tags).toEqual({ v1: manifestDigest });
      expect(told.clock.sleeps.filter((ms) => ms === 3_000).length).toBe(2);
    },
  );
});

describe('a registry that always fails', () => {
  test.each<[string, Fault]>([
    ['cuts every body', { on: 'PATCH', cutAfter: 0 }],
    ['is too busy for every body', { on: 'PATCH', answer: { status: 503 } }],
    ['never opens a session', { on: 'POST', answer: { status: 500 } }],
    ['closes every connection', { on: ['POST', 'PATCH', 'PUT', 'HEAD'], dropsAnswer: true }],
    ['never commits', { on: 'upload-put', answer: { status: 504 } }],
    ['loses every session', { on: 'PATCH', losesSession: true }],
    ['never takes a manifest', { on: 'manifest-put', answer: { status: 502 } }],
  ])('%s: the push ends with UNAVAILABLE after a bounded number of requests', async (_, fault) => {
    for (const personality of ['dist28', 'dist3', 'olareg'] as const) {
      const told = await scenario({ personality, retries: 4, faults: [{ ...fault, times: ALWAYS }] });
      expect((await failureOf(told.push())).code).toBe('UNAVAILABLE');
      expect(told.registry.log.length).toBeLessThan(40);
      expect([told.tags, told.model.readers()]).toEqual([{}, 0]);
    }
  });

  test('forgets every commit: the second time ends the push, with where to look', async () => {
    for (const personality of ['dist28', 'dist3', 'olareg'] as const) {
      const faults: Fault[] = [
        { on: 'upload-put', answer: { status: 500, at: 'stored' }, hidesBlobFor: ALWAYS, times: ALWAYS },
      ];
      const told = await scenario({ personality, faults });
      const error = await failureOf(told.push());
      expect(error).toMatchObject({
        code: 'REJECTED',
        message: expect.stringContaining('gone after its commit'),
      });
      expect(error.hint).toContain('S3');
      expect([told.tags, told.model.readers()]).toEqual([{}, 0]);
    }
  });
});
