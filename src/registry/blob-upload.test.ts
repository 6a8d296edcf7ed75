import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testClock } from '../../test/support/test-clock.ts';
import {
  begin,
  CHUNK_LADDER,
  type Framing,
  next,
  resume,
  sessionOf,
  type UploadReply,
  type UploadState,
} from './blob-upload.ts';
import { UploadBudget } from './upload-budget.ts';

const SIZE = 300 * 2 ** 20;
const location = '/v2/x/blobs/uploads/1';
const stream = 'stream';
const sending = (offset: number, framing: 'stream' | number = stream): UploadState => ({
  phase: 'sending',
  location,
  offset,
  framing,
});
const asking = (offset: number): UploadState & { phase: 'asking' } => ({
  phase: 'asking',
  location,
  offset,
  framing: stream,
});
const committing: UploadState = { phase: 'committing', location, framing: stream };
const confirming: UploadState & { phase: 'confirming' } = { phase: 'confirming', location, framing: stream };
const opening: UploadState = { phase: 'opening', framing: stream };

const accepted = (end: number, claimed = end): UploadReply => ({ type: 'accepted', location, end, claimed });
const status = (end: number): UploadReply => ({ type: 'status', location, end });
const lost: UploadReply = { type: 'session-lost', reason: 'BLOB_UPLOAD_INVALID' };
const interrupted: UploadReply = { type: 'interrupted', reason: 'socket hang up' };
const busy: UploadReply = { type: 'busy', reason: '503', status: 503, retryAfterMs: undefined };
const tooLarge = (sent: number): UploadReply => ({
  type: 'too-large',
  bodySize: sent,
  reason: '413 from nginx',
});
const outOfOrder = (end?: number): UploadReply => ({ type: 'out-of-order', location, end });
const MIB = 2 ** 20;

describe('where a reply leads', () => {
  test.each<[fact: string, state: UploadState, reply: UploadReply, expected: UploadState]>([
    ['a known blob is asked for first', begin(stream, true), { type: 'absent' }, opening],
    [
      'a blob that is there is not sent',
      begin(stream, true),
      { type: 'exists' },
      { phase: 'done', outcome: 'existed' },
    ],
    [
      'an unknown digest begins with a session',
      begin(stream, false),
      { type: 'opened', location },
      sending(0),
    ],
    ['a streamed body that was taken is committed', sending(0), accepted(SIZE), committing],
    [
      'a chunk is followed by the next',
      sending(0, 64 * MIB),
      accepted(64 * MIB),
      sending(64 * MIB, 64 * MIB),
    ],
    ['a short accept goes on at what was taken', sending(0), accepted(SIZE, 1000), sending(1000)],
    [
      'a success that counts nothing of it is asked about',
      sending(500),
      accepted(SIZE, 500),
      { ...asking(500), taken: SIZE },
    ],
    [
      'a commit that is confirmed is done',
      committing,
      { type: 'committed' },
      { phase: 'done', outcome: 'uploaded' },
    ],
    ['a cut body asks the session what it has', sending(0), interrupted, asking(0)],
    ['a busy answer to a body asks before anything is sent again', sending(0), busy, asking(0)],
    ['a session that kept the bytes goes on behind them', asking(0), status(700), sending(700)],
    ['a session that kept nothing is opened anew: it may be broken', asking(0), status(0), opening],
    ['a session that has everything is committed', asking(0), status(SIZE), committing],
    ['a session that is gone is opened anew', asking(0), lost, opening],
    ['a session that claims more than the blob is given up', asking(0), status(SIZE + 1), opening],
    ['a lost answer to the commit looks for the blob', committing, interrupted, confirming],
    ['a 504 to the commit looks for the blob', committing, busy, confirming],
    [
      'a commit to a session that is gone looks for the blob',
      committing,
      lost,
      { ...confirming, location: undefined },
    ],
    [
      'a blob that is there after a lost answer is done',
      confirming,
      { type: 'exists' },
      { phase: 'done', outcome: 'uploaded' },
    ],
    ['a blob that is not there asks the session', confirming, { type: 'absent' }, asking(SIZE)],
    [
      'a blob that is not there without a session begins anew',
      { ...confirming, location: undefined },
      { type: 'absent' },
      opening,
    ],
    [
      'a 401 keeps the session and the offset',
      sending(700),
      { type: 'unauthorized', reason: '' },
      sending(700),
    ],
    [
      'a 413 to a stream opens a session for chunks',
      sending(0),
      tooLarge(150 * MIB),
      { phase: 'opening', framing: 95 * MIB, learned: true },
    ],
    [
      'a 413 to a chunk takes the next step down',
      sending(0, 16 * MIB),
      tooLarge(16 * MIB),
      { phase: 'opening', framing: 8 * MIB, learned: true },
    ],
    [
      'a 413 after one MiB means less than that',
      sending(0),
      tooLarge(MIB + 4096),
      { phase: 'opening', framing: MIB, learned: true },
    ],
    ['a 416 that names another offset goes on there', sending(0), outOfOrder(4096), sending(4096)],
    [
      'a 416 that agrees on the offset means the size',
      sending(0, 16 * MIB),
      outOfOrder(0),
      { phase: 'opening', framing: 8 * MIB, learned: true },
    ],
    ['a 416 that names nothing asks', sending(64), outOfOrder(), { ...asking(64), disputed: true }],
    [
      'a 416 after which the session agrees on the offset means the size',
      { ...asking(0), disputed: true, framing: 16 * MIB },
      status(0),
      { phase: 'opening', framing: 8 * MIB, learned: true },
    ],
    [
      'a 416 after which the session names another offset goes on there',
      { ...asking(64), disputed: true },
      status(4096),
      sending(4096),
    ],
    ['a 416 to a question begins anew', asking(64), outOfOrder(), opening],
    [
      'a status that miscounts a body that was taken is overruled by its success',
      { ...asking(0), taken: 64 * MIB },
      status(0),
      sending(64 * MIB),
    ],
    [
      'a success beyond what was sent is asked about',
      sending(0),
      accepted(1000, 2000),
      { ...asking(0), taken: 1000 },
    ],
    ['a 416 to the commit looks for the blob', committing, outOfOrder(), confirming],
    [
      'a registry that limits its chunks gets chunks',
      opening,
      { type: 'opened', location, maxChunk: 100_000_000 },
      sending(0, 100_000_000),
    ],
  ])('%s', (_, state, reply, expected) => {
    expect(next(state, reply, SIZE)).toEqual(expected);
  });

  test('a body that is too large even in the smallest chunk is refused with the setting to change', () => {
    expect(next(sending(0, MIB / 2), tooLarge(MIB / 2), SIZE)).toMatchObject({
      phase: 'failed',
      failure: { code: 'REJECTED', hint: expect.stringContaining('client_max_body_size') },
    });
  });

  test('limits that contradict each other are refused, naming both', () => {
    const learned: UploadState = { phase: 'opening', framing: MIB, learned: true };
    expect(next(learned, { type: 'opened', location, minChunk: 5 * MIB }, SIZE)).toMatchObject({
      phase: 'failed',
      failure: { message: expect.stringMatching(/5242880.*1048576/) },
    });
  });
});

test('a chunk size that the user prefers is raised to what the registry takes at least', () => {
  const preferred: UploadState = { phase: 'opening', framing: MIB };
  expect(next(preferred, { type: 'opened', location, minChunk: 5 * MIB }, SIZE)).toEqual(sending(0, 5 * MIB));
});

describe('on any walk', () => {
  const size = fc.integer({ min: 1, max: 2 * SIZE });
  const end = fc.integer({ min: 0, max: 2 * SIZE + 2 });
  const reply: fc.Arbitrary<UploadReply> = fc.oneof(
    fc.constantFrom<UploadReply>(
      { type: 'exists' },
      { type: 'absent' },
      { type: 'committed' },
      lost,
      interrupted,
      busy,
      {
        type: 'unauthorized',
        reason: '',
      },
    ),
    fc.record({ type: fc.constant('opened' as const), location: fc.constant(location) }),
    fc.tuple(end, end).map(([to, claimed]) => accepted(to, claimed)),
    end.map(status),
    fc.option(end, { nil: undefined }).map(outOfOrder),
    end.map(tooLarge),
  );
  const framing = fc.oneof(fc.constant('stream' as const), fc.integer({ min: 1, max: 2 ** 30 }));

  test('sending is below the size, committing has a session, and a chunk only ever gets smaller', () => {
    fc.assert(
      fc.property(
        size,
        framing,
        fc.boolean(),
        fc.array(reply, { maxLength: 40 }),
        (bytes, preferred, known, replies) => {
          let state = begin(preferred, known);
          let smallest = preferred === 'stream' ? Number.POSITIVE_INFINITY : preferred;
          for (const one of replies) {
            if (state.phase === 'done' || state.phase === 'failed') return;
            // What was sent is ours to know, and never beyond the blob.
            const heard = one.type === 'accepted' ? { ...one, end: Math.min(one.end, bytes) } : one;
            state = next(state, heard, bytes);
            if (state.phase === 'sending') {
              expect(state.offset).toBeGreaterThanOrEqual(0);
              expect(state.offset).toBeLessThan(bytes);
            }
            if ('framing' in state && state.framing !== 'stream') {
              expect(state.framing).toBeLessThanOrEqual(smallest);
              smallest = state.framing;
            }
          }
        },
      ),
    );
  });

  test('done follows only from what the registry said', () => {
    fc.assert(
      fc.property(size, fc.array(reply, { maxLength: 40 }), (bytes, replies) => {
        let state = begin(stream, false);
        for (const one of replies) {
          if (state.phase === 'done' || state.phase === 'failed') return;
          state = next(state, one, bytes);
          if (state.phase === 'done') expect(['exists', 'committed']).toContain(one.type);
        }
      }),
    );
  });
});

describe('however a registry answers', () => {
  /** Answers that a registry can give in a state, drawn without end. */
  function answersOf(draw: () => number, size: number, minChunk: number) {
    const some = (limit: number) => Math.floor(draw() * (limit + 1));
    const trouble = (): UploadReply => {
      const kinds: UploadReply[] = [lost, interrupted, busy, { type: 'unauthorized', reason: '' }];
      return kinds[some(kinds.length - 1)] ?? lost;
    };
    return (state: UploadState): UploadReply => {
      if (draw() < 0.3) return trouble();
      switch (state.phase) {
        case 'checking':
        case 'confirming':
          return { type: 'absent' };
        case 'opening':
          return { type: 'opened', location, minChunk };
        case 'sending': {
          const end = state.framing === 'stream' ? size : Math.min(size, state.offset + state.framing);
          const which = draw();
          if (which < 0.3) return tooLarge(some(end - state.offset));
          if (which < 0.5) return outOfOrder(draw() < 0.5 ? undefined : some(size));
          return accepted(end, some(size));
        }
        case 'asking':
          return draw() < 0.5 ? status(some(size + 1)) : outOfOrder();
        default:
          return outOfOrder();
      }
    };
  }

  test('an upload comes to an end', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        fc.integer({ min: 1, max: 40 }).map((n) => n * MIB),
        fc.constantFrom<Framing>('stream', 4 * MIB, 16 * MIB),
        fc.constantFrom(0, 5 * MIB),
        fc.option(fc.record({ offset: fc.integer({ min: 0, max: 40 * MIB }) }), { nil: undefined }),
        (chance, size, framing, minChunk, earlier) => {
          const answer = answersOf(() => chance.next().value, size, minChunk);
          const budget = new UploadBudget(10, testClock());
          let state = earlier ? resume({ location: '/u', ...earlier }, framing) : begin(framing, false);
          for (let steps = 0; state.phase !== 'done' && state.phase !== 'failed'; steps += 1) {
            // Each time it gets further than ever it may fail ten times more, and a byte at a time is further too.
            if (steps > 20_000) throw new Error('it goes on for ever');
            const reply = answer(state);
            const after = next(state, reply, size);
            try {
              budget.after(reply, state, after);
            } catch {
              return;
            }
            state = after;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a limit below the least chunk is found out, not tried for ever', () => {
    const budget = new UploadBudget(10, testClock());
    let state = begin(4 * MIB, false);
    for (let steps = 0; state.phase !== 'failed'; steps += 1) {
      expect(steps).toBeLessThan(50);
      const reply: UploadReply =
        state.phase === 'opening' ? { type: 'opened', location, minChunk: 5 * MIB } : tooLarge(5 * MIB);
      const after = next(state, reply, SIZE);
      budget.after(reply, state, after);
      state = after;
    }
  });
});

test('a stream that is refused before much of it was sent goes in the largest chunks', () => {
  expect(next(sending(0), tooLarge(1024), SIZE)).toEqual({
    phase: 'opening',
    framing: 95 * MIB,
    learned: true,
  });
});

test('the ladder goes down', () => {
  expect([...CHUNK_LADDER].sort((a, b) => b - a)).toEqual(CHUNK_LADDER);
});

describe('the session of an earlier run', () => {
  const earlier = { location: 'https://r.test/u', offset: 10 };
  const state = resume(earlier, 'stream');
  const refusal = { type: 'refused', failure: { code: 'REJECTED', message: 'no' } } as const;

  test('is asked what it has before a byte is sent', () => {
    expect(state).toMatchObject({ phase: 'asking', location: earlier.location, offset: 10 });
  });

  test.each<[fact: string, reply: UploadReply, after: object]>([
    [
      'that has some goes on there',
      { type: 'status', location: '/v', end: 30 },
      { phase: 'sending', offset: 30 },
    ],
    ['that has all is committed', { type: 'status', location: '/v', end: 100 }, { phase: 'committing' }],
    ['that is empty is opened anew', { type: 'status', location: '/v', end: 0 }, { phase: 'opening' }],
    [
      'that has more than there is is opened anew',
      { type: 'status', location: '/v', end: 101 },
      { phase: 'opening' },
    ],
    ['that is lost is opened anew', { type: 'session-lost', reason: 'gone' }, { phase: 'opening' }],
    ['that is denied in other words is opened anew', refusal, { phase: 'opening' }],
    ['that nobody answers for is asked again', { type: 'interrupted', reason: 'cut' }, { phase: 'asking' }],
  ])('%s', (_, reply, after) => {
    expect(next(state, reply, 100)).toMatchObject(after);
  });

  test('keeps the length of its requests: some registries want all of them equal', () => {
    expect(resume({ ...earlier, chunkSize: 4096 }, 'stream')).toMatchObject({ framing: 4096 });
    expect(sessionOf({ phase: 'sending', location: '/u', offset: 3, framing: 4096 })).toEqual({
      location: '/u',
      offset: 3,
      chunkSize: 4096,
    });
  });

  test('a refusal of one that this run opened is a refusal', () => {
    const own = { phase: 'asking', location: '/u', offset: 10, framing: 'stream' } as const;
    expect(next(own, refusal, 100)).toMatchObject({ phase: 'failed' });
  });
});
