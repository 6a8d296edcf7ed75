import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { authRegistry, BASIC, BEARER, GET, ORIGIN, TOKEN } from '../../../test/support/auth-registry.ts';
import { deferred } from '../../../test/support/deferred.ts';
import { failureOf } from '../../../test/support/rejection.ts';

async function* stream(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x');
}

describe('authorization', () => {
  test('is not asked for by a registry that does not want any', async () => {
    const registry = authRegistry({ accepts: () => true });
    await registry.send(GET);
    expect([registry.authorizations(), registry.asked, registry.tokens()]).toEqual([[undefined], [], 0]);
  });

  test('is fetched when the registry asks, and kept', async () => {
    const registry = authRegistry();
    expect((await registry.send(GET)).status).toBe(200);
    expect((await registry.send(GET)).status).toBe(200);
    expect(registry.authorizations()).toEqual([undefined, `Bearer ${TOKEN}1`, `Bearer ${TOKEN}1`]);
    expect(registry.asked).toEqual(['credentials']);
  });

  test.each([
    ['another host', 'https://storage.test/up'],
    ['another port', 'https://r.test:8443/up'],
    ['no TLS', 'http://r.test/up'],
  ])('never goes to %s', async (_, url) => {
    const registry = authRegistry();
    await registry.send(GET);
    await registry.send({ method: 'PUT', url });
    expect(registry.authorizations().at(-1)).toBeUndefined();
    expect(registry.tokens()).toBe(1);
  });

  test('goes to the origin by any spelling', async () => {
    const registry = authRegistry();
    await registry.send(GET);
    await registry.send({ method: 'GET', url: 'https://r.test:443/v2/' });
    expect(registry.authorizations().at(-1)).toBe(`Bearer ${TOKEN}1`);
  });

  test('leaves the other headers as they are', async () => {
    const registry = authRegistry();
    await registry.send({ ...GET, headers: { accept: 'a/b' } });
    expect(registry.sent[1]?.headers).toEqual({ accept: 'a/b', authorization: `Bearer ${TOKEN}1` });
  });

  test('is Basic where that is all there is', async () => {
    const accepts = (authorization: string | undefined) => authorization === BASIC;
    const registry = authRegistry({ challenge: 'Basic realm="r"', accepts });
    expect((await registry.send(GET)).status).toBe(200);
    expect([registry.authorizations(), registry.tokens()]).toEqual([[undefined, BASIC], 0]);
  });

  test('Gitea: is a token where both are offered', async () => {
    const registry = authRegistry({ challenge: `Basic realm="r", ${BEARER}` });
    expect((await registry.send(GET)).status).toBe(200);
    expect(registry.authorizations()).toEqual([undefined, `Bearer ${TOKEN}1`]);
  });
});

describe('a token', () => {
  test('is renewed before it runs out, without a refusal', async () => {
    const registry = authRegistry({ accepts: (authorization) => authorization !== undefined });
    await registry.send(GET);
    registry.clock.pass(239_000);
    await registry.send(GET);
    registry.clock.pass(1_000);
    await registry.send(GET);
    expect(registry.authorizations()).toEqual([
      undefined,
      `Bearer ${TOKEN}1`,
      `Bearer ${TOKEN}1`,
      `Bearer ${TOKEN}2`,
    ]);
  });

  test('that is refused early is renewed, and the request sent again', async () => {
    let revoked = false;
    const accepts = (sent: string | undefined) =>
      sent === (revoked ? `Bearer ${TOKEN}2` : `Bearer ${TOKEN}1`);
    const registry = authRegistry({ accepts });
    await registry.send(GET);
    revoked = true;
    expect((await registry.send({ ...GET, method: 'PUT', body: Buffer.from('{}') })).status).toBe(200);
    expect(registry.authorizations()).toEqual([
      undefined,
      `Bearer ${TOKEN}1`,
      `Bearer ${TOKEN}1`,
      `Bearer ${TOKEN}2`,
    ]);
  });

  test('is renewed once for all who are refused together', async () => {
    const gate = deferred();
    const tokenAnswer = async (count: number) => {
      await gate.promise;
      return answer(200, {}, JSON.stringify({ token: `${TOKEN}${count}` }));
    };
    const registry = authRegistry({ tokenAnswer });
    const requests = Promise.all([1, 2, 3, 4].map(() => registry.send(GET)));
    while (registry.sent.length < 4) await Promise.resolve();
    gate.resolve();
    expect((await requests).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(registry.tokens()).toBe(1);
  });

  test('that somebody else has renewed meanwhile is used as it is', async () => {
    const late = deferred();
    let revoked = false;
    const registry = authRegistry({
      accepts: (sent) => sent === (revoked ? `Bearer ${TOKEN}2` : `Bearer ${TOKEN}1`),
      refusal: (request) => (request.url.endsWith('/late') ? late.promise : undefined),
    });
    await registry.send(GET);
    revoked = true;
    const refusedLate = registry.send({ method: 'GET', url: `${ORIGIN}/late` });
    await registry.send(GET); // it has the new token before the other hears of its refusal
    late.resolve();
    expect((await refusedLate).status).toBe(200);
    expect(registry.tokens()).toBe(2);
  });

  test('that never comes does not outlast an abort, and those who still wait get theirs', async () => {
    const gate = deferred();
    const registry = authRegistry({
      async tokenAnswer() {
        await gate.promise;
        return answer(200, {}, JSON.stringify({ token: `${TOKEN}1` }));
      },
    });
    const abort = new AbortController();
    const reason = new Error('enough');
    const patient = registry.send(GET);
    const impatient = registry.send({ ...GET, signal: abort.signal });
    while (registry.tokens() === 0) await Promise.resolve();
    abort.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    gate.resolve();
    expect((await patient).status).toBe(200);
  });

  test('that could not be had for one is asked for again by the next', async () => {
    const tokenAnswer = (count: number) =>
      count === 1 ? answer(503) : answer(200, {}, JSON.stringify({ token: `${TOKEN}${count}` }));
    const registry = authRegistry({ tokenAnswer });
    expect((await failureOf(registry.send(GET))).code).toBe('UNAVAILABLE');
    expect((await registry.send(GET)).status).toBe(200);
  });
});

describe('a password that a helper gives out for some hours', () => {
  test('is asked for again when the registry takes it no more, as often as that happens', async () => {
    let valid = 1;
    const basic = (password: number) => `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`;
    const registry = authRegistry({
      challenge: 'Basic realm="r"',
      accepts: (authorization) => authorization === basic(valid),
      helper: () => ({ kind: 'account', username: 'AWS', password: String(valid) }),
    });
    for (; valid <= 3; valid += 1) expect((await registry.send(GET)).status).toBe(200);
    expect(registry.asked.length).toBe(3);
    expect(registry.authorizations().slice(-2)).toEqual([basic(2), basic(3)]);
  });
});

describe('a refusal of a stream', () => {
  test('goes back to the caller, and the next request carries the new token', async () => {
    const registry = authRegistry();
    const refused = await registry.send({ method: 'PATCH', url: `${ORIGIN}/up`, body: stream() });
    expect([refused.status, refused.renewed, registry.sent.length]).toEqual([401, true, 1]);
    expect((await registry.send({ method: 'PATCH', url: `${ORIGIN}/up`, body: stream() })).status).toBe(200);
    expect(registry.authorizations()).toEqual([undefined, `Bearer ${TOKEN}1`]);
  });

  test('is not marked as renewed if the next request would carry the same authorization', async () => {
    const registry = authRegistry({ challenge: 'Basic realm="r"', accepts: () => false });
    const send = () => registry.send({ method: 'PATCH', url: `${ORIGIN}/up`, body: stream() });
    expect((await send()).renewed).toBe(true);
    const again = await send();
    expect([again.status, again.renewed]).toEqual([401, undefined]);
  });
});

describe('what cannot be had is not asked for again and again', () => {
  test('a token for a wrong password', async () => {
    const registry = authRegistry({ tokenAnswer: () => answer(401) });
    expect((await failureOf(registry.send(GET))).code).toBe('UNAUTHORIZED');
    expect([registry.sent.length, registry.tokens()]).toEqual([1, 1]);
  });

  test('a wrong password, for Basic', async () => {
    const registry = authRegistry({ challenge: 'Basic realm="r"', accepts: () => false });
    expect((await registry.send(GET)).status).toBe(401);
    expect((await registry.send(GET)).status).toBe(401);
    expect(registry.authorizations()).toEqual([undefined, BASIC, BASIC]);
  });

  test('an account that there is not', async () => {
    const registry = authRegistry({
      challenge: 'Basic realm="r"',
      accepts: () => false,
      credentials: undefined,
    });
    expect((await registry.send(GET)).status).toBe(401);
    expect(registry.authorizations()).toEqual([undefined]);
  });

  test('a right that the token does not bring', async () => {
    const registry = authRegistry({ accepts: () => false });
    expect((await registry.send(GET)).status).toBe(401);
    expect([registry.sent.length, registry.tokens()]).toEqual([2, 1]);
  });

  test.each(['Negotiate', 'nonsense "', ''])('a challenge such as %j', async (challenge) => {
    const registry = authRegistry({ challenge });
    expect((await registry.send(GET)).status).toBe(401);
    expect([registry.sent.length, registry.tokens()]).toEqual([1, 0]);
  });
});
