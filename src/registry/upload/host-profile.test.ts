import { describe, expect, test } from 'vitest';
import { type HostProfile, learn, UNKNOWN_HOST } from './host-profile.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

const SIZE = 300 * 2 ** 20;
const MIB = 2 ** 20;
const location = '/u';

const sending = (framing: 'stream' | number = 'stream', offset = 0): UploadState => ({
  phase: 'sending',
  location,
  offset,
  framing,
});

/** What is known after these, one after the other. */
function learned(...steps: readonly (readonly [UploadState, UploadReply])[]): HostProfile {
  return steps.reduce((host, [state, reply]) => learn(host, state, reply, SIZE), UNKNOWN_HOST);
}

const cut = (elapsedMs: number, previousMs = 0, sent = MIB): UploadReply => ({
  type: 'interrupted',
  reason: '',
  sent,
  elapsedMs,
  previousMs,
});

describe('a limit on time is learned', () => {
  test('from two requests of an upload that lasted as long: the next end after half of it', () => {
    expect(learned([sending(), cut(2_000)]).requestMs).toBe(Number.POSITIVE_INFINITY);
    expect(learned([sending(), cut(2_100, 2_000)]).requestMs).toBe(1_050);
  });

  test.each([59_500, 60_400, 100_000, 121_000, 300_000, 598_000])(
    'from one that lasted as long as proxies are set to: %i ms',
    (elapsedMs) => {
      expect(learned([sending(), cut(elapsedMs)]).requestMs).toBe(elapsedMs / 2);
    },
  );

  test('and makes chunks smaller, which cannot end before their time', () => {
    expect(learned([sending(8 * MIB), cut(60_000)])).toMatchObject({
      requestMs: 30_000,
      largestChunk: 4 * MIB,
    });
  });

  test.each<[fact: string, reply: UploadReply]>([
    ['connections that break at once', cut(3, 3)],
    ['requests that lasted differently', cut(3_000, 2_000)],
    ['requests that nothing was sent of', cut(2_000, 2_000, 0)],
    [
      'what ended by a time limit of ours, or where the source failed',
      { type: 'interrupted', reason: '', sent: MIB },
    ],
  ])('not from %s', (_, reply) => {
    expect(learned([sending(), reply]).requestMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('not from requests of two uploads that one failure has cut', () => {
    expect(learned([sending(), cut(5_000)], [sending(), cut(5_100)]).requestMs).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

const tooLarge = (bodySize: number): UploadReply => ({ type: 'too-large', bodySize, reason: '' });

describe('a limit on bodies is learned', () => {
  test.each<[fact: string, state: UploadState, bodySize: number, largest: number]>([
    ['from a stream, by what was sent of it', sending(), 3 * MIB, MIB],
    ['from a stream that was refused at its beginning, from the top', sending(), 1024, 64 * MIB],
    ['from a chunk, one step down', sending(16 * MIB), 16 * MIB, 8 * MIB],
    ['from the smallest chunk: nothing gets through', sending(MIB / 2), MIB / 2, 0],
  ])('%s', (_, state, bodySize, largest) => {
    expect(learned([state, tooLarge(bodySize)]).largestBody).toBe(largest);
  });
});

describe('of ranges is learned', () => {
  const status = (end: number): UploadReply => ({ type: 'status', location, end });
  const outOfOrder = (end?: number, limit?: number): UploadReply => ({
    type: 'out-of-order',
    location,
    end,
    ...(limit !== undefined && { limit }),
  });
  const asking = (more: object): UploadState => ({
    phase: 'asking',
    location,
    offset: 0,
    framing: 8 * MIB,
    ...more,
  });

  test('that they are taken', () => {
    const reply: UploadReply = { type: 'accepted', location, end: MIB, claimed: MIB };
    expect(learned([sending(MIB), reply]).ranges).toBe('taken');
    expect(learned([sending(), reply]).ranges).toBe('unknown');
  });

  test.each<[how: string, state: UploadState, reply: UploadReply]>([
    ['by a 416 that agrees on the offset', sending(8 * MIB), outOfOrder(0)],
    ['by a 416 after which the session says the same', asking({ disputed: true }), status(0)],
    [
      'by a 416 after which the session is gone',
      asking({ disputed: true }),
      { type: 'session-lost', reason: '' },
    ],
    [
      'by a 400 to the first one',
      sending(8 * MIB),
      { type: 'refused', failure: { code: 'REJECTED', said: 'no' } },
    ],
    [
      'by a 411 to the first one, which has a length',
      sending(8 * MIB),
      { type: 'unfit', want: 'length', reason: '' },
    ],
  ])('that they are refused, %s', (_, state, reply) => {
    expect(learned([state, reply]).ranges).toBe('refused');
  });

  test('how large they may be, where the refusal says so: ghcr', () => {
    expect(learned([sending(8 * MIB), outOfOrder(0, 4 * MIB)])).toMatchObject({
      largestChunk: 4 * MIB,
      ranges: 'unknown',
    });
  });

  test('that they are too large, where others were taken', () => {
    const taken: UploadReply = { type: 'accepted', location, end: 8 * MIB, claimed: 8 * MIB };
    const host = learned([sending(8 * MIB), taken], [sending(8 * MIB, 8 * MIB), outOfOrder(8 * MIB)]);
    expect(host).toMatchObject({ ranges: 'taken', largestChunk: 4 * MIB });
  });

  test('that the count of what was taken cannot be trusted: ecr', () => {
    expect(learned([asking({ taken: 8 * MIB }), status(0)]).rangeTrusted).toBe(false);
  });
});

describe('of blobs in one request is learned', () => {
  const posting: UploadState = { phase: 'posting' };
  const whole: UploadState = { phase: 'committing', location, framing: 'whole', offset: 0 };
  const refused: UploadReply = { type: 'refused', failure: { code: 'REJECTED', said: 'no' } };
  const busy = (status: number): UploadReply => ({
    type: 'busy',
    reason: '',
    status,
    retryAfterMs: undefined,
  });

  test.each<[fact: string, reply: UploadReply, posts: HostProfile['posts']]>([
    ['that a POST takes one', { type: 'committed' }, 'taken'],
    ['that a POST only opens a session: distribution', { type: 'opened', location }, 'refused'],
    ['that a POST with one is refused', refused, 'refused'],
    ['that a POST with one is too large, and nothing else', tooLarge(100), 'refused'],
    ['that a POST with one breaks the registry', busy(500), 'refused'],
    ['nothing from a registry that is busy', busy(503), 'unknown'],
    ['nothing from a POST that was cut', { type: 'interrupted', reason: '' }, 'unknown'],
    [
      'nothing from a token that was over',
      { type: 'unauthorized', reason: '', failure: { code: 'UNAUTHORIZED', said: '' } },
      'unknown',
    ],
  ])('%s', (_, reply, posts) => {
    expect(learned([posting, reply])).toEqual({ ...UNKNOWN_HOST, posts });
  });

  test.each<[fact: string, reply: UploadReply, wholePuts: boolean]>([
    ['that a PUT with one is refused', refused, false],
    ['that a PUT with one breaks the registry', busy(500), false],
    ['nothing from a PUT that was taken', { type: 'committed' }, true],
    ['nothing from a PUT that a proxy had no patience for', busy(504), true],
  ])('%s', (_, reply, wholePuts) => {
    expect(learned([whole, reply])).toEqual({ ...UNKNOWN_HOST, wholePuts });
  });

  test('nothing from a commit whose bytes went before it', () => {
    const commit: UploadState = { phase: 'committing', location, framing: 'stream', offset: SIZE };
    expect(learned([commit, refused])).toEqual(UNKNOWN_HOST);
  });
});

test('sessions that a cut has cost are counted, those that were never sent anything are not', () => {
  const lost: UploadReply = { type: 'session-lost', reason: '' };
  const asking = (framing: 'stream' | number, sent: number): UploadState => ({
    phase: 'asking',
    location,
    offset: 0,
    framing,
    sent,
  });
  const host = learned([asking('stream', 5), lost], [asking(MIB, 5), lost], [asking('stream', 0), lost]);
  expect(host).toMatchObject({ lostStreams: 1, lostChunks: 1 });
});

test.each<['length' | 'range' | 'put', Partial<HostProfile>]>([
  ['length', { streams: 'never' }],
  ['range', { streams: 'first' }],
  ['put', { patches: false }],
])('a registry that wants a %s gets it from then on', (want, expected) => {
  expect(learned([sending('stream', 10), { type: 'unfit', want, reason: '' }])).toMatchObject(expected);
});

test.each<[reply: string, UploadReply]>([
  ['400', { type: 'refused', failure: { code: 'REJECTED', said: 'no' } }],
  ['demand for a range', { type: 'unfit', want: 'range', reason: '' }],
])(
  'a %s to a second stream does not bring back first ones, where another upload knows better',
  (_, reply) => {
    const host = learn({ ...UNKNOWN_HOST, streams: 'never' }, sending('stream', 10), reply, SIZE);
    expect(host.streams).toBe('never');
  },
);
