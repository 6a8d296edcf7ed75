import { describe, expect, test } from 'vitest';
import { testClock } from '../../../test/support/test-clock.ts';
import { ModelcarError } from '../../core/error.ts';
import type { Pause } from '../../core/ports.ts';
import { UploadBudget } from './upload-budget.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

/** Less than this is no progress. */
const STEP = 64 * 1024;

const location = 'https://registry.test/up';
const sending = (offset: number): UploadState => ({ phase: 'sending', location, offset, framing: 'stream' });
const asking: UploadState = { phase: 'asking', location, offset: 0, framing: 'stream' };
const opening: UploadState = { phase: 'opening' };
const interrupted: UploadReply = { type: 'interrupted', reason: 'the connection was reset' };
const lost: UploadReply = { type: 'session-lost', reason: '404' };
const busy = (retryAfterMs?: number): UploadReply => ({
  type: 'busy',
  reason: '503',
  status: 503,
  retryAfterMs,
});
const unauthorized: UploadReply = {
  type: 'unauthorized',
  reason: '401',
  failure: { code: 'UNAUTHORIZED', said: '401' },
};

const budgetOf = (retries: number) =>
  new UploadBudget({
    retries,
    clock: testClock({ random: 1 }),
    target: 'r',
    name: 'a blob',
    size: 100 * STEP,
  });

/** How many times `reply` is forgiven. */
function forgiven(budget: UploadBudget, reply: UploadReply, state: UploadState): number {
  for (let times = 0; times < 1000; times += 1) {
    try {
      budget.after(reply, sending(0), state);
    } catch (error) {
      if (error instanceof ModelcarError) return times;
      throw error;
    }
  }
  return expect.fail('it is forgiven for ever');
}

describe('what comes to an end', () => {
  test.each<[string, UploadReply, UploadState]>([
    ['cuts', interrupted, asking],
    ['lost sessions', lost, opening],
    ['a busy registry', busy(), asking],
    ['a 416 that names another offset', { type: 'out-of-order', location, end: 9 }, sending(9)],
    ['a session that claims too much', { type: 'status', location, end: 9 }, opening],
    ['a success that counts nothing', { type: 'accepted', location, end: 9, claimed: 0 }, asking],
  ])('%s', (_, reply, state) => {
    expect(forgiven(budgetOf(3), reply, state)).toBe(3);
  });

  test('with UNAVAILABLE, the reason and what to do', () => {
    expect(() => budgetOf(0).after(busy(), sending(0), asking)).toThrow(
      expect.objectContaining({
        code: 'UNAVAILABLE',
        message: 'cannot push a blob to r: 503',
        hint: 'Run the same command again.',
      }),
    );
  });

  test.each<[string, UploadReply, UploadState, times: number, expected: object]>([
    [
      'a request that is refused in every way',
      {
        type: 'refused',
        failure: { code: 'CONTENT_MISMATCH', said: '400 DIGEST_INVALID', hint: 'look' },
      },
      opening,
      4,
      { code: 'CONTENT_MISMATCH', message: 'cannot push a blob to r: 400 DIGEST_INVALID', hint: 'look' },
    ],
    [
      'a request of the wrong kind',
      { type: 'unfit', want: 'length', reason: '411' },
      opening,
      4,
      { code: 'REJECTED', message: 'cannot push a blob to r: 411' },
    ],
    [
      'a body that is too large',
      { type: 'too-large', bodySize: 9, reason: '413' },
      opening,
      8,
      { code: 'REJECTED', hint: expect.stringContaining('client_max_body_size') },
    ],
    [
      'a range that is refused',
      { type: 'out-of-order', location, end: 0 },
      opening,
      8,
      { code: 'REJECTED', message: expect.stringContaining('416') },
    ],
    [
      'a 416 that names no offset',
      { type: 'out-of-order', location, end: undefined },
      asking,
      8,
      { code: 'REJECTED', message: expect.stringContaining('416') },
    ],
    [
      'an upload that is sent elsewhere',
      { type: 'moved', location: '/other' },
      sending(0),
      5,
      { code: 'UNSUPPORTED', message: expect.stringContaining('elsewhere') },
    ],
  ])(
    '%s, whatever the retries are, with its own error and without a pause',
    (_, reply, state, times, expected) => {
      for (const retries of [0, 100]) {
        const budget = budgetOf(retries);
        for (let time = 0; time < times; time += 1) {
          expect(budget.after(reply, sending(0), state)?.delayMs).toBe(0);
          // The answers in between are no progress.
          budget.after({ type: 'opened', location }, opening, sending(0));
        }
        expect(() => budget.after(reply, sending(0), state)).toThrow(expect.objectContaining(expected));
      }
    },
  );

  test('a 401 after five new tokens, also with other answers in between', () => {
    const budget = budgetOf(100);
    const answers = () => {
      budget.after(unauthorized, sending(0), sending(0));
      budget.after(interrupted, sending(0), asking);
    };
    for (let time = 0; time < 4; time += 1) answers();
    expect(answers).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
  });

  test('a second 401 in a row, with UNAUTHORIZED', () => {
    const budget = budgetOf(10);
    expect(budget.after(unauthorized, sending(0), sending(0))).toMatchObject({ delayMs: 0 });
    expect(() => budget.after(unauthorized, sending(0), sending(0))).toThrow(
      expect.objectContaining({ code: 'UNAUTHORIZED' }),
    );
  });
});

describe('a question that is asked until the answer comes true', () => {
  const settling: UploadState = { ...asking, sent: 9, seen: 5, looks: 1 };
  const confirming: UploadState = { phase: 'confirming', location: undefined, framing: 'stream', polls: 2 };
  const status: UploadReply = { type: 'status', location, end: 5 };

  test('is no failure while it is answered', () => {
    const budget = budgetOf(0);
    expect(budget.after(status, asking, settling)).toMatchObject({ delayMs: 1_000 });
    expect(budget.after({ type: 'absent' }, confirming, confirming)).toMatchObject({ delayMs: 4_000 });
  });

  test('is followed by no pause once the answer is true', () => {
    const session = { ...asking, disputed: true } as const;
    expect(budgetOf(0).after(status, asking, sending(5))).toBeUndefined();
    expect(budgetOf(1).after(status, session, sending(5))).toMatchObject({ retry: 1, delayMs: 0 });
    expect(() => budgetOf(0).after(status, session, sending(5))).toThrow(
      expect.objectContaining({ message: expect.stringContaining('another offset') }),
    );
  });

  test.each<[string, UploadReply, UploadState]>([
    ['to what was cut, by nobody', interrupted, settling],
    ['to what was cut, with a 503', busy(), settling],
    ['to what was cut, with a 401', unauthorized, settling],
    ['to the commit, by nobody', interrupted, confirming],
    ['to the commit, with a 503', busy(), confirming],
    ['to the commit, with a 401', unauthorized, confirming],
  ])('comes to an end where it is not answered %s', (_, reply, state) => {
    const budget = budgetOf(3);
    expect(() => {
      for (let times = 0; times < 5; times += 1) budget.after(reply, state, state);
    }).toThrow(ModelcarError);
  });
});

describe('what is forgiven', () => {
  test('a 401 each time that a token has run out', () => {
    const budget = budgetOf(10);
    for (let token = 0; token < 4; token += 1) {
      budget.after(unauthorized, sending(0), sending(0));
      budget.after({ type: 'opened', location }, sending(0), sending(0));
    }
  });

  test('any number of failures, as long as the upload gets further than ever before', () => {
    const budget = budgetOf(2);
    for (let offset = STEP; offset < 50 * STEP; offset += STEP) {
      expect(forgivenOnce(budget, offset)).toEqual({
        retry: 1,
        retries: 2,
        delayMs: 0,
        reason: 'r: the connection was reset',
      });
      budget.after({ type: 'status', location, end: offset }, sending(0), sending(offset));
    }
  });

  test('but a byte more each time is not further', () => {
    const budget = budgetOf(3);
    expect(() => {
      for (let offset = 1; offset < 10; offset += 1) {
        forgivenOnce(budget, offset);
        budget.after({ type: 'status', location, end: offset }, sending(0), sending(offset));
      }
    }).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  });

  test('nor is what a registry takes of each chunk, if that is next to nothing', () => {
    const budget = budgetOf(3);
    expect(() => {
      for (let offset = 1; offset < 10; offset += 1) {
        const reply: UploadReply = { type: 'accepted', location, end: STEP, claimed: offset };
        budget.after(reply, sending(offset - 1), sending(offset));
      }
    }).toThrow(
      expect.objectContaining({ message: expect.stringContaining('took a part of the chunk only') }),
    );
  });

  test('but getting to the same place again is not further', () => {
    const budget = budgetOf(3);
    budget.after({ type: 'status', location, end: 5 * STEP }, sending(0), sending(5 * STEP));
    budget.after(lost, sending(0), opening);
    budget.after({ type: 'status', location, end: 5 * STEP }, sending(0), sending(5 * STEP));
    budget.after(lost, sending(0), opening);
    budget.after({ type: 'status', location, end: 4 * STEP }, sending(0), sending(4 * STEP));
    budget.after(lost, sending(0), opening);
    expect(() => budget.after(lost, sending(0), opening)).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE' }),
    );
  });

  test('smaller chunks: they come to an end by themselves', () => {
    const budget = budgetOf(0);
    const tooLarge: UploadReply = { type: 'too-large', bodySize: 9, reason: '413' };
    expect(budget.after(tooLarge, sending(0), opening)).toMatchObject({ delayMs: 0, reason: 'r: 413' });
    expect(budget.after(tooLarge, sending(0), opening)).toMatchObject({ delayMs: 0 });
  });

  function forgivenOnce(budget: UploadBudget, offset: number): Pause | undefined {
    return budget.after(interrupted, sending(0), { ...asking, offset: offset - 1 } as UploadState);
  }
});

describe('how long it waits', () => {
  test.each<[string, UploadReply, UploadState]>([
    ['a session is lost', lost, opening],
    ['a success counts nothing', { type: 'accepted', location, end: 9, claimed: 0 }, asking],
    ['another offset is expected', { type: 'out-of-order', location, end: 9 }, sending(9)],
  ])('longer and longer each time that %s', (_, reply, state) => {
    const budget = budgetOf(10);
    const delays = [1, 2, 3].map(() => budget.after(reply, sending(0), state)?.delayMs);
    expect(delays).toEqual([0, 2_000, 4_000]);
  });

  test('not at all after the end', () => {
    const failed: UploadState = { phase: 'failed', failure: { code: 'REJECTED', said: 'no' } };
    expect(budgetOf(0).after({ type: 'too-large', bodySize: 9, reason: '413' }, sending(0), failed)).toBe(
      undefined,
    );
  });

  test('not at all for the first question after a cut, then longer and longer', () => {
    const budget = budgetOf(10);
    const delays = [1, 2, 3, 4].map(() => budget.after(interrupted, sending(0), asking)?.delayMs);
    expect(delays).toEqual([0, 2_000, 4_000, 8_000]);
  });

  test('as long as a busy registry asks for', () => {
    const budget = budgetOf(10);
    expect(budget.after(busy(7_000), sending(0), asking)?.delayMs).toBe(7_000);
    expect(budget.after(busy(), sending(0), asking)?.delayMs).toBe(2_000);
  });

  test.each<[UploadReply, UploadState]>([
    [{ type: 'opened', location }, sending(0)],
    [
      { type: 'accepted', location, end: 9, claimed: 9 },
      { phase: 'committing', location, framing: 'stream', offset: 0 },
    ],
    [{ type: 'committed' }, { phase: 'done', outcome: 'uploaded' }],
    [{ type: 'exists' }, { phase: 'done', outcome: 'existed' }],
    [{ type: 'absent' }, opening],
    [{ type: 'status', location, end: 0 }, opening],
  ])('not for %j', (reply, state) => {
    expect(budgetOf(0).after(reply, sending(0), state)).toBeUndefined();
  });
});

describe('of a blob that goes in one POST', () => {
  const posting: UploadState = { phase: 'posting' };
  const posted: UploadState = { phase: 'confirming', location: undefined, framing: 'whole', posted: true };
  const absent: UploadReply = { type: 'absent' };

  test('it is no failure that the registry does not take it so', () => {
    const refused: UploadReply = { type: 'refused', failure: { code: 'REJECTED', said: '405' } };
    expect(budgetOf(0).after(refused, posting, opening)).toBeUndefined();
  });

  test('an answer that is lost is one, and is no commit that was lost', () => {
    const budget = budgetOf(5);
    for (let time = 1; time <= 3; time += 1) {
      expect(budget.after(interrupted, posting, posted)).toMatchObject({ retry: time });
      expect(budget.after(absent, posted, opening)).toBeUndefined();
    }
  });

  test('sessions that the PUT is the first to miss are of several nodes', () => {
    const whole: UploadState = { phase: 'committing', location, framing: 'whole', offset: 0 };
    const budget = budgetOf(1);
    budget.after(lost, whole, opening);
    expect(() => budget.after(lost, whole, opening)).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', hint: expect.stringContaining('sticky sessions') }),
    );
  });
});
