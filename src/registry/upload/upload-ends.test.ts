import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnsweringRegistry,
  type AnswerName,
  answeringRegistry,
  POSSIBLE,
  type RequestKind,
} from '../../../test/support/answering-registry.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { testClock } from '../../../test/support/test-clock.ts';
import type { ByteSource } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { type ErrorCode, ModelcarError } from '../../core/error.ts';
import type { BlobPush } from '../../core/ports.ts';
import type { PreferredFraming } from './framing.ts';
import { UNKNOWN_HOST } from './host-profile.ts';
import { pushBlob } from './push-blob.ts';
import { rememberHost } from './remember-host.ts';

/*
 * Every upload ends, whatever a registry answers: the same answer to each kind of request, or another to each request.
 */

interface Upload {
  readonly size: number;
  readonly framing: PreferredFraming;
  readonly retries: number;
  readonly push?: Partial<BlobPush>;
}

interface Ended {
  readonly registry: AnsweringRegistry;
  readonly end: 'done' | ErrorCode;
}

const HELD_SIZE = 4096;
const ZEROS = new Uint8Array(256 * 1024);

const zeros = (size: number): ByteSource => ({
  size,
  async *open({ start = 0 } = {}) {
    for (let at = start; at < size; at += ZEROS.length) yield ZEROS.subarray(0, size - at);
  },
});

async function upload(
  { size, framing, retries, push }: Upload,
  choose: (kind: RequestKind) => AnswerName,
): Promise<Ended> {
  const clock = testClock();
  const registry = answeringRegistry(size, choose, clock);
  const uploads = { base: 'https://r.test/v2/a', target: 'r.test/a', silenceMs: 20_000, heldSize: HELD_SIZE };
  const host = rememberHost(UNKNOWN_HOST);
  const content = { content: zeros(size), signal: new AbortController().signal };
  try {
    const { transport } = registry;
    await pushBlob({ ...content, ...push }, { ...uploads, framing, retries, clock, host, transport });
    return { registry, end: 'done' };
  } catch (error) {
    if (!(error instanceof ModelcarError)) throw error;
    return { registry, end: error.code };
  }
}

type Answers = Partial<Record<RequestKind, readonly AnswerName[]>>;

/**
 * Every registry that always gives the same answer to a kind of request: one of `answers`, or the right one. Registries
 * that differ only in requests that an upload never sends count as one.
 */
async function* everyConstantRegistry(of: Upload, answers: Answers): AsyncGenerator<Ended> {
  const said = (kind: RequestKind) => answers[kind] ?? POSSIBLE[kind].slice(0, 1);
  /** The answer to each kind of request, in the order of the first requests. */
  let chosen: [kind: RequestKind, at: number][] = [];
  do {
    yield await upload(of, (kind) => {
      const known = chosen.find((one) => one[0] === kind);
      if (known === undefined) chosen.push([kind, 0]);
      return said(kind)[known?.[1] ?? 0] as AnswerName;
    });
    const last = chosen.findLastIndex(([kind, at]) => at + 1 < said(kind).length);
    chosen = chosen.slice(0, last + 1).map(([kind, at], index) => [kind, index === last ? at + 1 : at]);
  } while (chosen.length > 0);
}

const UPLOADS: readonly [what: string, of: Upload][] = [
  ['a small blob', { size: 1_536, framing: 'stream', retries: 2 }],
  ['a small blob in chunks', { size: 3_000, framing: 2_000, retries: 2 }],
  ['a large blob', { size: 700_000, framing: 'stream', retries: 2 }],
  ['a large blob in chunks', { size: 150_000, framing: 70_000, retries: 2 }],
];

/** The error of a push, by the last answer that was no success. */
const ERRORS: Readonly<Record<AnswerName, readonly ErrorCode[]>> = {
  'takes half of it': ['UNAVAILABLE'],
  'takes it, counts nothing': ['UNAVAILABLE'],
  // `REJECTED`: a blob that is gone after its commit, twice.
  'commits it, then cuts': ['UNAVAILABLE'],
  cut: ['UNAVAILABLE', 'REJECTED'],
  '404 BLOB_UPLOAD_UNKNOWN': ['UNAVAILABLE', 'REJECTED'],
  '307': ['UNSUPPORTED'],
  '400': ['REJECTED'],
  '400 DIGEST_INVALID': ['CONTENT_MISMATCH'],
  '400, wants a range': ['REJECTED'],
  '401': ['UNAUTHORIZED'],
  '401, with a new token': ['UNAUTHORIZED'],
  '403': ['UNAUTHORIZED'],
  '404': ['NOT_FOUND', 'REJECTED'],
  '405': ['REJECTED'],
  '411': ['REJECTED'],
  '413': ['REJECTED'],
  '413 of the layer': ['REJECTED'],
  '416, agrees': ['REJECTED'],
  // `UNAVAILABLE`: the registry and we do not agree on the offset.
  '416': ['REJECTED', 'UNAVAILABLE'],
  '416, has a third': ['REJECTED', 'UNAVAILABLE'],
  '416, has too much': ['UNAVAILABLE'],
  '429': ['RATE_LIMITED'],
  '500': ['UNAVAILABLE'],
  '503': ['UNAVAILABLE'],
};

const BODIES: Answers = { stream: POSSIBLE.stream, chunk: POSSIBLE.chunk, put: POSSIBLE.put };
const QUESTIONS: Answers = {
  stream: ['takes it', 'takes half of it', '416', 'cut'],
  chunk: ['takes it', '416', 'cut'],
  put: ['commits it', 'commits it, then cuts', '404 BLOB_UPLOAD_UNKNOWN', '416', 'cut'],
  status: POSSIBLE.status,
  head: POSSIBLE.head,
};
const BEGINNINGS: Answers = { mono: POSSIBLE.mono, post: POSSIBLE.post, head: POSSIBLE.head };

/** The most that an upload may cost, whatever the registry answers. */
interface Limits {
  readonly requests: number;
  /** In a row, without progress. */
  readonly unpaused: number;
  readonly bytes: number;
}

/** The registries with which an upload fails `isRight`, each with its answers. */
function toldOf({ registry, end }: Ended, isRight: boolean): readonly string[] {
  if (isRight) return [];
  const answers = registry.asked.map(({ kind, answer }) => `${kind}: ${answer}`).join('; ');
  return [`${answers}: ${end} after ${registry.requests} requests, ${registry.unpaused} without a pause`];
}

const isWithin = ({ registry }: Ended, { requests, unpaused, bytes }: Limits): boolean =>
  registry.requests <= requests && registry.unpaused <= unpaused && registry.bytes <= bytes;

/** Whether the registry has the blob, or the error is its last answer. */
function isRightEnd({ registry, end }: Ended): boolean {
  if (end === 'done') return registry.isStored;
  const last = registry.asked.findLast(({ answer }) => answer in ERRORS)?.answer ?? '';
  return ERRORS[last]?.includes(end) === true;
}

describe('a registry that always gives the same answers', () => {
  describe.each([
    ['to bodies', BODIES],
    ['to questions', QUESTIONS],
    ['to first requests', BEGINNINGS],
  ])('%s', (_, answers) => {
    test.each(UPLOADS)(
      'soon ends the upload of %s, with the blob or with what it said last',
      async (_, of) => {
        const wrong: string[] = [];
        // The last one is the GET after the first HEAD that is refused.
        const limits = { requests: 30, unpaused: 20 + 1, bytes: 10 * of.size };
        for await (const ended of everyConstantRegistry(of, answers))
          wrong.push(...toldOf(ended, isWithin(ended, limits) && isRightEnd(ended)));
        expect(wrong).toEqual([]);
      },
    );
  });

  /** Refusals of the kind of request. */
  const kind = ['400', '405', '411', '416', '416, agrees', '400, wants a range'];

  test.each(UPLOADS)('gets %s in the one way that it takes', async (_, of) => {
    const ways: Answers[] = [
      { mono: ['400'], stream: kind.slice(1), chunk: kind },
      { mono: kind, put: ['commits it'], stream: ['411', '416'] },
    ];
    const wrong: string[] = [];
    for (const answers of ways) {
      for await (const ended of everyConstantRegistry(of, answers))
        wrong.push(...toldOf(ended, ended.end === 'done'));
    }
    expect(wrong).toEqual([]);
  });
});

describe('a registry that changes its mind with each request', () => {
  const kinds = Object.keys(POSSIBLE) as RequestKind[];
  /** Answers that end an upload at once, well or not: most registries here do not give them. */
  const ENDS: Answers = {
    head: ['has it', '401', '403'],
    mono: ['commits it', 'commits it, then cuts'],
    post: ['400', '401', '403', '404', '429'],
    stream: ['400', '401', '403', '413 of the layer'],
    chunk: ['401', '403', '413 of the layer'],
    put: ['commits it', 'commits it, then cuts', '401', '403', '413 of the layer'],
    status: ['401'],
  };
  const fewOf = (answers: readonly AnswerName[]) => fc.subarray([...answers], { minLength: 1, maxLength: 2 });
  const moods = fc.record(
    Object.fromEntries(
      kinds.map((each) => {
        const lasting = POSSIBLE[each].filter((answer) => !ENDS[each]?.includes(answer));
        return [
          each,
          fc.oneof(
            { weight: 1, arbitrary: fewOf(POSSIBLE[each]) },
            { weight: 15, arbitrary: fewOf(lasting) },
          ),
        ];
      }),
    ) as Record<RequestKind, fc.Arbitrary<AnswerName[]>>,
  );
  const session = fc.record(
    {
      offset: fc.integer({ min: 0, max: 700_000 }),
      chunkSize: fc.constantFrom(70_000, 300_000),
      digest: fc.constant<Digest>(`sha256:${'0'.repeat(64)}`),
    },
    { requiredKeys: ['offset'] },
  );

  test('is asked a bounded number of times for each retry and each 64 KiB', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...UPLOADS.map(([, of]) => of)),
        fc.integer({ min: 0, max: 4 }),
        fc.option(session, { nil: undefined }),
        moods,
        fc.integer(),
        async (of, retries, earlier, answers, seed) => {
          const random = seededRandom(seed);
          const location = 'https://r.test/v2/a/blobs/uploads/0';
          const push = earlier && {
            session: { ...earlier, location, offset: Math.min(earlier.offset, of.size) },
          };
          const ended = await upload({ ...of, retries, ...(push && { push }) }, (each) => {
            const some = answers[each];
            return some[Math.floor(random() * some.length)] as AnswerName;
          });
          const requests = 20 * (retries + 1) + 2 * Math.ceil(of.size / 65_536);
          const limits = { requests, unpaused: 30, bytes: requests * of.size };
          expect(toldOf(ended, isWithin(ended, limits))).toEqual([]);
        },
      ),
      { numRuns: 3_000, seed: 12 },
    );
  });
});
