import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import type { Allowance } from './pace.ts';
import { createPacer, type Hold, type PacingPolicy, withPacing } from './pacing.ts';
import { withRetry } from './retry.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

const A: HttpRequest = { method: 'GET', url: 'https://a.test/x?token=secret' };
const B: HttpRequest = { method: 'GET', url: 'https://b.test/x' };
const limited = (seconds?: number): HttpResponse =>
  answer(429, seconds === undefined ? {} : { 'retry-after': `${seconds}` });

/** A server that takes 20 ms for each answer, and what it was asked when. */
function paced(
  respond: (request: HttpRequest, now: number) => HttpResponse,
  policy: Partial<PacingPolicy> = {},
) {
  const clock = virtualClock({ date: Date.UTC(2026, 10, 23, 10) });
  const holds: Hold[] = [];
  const asked: { readonly at: number; readonly url: string; readonly status: number }[] = [];
  const pacer = createPacer({ clock, onHold: (hold) => holds.push(hold) });
  const send = withPacing({ clock, pacer, ...policy })(async (request) => {
    const at = clock.now();
    const response = respond(request, at);
    asked.push({ at, url: request.url, status: response.status });
    await clock.sleep(20, request.signal);
    return response;
  });
  /** Eight at once, each with its retries. */
  const eight = () => {
    const patient = withRetry({ retries: 20, clock })(send);
    return clock.run(Promise.all(Array.from({ length: 8 }, () => patient(A))));
  };
  const refusals = () => asked.filter(({ status }) => status === 429).length;
  return { clock, holds, asked, send, eight, refusals };
}

describe('a refusal', () => {
  test('holds back everybody who asks there, and nobody elsewhere', async () => {
    const { clock, asked, send } = paced((_, now) => (now === 0 ? limited(60) : answer(200)));
    await clock.run(send(A));
    await clock.run(Promise.all([send(A), send(A), send(B)]));
    expect(asked.slice(1).map(({ at, url }) => [url, at])).toEqual([
      [B.url, 20],
      [A.url, 60_020],
      [A.url, 60_270],
    ]);
  });

  test('of eight who asked at once is met once each, and not once more by anybody', async () => {
    const { eight, refusals, asked } = paced((_, now) => (now < 60_000 ? limited(60) : answer(200)));
    expect((await eight()).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect([asked.length, refusals()]).toEqual([16, 8]);
  });

  test('that goes on is met by one at a time', async () => {
    const { eight, refusals } = paced((_, now) => (now < 300_000 ? limited(60) : answer(200)));
    await eight();
    // Eight that were on their way already, and then one for each further minute.
    expect(refusals()).toBe(8 + 4);
  });

  test('that names no time holds them back as well', async () => {
    const { eight, refusals } = paced((_, now) => (now < 10_000 ? limited() : answer(200)));
    await eight();
    expect(refusals()).toBeLessThan(8 + 8);
  });

  test('ends for all a moment after one is served', async () => {
    const { eight, asked } = paced((_, now) => (now < 60_000 ? limited(60) : answer(200)));
    await eight();
    expect((asked.at(-1)?.at ?? 0) - 60_020).toBe(250);
  });
});

describe('a wait', () => {
  test('is told once for all who wait, without the query', async () => {
    const { clock, holds, send } = paced((_, now) => (now === 0 ? limited(60) : answer(200)));
    await clock.run(send(A));
    await clock.run(Promise.all([send(A), send(A), send(A)]));
    expect(holds).toEqual([{ delayMs: 60_000, reason: 'GET https://a.test/x was answered with 429' }]);
  });

  test('is reported in whole milliseconds', async () => {
    const { clock, holds, send } = paced((_, now) => (now === 0 ? limited(60) : answer(200)));
    await clock.run(send(A));
    await clock.run(clock.sleep(0.4));
    await clock.run(send(A));
    expect(holds.map(({ delayMs }) => delayMs)).toEqual([60_000]);
  });

  test('that nobody would notice is not told', async () => {
    const { clock, holds, send } = paced((_, now) => (now === 0 ? limited() : answer(200)));
    await clock.run(send(A));
    await clock.run(send(A));
    expect([holds, clock.now() > 500]).toEqual([[], true]);
  });

  test('ends at once with the reason of its own request, and the others go on', async () => {
    const { clock, asked, send } = paced((_, now) => (now === 0 ? limited(60) : answer(200)));
    await clock.run(send(A));
    const stop = new AbortController();
    const reason = new Error('enough');
    const [stopped, other] = [send({ ...A, signal: stop.signal }), send(A)];
    const ended = expect(stopped).rejects.toBe(reason);
    stop.abort(reason);
    await ended;
    expect((await clock.run(other)).status).toBe(200);
    expect(asked.map(({ at }) => at)).toEqual([0, 60_020]);
  });
});

test('what tidies up at the end of a push is not held back', async () => {
  const { clock, asked, send } = paced((_, now) => (now === 0 ? limited(60) : answer(204)));
  await clock.run(send(A));
  await clock.run(send({ ...A, method: 'DELETE' }));
  expect(asked.map(({ at }) => at)).toEqual([0, 20]);
});

test('a request that may take its time to end is not waited with any longer when it is stopped', async () => {
  const { clock, asked, send } = paced((_, now) => (now === 0 ? limited(60) : answer(200)));
  await clock.run(send(A));
  const [grace, stop] = [new AbortController(), new AbortController()];
  const reason = new Error('enough');
  const held = send({ ...A, signal: grace.signal, waitSignal: stop.signal });
  const ended = expect(held).rejects.toBe(reason);
  stop.abort(reason);
  await ended;
  expect(asked.length).toBe(1);
});

describe('a quota that answers tell of', () => {
  /** Ten requests a minute, in windows. */
  function tenAMinute() {
    let window = 0;
    let used = 0;
    return (_: HttpRequest, now: number): HttpResponse => {
      if (Math.floor(now / 60_000) !== window) used = 0;
      window = Math.floor(now / 60_000);
      used += 1;
      const left = String(Math.max(0, 10 - used));
      return answer(used > 10 ? 429 : 200, { left, reset: String(60_000 - (now % 60_000)) });
    };
  }
  const allowanceOf = ({ headers }: HttpResponse): Allowance => ({
    bucket: headers.name ?? 'all',
    remaining: Number(headers.left),
    resetMs: Number(headers.reset),
    quota: 10,
  });

  test('is kept to by who asks one by one: nothing is refused', async () => {
    const { clock, send, refusals } = paced(tenAMinute(), { allowanceOf });
    const work = async () => {
      for (let n = 0; n < 100; n += 1) await send(A);
    };
    await clock.run(work());
    expect([refusals(), Math.floor(clock.now() / 60_000)]).toEqual([0, 9]);
  });

  test('is one for all that the server counts as one, whatever we took them for', async () => {
    const { clock, asked, send } = paced(
      (_, now) =>
        now === 0 ? answer(200, { left: '0', reset: '60000' }) : answer(200, { left: '9', reset: '1' }),
      { allowanceOf, bucketOf: (url) => url },
    );
    const other = { ...A, url: 'https://a.test/y' };
    await clock.run(Promise.all([send(A), send(other)]));
    await clock.run(send(other));
    expect(asked.map(({ at }) => at)).toEqual([0, 0, 60_020]);
  });
});
