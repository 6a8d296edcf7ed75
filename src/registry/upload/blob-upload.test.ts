import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testClock } from '../../../test/support/test-clock.ts';
import { begin, next, resume, sessionOf } from './blob-upload.ts';
import { pollDelayMs } from './commit-patience.ts';
import type { PreferredFraming, UploadTerms } from './framing.ts';
import { BODY_LADDER, type HostProfile, learn, UNKNOWN_HOST } from './host-profile.ts';
import { UploadBudget } from './upload-budget.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

const SIZE = 300 * 2 ** 20;

const termsOf = (size = SIZE, preferred: PreferredFraming = 'stream', host: Partial<HostProfile> = {}) => ({
  size,
  preferred,
  host: { ...UNKNOWN_HOST, ...host },
  held: false,
  mayPost: false,
});

/** As `push-blob.ts` goes on: what the reply teaches is known when it is said where it leads. */
function step(state: UploadState, reply: UploadReply, terms: UploadTerms): [UploadState, UploadTerms] {
  const learned = { ...terms, host: learn(terms.host, state, reply, terms.size) };
  return [next(state, reply, learned), learned];
}

const then = (state: UploadState, reply: UploadReply, terms: UploadTerms = termsOf()): UploadState =>
  step(state, reply, terms)[0];

const location = '/v2/x/blobs/uploads/1';
const stream = 'stream';
const sending = (
  offset: number,
  framing: 'stream' | number = stream,
): UploadState & { phase: 'sending' } => ({
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
const committing: UploadState = { phase: 'committing', location, framing: stream, offset: SIZE };
const confirming: UploadState & { phase: 'confirming' } = { phase: 'confirming', location, framing: stream };
const opening: UploadState = { phase: 'opening' };

const accepted = (end: number, claimed = end): UploadReply => ({ type: 'accepted', location, end, claimed });
const status = (end: number): UploadReply => ({ type: 'status', location, end });
const lost: UploadReply = { type: 'session-lost', reason: 'BLOB_UPLOAD_INVALID' };
const interrupted: UploadReply & { type: 'interrupted' } = { type: 'interrupted', reason: 'socket hang up' };
const busy: UploadReply & { type: 'busy' } = {
  type: 'busy',
  reason: '503',
  status: 503,
  retryAfterMs: undefined,
};
const tooLarge = (sent: number): UploadReply => ({
  type: 'too-large',
  bodySize: sent,
  reason: '413 from nginx',
});
const outOfOrder = (end?: number): UploadReply => ({ type: 'out-of-order', location, end });
const MIB = 2 ** 20;

describe('where a reply leads', () => {
  test.each<[fact: string, state: UploadState, reply: UploadReply, expected: UploadState]>([
    ['a known blob is asked for first', begin(true, termsOf()), { type: 'absent' }, opening],
    [
      'a blob that is there is not sent',
      begin(true, termsOf()),
      { type: 'exists' },
      { phase: 'done', outcome: 'existed' },
    ],
    [
      'an unknown digest begins with a session',
      begin(false, termsOf()),
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
    [
      'a blob that is not there asks the session',
      confirming,
      { type: 'absent' },
      { ...asking(SIZE), committed: true },
    ],
    [
      'a session that is gone after an unclear commit is no reason yet to send again',
      { ...asking(SIZE), committed: true },
      lost,
      { ...confirming, location: undefined, polls: 0 },
    ],
    [
      'then the blob is asked for again and again',
      { ...confirming, location: undefined, polls: 0 },
      { type: 'absent' },
      { ...confirming, location: undefined, polls: 1 },
    ],
    ['until it must be gone', { ...confirming, location: undefined, polls: 99 }, { type: 'absent' }, opening],
    [
      'a body that is cut on its way is asked about until it comes to rest',
      { ...asking(0), sent: 5000 },
      status(4000),
      { ...asking(0), sent: 5000, seen: 4000, looks: 1 },
    ],
    [
      'and is gone on with when it has',
      { ...asking(0), sent: 5000, seen: 4000, looks: 1 },
      status(4000),
      sending(4000),
    ],
    ['all that was sent has come to rest', { ...asking(0), sent: 5000 }, status(5000), sending(5000)],
    [
      'a second 500 in the same place ends the session',
      { ...asking(700), failures: 2 },
      status(700),
      opening,
    ],
    [
      'a failure that is no 500 does not',
      { ...asking(700), failures: 1 },
      status(700),
      { ...sending(700), failures: 1 },
    ],
    [
      'a stream after the first, where that is refused, goes on in chunks in the same session',
      sending(700),
      { type: 'unfit', want: 'range', reason: '' },
      sending(700, 64 * MIB),
    ],
    [
      'a body without a length, where one is wanted, gets one',
      sending(0),
      { type: 'unfit', want: 'length', reason: '' },
      sending(0, 64 * MIB),
    ],
    [
      'a PATCH that is not known opens a session for a PUT',
      sending(0),
      { type: 'unfit', want: 'put', reason: '' },
      opening,
    ],
    [
      'a redirect of a body is followed with the same bytes',
      sending(700),
      { type: 'moved', location: 'https://other.test/u' },
      { ...sending(700), location: 'https://other.test/u' },
    ],
    [
      'a blob that is not there without a session begins anew',
      { ...confirming, location: undefined },
      { type: 'absent' },
      opening,
    ],
    [
      'a 401 keeps the session and the offset',
      sending(700),
      { type: 'unauthorized', reason: '', failure: { code: 'UNAUTHORIZED', said: '' } },
      sending(700),
    ],
    ['a 413 to a stream opens a session for chunks', sending(0), tooLarge(150 * MIB), opening],
    ['a 413 to a chunk takes the next step down', sending(0, 16 * MIB), tooLarge(16 * MIB), opening],
    ['a 413 after one MiB means less than that', sending(0), tooLarge(MIB + 4096), opening],
    ['a 416 that names another offset goes on there', sending(0), outOfOrder(4096), sending(4096)],
    ['a 416 that agrees on the offset means the size', sending(0, 16 * MIB), outOfOrder(0), opening],
    ['a 416 that names nothing asks', sending(64), outOfOrder(), { ...asking(64), disputed: true }],
    [
      'a 416 after which the session agrees on the offset means the size',
      { ...asking(0), disputed: true, framing: 16 * MIB },
      status(0),
      opening,
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
      'a redirect to the place that was asked ends the upload',
      sending(700),
      { type: 'moved', location },
      {
        phase: 'failed',
        failure: expect.objectContaining({ code: 'UNSUPPORTED' }),
      } as unknown as UploadState,
    ],
    [
      'a registry that limits its chunks gets chunks',
      opening,
      { type: 'opened', location, maxChunk: 100_000_000 },
      sending(0, 64 * MIB),
    ],
  ])('%s', (_, state, reply, expected) => {
    expect(then(state, reply)).toEqual(expected);
  });

  test('a body that is too large even in the smallest chunk is refused with the setting to change', () => {
    expect(then(sending(0, MIB / 2), tooLarge(MIB / 2))).toMatchObject({
      phase: 'failed',
      failure: { code: 'REJECTED', hint: expect.stringContaining('client_max_body_size') },
    });
  });

  test('limits that contradict each other are refused, naming both', () => {
    const opened: UploadReply = { type: 'opened', location, minChunk: 5 * MIB };
    expect(then(opening, opened, termsOf(SIZE, stream, { largestBody: MIB }))).toMatchObject({
      phase: 'failed',
      failure: { said: expect.stringMatching(/5242880.*1048576/) },
    });
  });
});

describe('of a blob that is held in memory', () => {
  const small = (host: Partial<HostProfile> = {}): UploadTerms => ({
    ...termsOf(100, stream, host),
    held: true,
    mayPost: true,
  });
  const posting: UploadState = { phase: 'posting' };
  const whole: UploadState = { phase: 'committing', location, framing: 'whole', offset: 0 };
  const posted: UploadState = { phase: 'confirming', location: undefined, framing: 'whole', posted: true };
  const refused = (code: 'REJECTED' | 'CONTENT_MISMATCH' | 'UNAUTHORIZED'): UploadReply => ({
    type: 'refused',
    failure: { code, said: 'no' },
  });

  test('an upload begins with all of it, unless it may be there or nobody is to find out', () => {
    expect(begin(false, small())).toEqual(posting);
    expect(begin(true, small())).toEqual({ phase: 'checking' });
    expect(begin(false, { ...small(), mayPost: false })).toEqual(opening);
    expect(then({ phase: 'checking' }, { type: 'absent' }, small())).toEqual(posting);
  });

  test.each<[fact: string, state: UploadState, reply: UploadReply, expected: UploadState]>([
    ['a POST that is taken is all', posting, { type: 'committed' }, { phase: 'done', outcome: 'uploaded' }],
    ['a POST that opens a session is followed by the PUT', posting, { type: 'opened', location }, whole],
    ['a session that was opened gets all of it', opening, { type: 'opened', location }, whole],
    ['a PUT that is taken is all', whole, { type: 'committed' }, { phase: 'done', outcome: 'uploaded' }],
    ['a POST that is refused says nothing of other requests', posting, refused('UNAUTHORIZED'), opening],
    ['a POST that is too large says nothing of other requests', posting, tooLarge(100), opening],
    [
      'a POST of a kind that is not known gives way',
      posting,
      { type: 'unfit', want: 'put', reason: '' },
      opening,
    ],
    ['a POST that leads nowhere gives way', posting, { type: 'moved', location }, opening],
    ['a POST that is answered with 404 gives way', posting, lost, opening],
    [
      'a POST with a token that is over is sent again',
      posting,
      { type: 'unauthorized', reason: '', failure: { code: 'UNAUTHORIZED', said: '' } },
      posting,
    ],
    ['a POST whose answer is lost looks for the blob', posting, interrupted, posted],
    ['a POST that is answered with 503 looks for the blob', posting, busy, posted],
    [
      'a blob that is there after that is done',
      posted,
      { type: 'exists' },
      { phase: 'done', outcome: 'uploaded' },
    ],
    ['a blob that is not there after that gets a session', posted, { type: 'absent' }, opening],
    ['a question that is not answered is asked again', posted, busy, posted],
    ['a PUT that is refused gives way to a PATCH', whole, refused('REJECTED'), opening],
    ['a PUT whose body was not looked at gives way to a PATCH', whole, refused('CONTENT_MISMATCH'), opening],
    [
      'a PUT that is denied is denied',
      whole,
      refused('UNAUTHORIZED'),
      { phase: 'failed', failure: { code: 'UNAUTHORIZED', said: 'no' } },
    ],
    ['a session that the PUT is the first to miss is opened anew', whole, lost, opening],
    [
      'a PUT that is answered with 416 looks for the blob',
      whole,
      outOfOrder(),
      { ...confirming, framing: 'whole', disputed: true },
    ],
    [
      'a PUT whose answer is lost looks for the blob',
      whole,
      interrupted,
      { ...confirming, framing: 'whole' },
    ],
  ])('%s', (_, state, reply, expected) => {
    expect(then(state, reply, small())).toEqual(expected);
  });

  test('what follows a PUT that was refused is a PATCH', () => {
    const [state, terms] = step(whole, refused('REJECTED'), small());
    expect([state, then(state, { type: 'opened', location }, terms)]).toEqual([opening, sending(0)]);
  });

  test('a PUT that is refused by a registry without PATCH is refused', () => {
    expect(then(whole, refused('REJECTED'), small({ patches: false }))).toMatchObject({ phase: 'failed' });
  });
});

test('a chunk size that the user prefers is raised to what the registry takes at least', () => {
  const opened: UploadReply = { type: 'opened', location, minChunk: 5 * MIB };
  expect(then(opening, opened, termsOf(SIZE, MIB))).toEqual(sending(0, 5 * MIB));
});

describe('on any walk', () => {
  const size = fc.integer({ min: 1, max: 2 * SIZE });
  const end = fc.integer({ min: 0, max: 2 * SIZE + 2 });
  const want = fc.constantFrom('length' as const, 'range' as const, 'put' as const);
  const reply: fc.Arbitrary<UploadReply> = fc.oneof(
    fc.constantFrom<UploadReply>(
      { type: 'exists' },
      { type: 'absent' },
      { type: 'committed' },
      { type: 'moved', location },
      { type: 'unauthorized', reason: '', failure: { code: 'UNAUTHORIZED', said: '' } },
      { type: 'refused', failure: { code: 'REJECTED', said: 'no' } },
      lost,
      busy,
    ),
    fc
      .record({ minChunk: end, maxChunk: end }, { requiredKeys: [] })
      .map((limits) => ({ type: 'opened' as const, location, ...limits })),
    fc.tuple(end, end).map(([to, claimed]) => accepted(to, claimed)),
    end.map(status),
    fc.option(end, { nil: undefined }).map(outOfOrder),
    end.map(tooLarge),
    want.map((kind) => ({ type: 'unfit' as const, want: kind, reason: '' })),
    fc
      .record({ sent: end, elapsedMs: fc.integer({ min: 0, max: 10 ** 6 }) }, { requiredKeys: [] })
      .map((cut) => ({ ...interrupted, ...cut })),
  );
  const preferred = fc.oneof(fc.constant('stream' as const), fc.integer({ min: 1, max: 2 ** 30 }));
  const replies = fc.array(reply, { maxLength: 60 });
  const memory = fc.constantFrom(
    { held: false, mayPost: false },
    { held: true, mayPost: false },
    { held: true, mayPost: true },
  );

  test('what is sent lies in the blob, a commit has a session, and a chunk is never larger than what got through', () => {
    fc.assert(
      fc.property(size, preferred, fc.boolean(), memory, replies, (bytes, framing, known, held, answers) => {
        let terms: UploadTerms = { ...termsOf(bytes, framing), ...held };
        let state: UploadState = begin(known, terms);
        for (const one of answers) {
          // What was sent is ours to know, and never beyond the blob.
          const heard = one.type === 'accepted' ? { ...one, end: Math.min(one.end, bytes) } : one;
          [state, terms] = step(state, heard, terms);
          if ('offset' in state && state.offset !== undefined) {
            expect(state.offset).toBeGreaterThanOrEqual(0);
            expect(state.offset).toBeLessThanOrEqual(bytes);
          }
          if (state.phase === 'sending') expect(state.offset).toBeLessThan(bytes);
          if (state.phase !== 'sending' || typeof state.framing !== 'number') continue;
          expect(state.framing).toBeGreaterThan(0);
          if (heard.type === 'opened') {
            expect(state.framing).toBeLessThanOrEqual(
              Math.min(terms.host.largestBody, heard.maxChunk ?? bytes),
            );
          }
        }
      }),
    );
  });

  test('done follows only from what the registry said', () => {
    fc.assert(
      fc.property(size, memory, replies, (bytes, held, answers) => {
        let terms: UploadTerms = { ...termsOf(bytes), ...held };
        let state: UploadState = begin(false, terms);
        for (const one of answers) {
          const before = state.phase;
          [state, terms] = step(state, one, terms);
          if (state.phase === 'done' && before !== 'done')
            expect(['exists', 'committed']).toContain(one.type);
        }
      }),
    );
  });

  test('all of a blob is sent in a POST once at most, but for a token that was over', () => {
    fc.assert(
      fc.property(size, replies, (bytes, answers) => {
        let terms: UploadTerms = { ...termsOf(bytes), held: true, mayPost: true };
        let state: UploadState = begin(false, terms);
        let left = false;
        for (const one of answers) {
          [state, terms] = step(state, one, terms);
          if (one.type !== 'unauthorized') left = true;
          if (left) expect(state.phase).not.toBe('posting');
        }
      }),
    );
  });

  test('limits that were learned only ever get tighter', () => {
    fc.assert(
      fc.property(size, preferred, replies, (bytes, framing, answers) => {
        let [state, terms] = [begin(false, termsOf()), termsOf(bytes, framing)] as [UploadState, UploadTerms];
        for (const one of answers) {
          const { host } = terms;
          [state, terms] = step(state, one, terms);
          expect(terms.host.largestBody).toBeLessThanOrEqual(host.largestBody);
          expect(terms.host.largestChunk).toBeLessThanOrEqual(host.largestChunk);
          expect(terms.host.requestMs).toBeLessThanOrEqual(host.requestMs);
        }
      }),
    );
  });
});

describe('however a registry answers', () => {
  /** Answers that a registry can give in a state, drawn without end. */
  function answersOf(draw: () => number, size: number, minChunk: number) {
    const some = (limit: number) => Math.floor(draw() * (limit + 1));
    const oneOf = (kinds: readonly UploadReply[]) => kinds[some(kinds.length - 1)] ?? lost;
    const trouble = () =>
      oneOf([
        lost,
        { ...interrupted, sent: some(size), elapsedMs: some(100_000) },
        busy,
        { ...busy, status: 500 },
        { type: 'unauthorized', reason: '', failure: { code: 'UNAUTHORIZED', said: '' } },
        { type: 'moved', location },
        { type: 'unfit', want: 'range', reason: '' },
        { type: 'unfit', want: 'length', reason: '' },
        { type: 'unfit', want: 'put', reason: '' },
        { type: 'refused', failure: { code: 'REJECTED', said: 'no' } },
        { type: 'refused', failure: { code: 'CONTENT_MISMATCH', said: 'no' } },
      ]);
    return (state: UploadState): UploadReply => {
      if (draw() < 0.3) return trouble();
      switch (state.phase) {
        case 'checking':
        case 'confirming':
          return { type: 'absent' };
        case 'posting':
        case 'opening':
          return { type: 'opened', location, minChunk };
        case 'sending': {
          const end = typeof state.framing === 'number' ? Math.min(size, state.offset + state.framing) : size;
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
        fc.constantFrom<PreferredFraming>('stream', 4 * MIB, 16 * MIB),
        fc.constantFrom(0, 5 * MIB),
        fc.option(fc.record({ offset: fc.integer({ min: 0, max: 40 * MIB }) }), { nil: undefined }),
        fc.boolean(),
        (chance, size, framing, minChunk, earlier, held) => {
          const answer = answersOf(() => chance.next().value, size, minChunk);
          const budget = budgetOf(size);
          let terms: UploadTerms = { ...termsOf(size, framing), held, mayPost: held };
          let state: UploadState = earlier
            ? resume({ location: '/u', ...earlier }, terms)
            : begin(false, terms);
          for (let steps = 0; state.phase !== 'done' && state.phase !== 'failed'; steps += 1) {
            // Each time it gets further than ever it may fail ten times more, and a byte at a time is further too.
            if (steps > 20_000) throw new Error('it goes on for ever');
            const reply = answer(state);
            const before = state;
            [state, terms] = step(state, reply, terms);
            try {
              budget.after(reply, before, state);
            } catch {
              return;
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('a limit below the least chunk is found out, not tried for ever', () => {
    const budget = budgetOf(SIZE);
    let [state, terms] = [begin(false, termsOf()), termsOf(SIZE, 4 * MIB)] as [UploadState, UploadTerms];
    for (let steps = 0; state.phase !== 'failed'; steps += 1) {
      expect(steps).toBeLessThan(50);
      const before = state;
      const reply: UploadReply =
        state.phase === 'opening' ? { type: 'opened', location, minChunk: 5 * MIB } : tooLarge(5 * MIB);
      [state, terms] = step(state, reply, terms);
      budget.after(reply, before, state);
    }
  });
});

const budgetOf = (size: number) =>
  new UploadBudget({ retries: 10, clock: testClock(), target: 'r.test/x', name: 'a blob', size });

test('the ladder goes down', () => {
  expect([...BODY_LADDER].sort((a, b) => b - a)).toEqual(BODY_LADDER);
});

test('a blob is waited for in proportion to what would have to be sent again', () => {
  const patience = (size: number) => {
    const delays = [];
    for (let delay = pollDelayMs(0, size); delay !== undefined; delay = pollDelayMs(delays.length, size)) {
      delays.push(delay);
    }
    return delays;
  };
  expect(patience(MIB)).toEqual([2_000, 4_000, 8_000]);
  expect(patience(SIZE)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
  expect(patience(500 * 10 ** 9).reduce((sum, delay) => sum + delay)).toBeGreaterThan(10_000_000);
});

describe('the session of an earlier run', () => {
  const earlier = { location: 'https://r.test/u', offset: 10 };
  const state = resume(earlier, termsOf(100));
  const refusal = { type: 'refused', failure: { code: 'REJECTED', said: 'no' } } as const;

  test('is asked what it has before a byte is sent', () => {
    expect(state).toMatchObject({ phase: 'asking', location: earlier.location, offset: 10 });
  });

  test.each<[fact: string, reply: UploadReply, expected: object]>([
    [
      'that has some is asked once more, since some may still be on its way',
      { type: 'status', location: '/v', end: 30 },
      { phase: 'asking', seen: 30 },
    ],
    ['that has all is committed', { type: 'status', location: '/v', end: 100 }, { phase: 'committing' }],
    ['that is empty is too', { type: 'status', location: '/v', end: 0 }, { phase: 'asking', seen: 0 }],
    [
      'that has more than there is is opened anew',
      { type: 'status', location: '/v', end: 101 },
      { phase: 'opening' },
    ],
    ['that is lost is opened anew', { type: 'session-lost', reason: 'gone' }, { phase: 'opening' }],
    ['that is denied in other words is opened anew', refusal, { phase: 'opening' }],
    ['that nobody answers for is asked again', { type: 'interrupted', reason: 'cut' }, { phase: 'asking' }],
  ])('%s', (_, reply, expected) => {
    expect(next(state, reply, termsOf(100))).toMatchObject(expected);
  });

  test('that is empty, asked twice, is opened anew', () => {
    const reply = { type: 'status', location: '/v', end: 0 } as const;
    expect(next(next(state, reply, termsOf(100)), reply, termsOf(100))).toEqual({ phase: 'opening' });
  });

  test('keeps the length of its requests: some registries want all of them equal', () => {
    expect(resume({ ...earlier, chunkSize: 4096 }, termsOf(100))).toMatchObject({ framing: 4096 });
    expect(sessionOf({ phase: 'sending', location: '/u', offset: 3, framing: 4096 })).toEqual({
      location: '/u',
      offset: 3,
      chunkSize: 4096,
    });
  });

  test('a refusal of one that this run opened is a refusal', () => {
    const own = { phase: 'asking', location: '/u', offset: 10, framing: 'stream' } as const;
    expect(next(own, refusal, termsOf(100))).toMatchObject({ phase: 'failed' });
  });
});
