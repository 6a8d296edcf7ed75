import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { ModelcarError } from '../core/error.ts';
import type { Pause } from '../core/ports.ts';
import { withRetry } from './retry.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

const REQUEST: HttpRequest = { method: 'GET', url: 'https://a.test/x?token=secret' };
const unavailable = new ModelcarError('UNAVAILABLE', 'GET https://a.test/x: the connection was reset');

/** The transport answers with each of `script` in turn, and with the last one from then on. */
function retrying(script: readonly (HttpResponse | Error)[], retries = 3) {
  const clock = testClock({ date: Date.parse('Mon, 23 Nov 2026 10:00:00 GMT'), random: 1 });
  const told: Pause[] = [];
  let sent = 0;
  const send = withRetry({ retries, clock, onRetry: (retry) => told.push(retry) })(async () => {
    const next = script[Math.min(sent, script.length - 1)];
    sent += 1;
    if (next instanceof Error) throw next;
    return next ?? expect.fail('nothing to answer');
  });
  return { send, clock, told, sent: () => sent };
}

describe('what fails in passing is sent again', () => {
  test.each([408, 425, 429, 500, 502, 503, 504])('after a %i', async (status) => {
    const refused = answer(status);
    const { send, clock } = retrying([refused, answer(200)]);
    expect((await send(REQUEST)).status).toBe(200);
    expect(clock.sleeps).toEqual([1_000]);
    expect(refused.touched()).toBe(true);
  });

  test('as long as the server asks for', async () => {
    const script = [
      answer(429, { 'retry-after': '7' }),
      answer(503, { 'retry-after': 'Mon, 23 Nov 2026 10:01:07 GMT' }),
    ];
    const { send, clock } = retrying([...script, answer(200)]);
    await send(REQUEST);
    expect(clock.sleeps).toEqual([7_000, 60_000]);
  });

  test('with a pause of our own where it asks for none', async () => {
    const script = [
      answer(429, { 'retry-after': '0' }),
      answer(503, { 'retry-after': 'Mon, 23 Nov 2026 09:00:00 GMT' }),
    ];
    const { send, clock } = retrying([...script, answer(200)]);
    await send(REQUEST);
    expect(clock.sleeps).toEqual([1_000, 2_000]);
  });

  test('up to the number of retries, then the last answer comes back', async () => {
    const { send, clock, sent } = retrying([answer(503)]);
    expect((await send(REQUEST)).status).toBe(503);
    expect([sent(), clock.sleeps]).toEqual([4, [1_000, 2_000, 4_000]]);
  });

  test('after a broken connection, and then the error comes back with what was spent', async () => {
    const { send, sent } = retrying([answer(503), unavailable]);
    const { code, message } = await failureOf(send(REQUEST));
    expect([code, message]).toEqual(['UNAVAILABLE', `${unavailable.message}; gave up after 3 retries in 7s`]);
    expect(sent()).toBe(4);
  });

  test('and the last answer says how often and how long', async () => {
    const { send } = retrying([answer(503)]);
    expect((await send(REQUEST)).spent).toEqual({ retries: 3, ms: 7_000 });
  });

  test('fewer times where the server has never answered: then it may not exist', async () => {
    const { send, sent } = retrying([unavailable], 10);
    expect((await failureOf(send(REQUEST))).message).toMatch(/; gave up after 2 retries in 3s$/);
    expect(sent()).toBe(3);
  });

  test('also with a body in memory, and everyone is told, without the query', async () => {
    const { send, told } = retrying([answer(502), unavailable, answer(201)]);
    await send({ ...REQUEST, method: 'PUT', body: Buffer.from('{}') });
    expect(told).toEqual([
      { retry: 1, retries: 3, delayMs: 1_000, reason: 'PUT https://a.test/x was answered with 502' },
      { retry: 2, retries: 3, delayMs: 2_000, reason: unavailable.message },
    ]);
  });
});

describe('what is not sent again', () => {
  test.each([200, 204, 301, 400, 401, 403, 404, 409, 416])('a %i', async (status) => {
    const { send, sent } = retrying([answer(status)]);
    expect((await send(REQUEST)).status).toBe(status);
    expect(sent()).toBe(1);
  });

  test('a request whose body is a stream', async () => {
    const { send, sent } = retrying([answer(503)]);
    async function* body(): AsyncGenerator<Uint8Array> {}
    expect((await send({ ...REQUEST, method: 'PATCH', body: body() })).status).toBe(503);
    expect(sent()).toBe(1);
  });

  test.each([
    ['an error that stays', new ModelcarError('UNSUPPORTED', 'no secure connection')],
    ['a bug', new TypeError('x is not a function')],
  ])('%s', async (_, error) => {
    const { send, sent } = retrying([error]);
    await expect(send(REQUEST)).rejects.toBe(error);
    expect(sent()).toBe(1);
  });

  test('what was aborted while it waited', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { send, sent } = retrying([answer(503)]);
    abort.abort(reason);
    await expect(send({ ...REQUEST, signal: abort.signal })).rejects.toBe(reason);
    expect(sent()).toBe(1);
  });
});
