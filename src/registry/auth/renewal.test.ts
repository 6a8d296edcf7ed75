import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { authRegistry, GET, ORIGIN, TOKEN } from '../../../test/support/auth-registry.ts';
import { deferred } from '../../../test/support/deferred.ts';
import { failureOf } from '../../../test/support/rejection.ts';
import { secret } from '../../../test/support/secrets.ts';
import type { RegistryCredentials } from '../../core/registry-credentials.ts';
import type { HttpRequest, HttpResponse } from '../../http/transport.ts';

/** The n-th token, which is told to live so long. */
function token(count: number, more: object = {}): HttpResponse {
  return answer(200, {}, JSON.stringify({ token: `${TOKEN}${count}`, expires_in: 5, ...more }));
}

const bearer = (count: number): string => `Bearer ${TOKEN}${count}`;
const anything = (authorization: string | undefined): boolean => authorization !== undefined;

describe('tokens that live five seconds', () => {
  test('are fetched once for each life, however many requests there are', async () => {
    const registry = authRegistry({ accepts: anything, tokenAnswer: (count) => token(count) });
    for (let ms = 0; ms < 15_000; ms += 100) {
      await registry.send(GET);
      registry.clock.pass(100);
    }
    expect(registry.sent.length).toBe(151);
    expect(registry.tokens()).toBe(4); // at three quarters of each life: 0, 3.8, 7.6, 11.4 s
  });

  test('are fetched once for all who need the next one at the same time', async () => {
    const gate = deferred();
    const registry = authRegistry({
      accepts: anything,
      async tokenAnswer(count) {
        if (count > 1) await gate.promise;
        return token(count);
      },
    });
    await registry.send(GET);
    registry.clock.pass(4_000);
    const requests = Promise.all([1, 2, 3, 4].map(() => registry.send(GET)));
    while (registry.tokens() < 2) await Promise.resolve();
    gate.resolve();
    await requests;
    expect(registry.tokens()).toBe(2);
    expect(registry.authorizations().slice(-4)).toEqual([2, 2, 2, 2].map(bearer));
  });
});

describe('a token that is dead when it comes', () => {
  test('is fetched once for each request, and its refusal is the answer', async () => {
    const registry = authRegistry({ accepts: () => false, tokenAnswer: (count) => token(count) });
    expect((await registry.send(GET)).status).toBe(401);
    expect([registry.sent.length, registry.tokens()]).toEqual([2, 1]);
    expect((await registry.send(GET)).status).toBe(401);
    expect([registry.sent.length, registry.tokens()]).toEqual([4, 2]);
  });

  test('costs one token for each request where only its told life is over', async () => {
    const registry = authRegistry({
      accepts: anything,
      tokenAnswer: (count) => token(count, { expires_in: 1 }),
    });
    for (let request = 1; request <= 3; request += 1) {
      expect((await registry.send(GET)).status).toBe(200);
      registry.clock.pass(1_000);
    }
    expect(registry.tokens()).toBe(3);
  });
});

describe('a token that was refused', () => {
  test('is not sent by others while the next one is on its way', async () => {
    const gate = deferred();
    let revoked = false;
    const registry = authRegistry({
      accepts: (sent) => sent === bearer(revoked ? 2 : 1),
      async tokenAnswer(count) {
        if (count > 1) await gate.promise;
        return token(count);
      },
    });
    await registry.send(GET);
    revoked = true;
    const refused = registry.send(GET);
    while (registry.tokens() < 2) await Promise.resolve();
    const other = registry.send({ method: 'GET', url: `${ORIGIN}/other` });
    gate.resolve();
    await Promise.all([refused, other]);
    const others = registry.sent.filter(({ url }) => url.endsWith('/other'));
    expect(others.map(({ headers }) => headers?.authorization)).toEqual([bearer(2)]);
  });

  test('is not sent again where there was no other for it', async () => {
    let revoked = false;
    const registry = authRegistry({
      accepts: (sent) => sent === bearer(revoked ? 3 : 1),
      tokenAnswer: (count) => (count === 2 ? answer(503) : token(count)),
    });
    await registry.send(GET);
    revoked = true;
    expect((await failureOf(registry.send(GET))).code).toBe('UNAVAILABLE');
    expect((await registry.send(GET)).status).toBe(200);
    expect(registry.authorizations().slice(-2)).toEqual([bearer(1), bearer(3)]);
  });
});

describe('a token server that is away', () => {
  /** Answers once, then fails with this until the given token. */
  const away = (status: number, until: number) =>
    authRegistry({
      accepts: anything,
      tokenAnswer: (count) => (count > 1 && count < until ? answer(status) : token(count)),
    });

  test.each([503, 429])('with %i costs nothing while the last token lives', async (status) => {
    const registry = away(status, 4);
    await registry.send(GET);
    for (const ms of [4_000, 500, 500]) {
      registry.clock.pass(ms);
      expect((await registry.send(GET)).status).toBe(200);
    }
    expect(registry.authorizations().slice(-3)).toEqual([bearer(1), bearer(1), bearer(4)]);
  });

  test('is the error once the last token is over', async () => {
    const registry = away(503, 9);
    await registry.send(GET);
    registry.clock.pass(5_000);
    const error = await failureOf(registry.send(GET));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('cannot get a token'),
    });
    expect(registry.sent.length).toBe(2);
  });

  test('and says no is the error at once, for what is sent now could not be committed', async () => {
    const registry = away(401, 9);
    await registry.send(GET);
    registry.clock.pass(4_000);
    const error = await failureOf(registry.send(GET));
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('cannot get a token'),
    });
    expect(registry.sent.length).toBe(2);
  });
});

describe('the helper', () => {
  /** Its token server takes the password of this number only. */
  function rotating(helper: (asked: number) => number) {
    let valid = 1;
    let asked = 0;
    const basic = (password: number) => `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`;
    const registry = authRegistry({
      accepts: anything,
      helper: () => ({ kind: 'account', username: 'ada', password: String(helper(++asked)) }),
      tokenAnswer: (count, request) =>
        request.headers?.authorization === basic(valid) ? token(count) : answer(401),
    });
    return {
      registry,
      rotate() {
        valid += 1;
      },
    };
  }

  test('runs once, however many tokens its password brings', async () => {
    const { registry } = rotating(() => 1);
    for (let request = 1; request <= 3; request += 1) {
      await registry.send(GET);
      registry.clock.pass(4_000);
    }
    expect([registry.tokens(), registry.asked.length]).toEqual([3, 1]);
  });

  test('runs again when its password brings no token any more', async () => {
    const { registry, rotate } = rotating((asked) => asked);
    await registry.send(GET);
    rotate();
    registry.clock.pass(4_000);
    expect((await registry.send(GET)).status).toBe(200);
    expect([registry.tokens(), registry.asked.length]).toEqual([3, 2]);
  });

  test('that has no other password ends it: the wrong one is not tried twice', async () => {
    const { registry, rotate } = rotating(() => 1);
    await registry.send(GET);
    rotate();
    registry.clock.pass(4_000);
    expect((await failureOf(registry.send(GET))).code).toBe('UNAUTHORIZED');
    expect([registry.tokens(), registry.asked.length]).toEqual([2, 2]);
  });
});

describe('an identity token that each exchange spends', () => {
  const first = `1-${secret('identity token')}`;

  /** Takes each refresh token once. */
  function rotating(helper: () => string) {
    let valid = first;
    return authRegistry({
      accepts: anything,
      helper: () => identity(helper()),
      tokenAnswer(count, request) {
        if (refreshTokenOf(request) !== valid) return answer(400, {}, '{"error":"invalid_grant"}');
        valid = `${count + 1}-${secret('identity token')}`;
        return token(count, { refresh_token: valid });
      },
    });
  }

  const identity = (identityToken: string): RegistryCredentials => ({
    kind: 'identity',
    username: 'ada',
    identityToken,
  });

  test('is followed by the one that came with the access token', async () => {
    const registry = rotating(() => first);
    for (let request = 1; request <= 3; request += 1) {
      expect((await registry.send(GET)).status).toBe(200);
      registry.clock.pass(4_000);
    }
    expect([registry.tokens(), registry.asked.length]).toEqual([3, 1]);
  });

  test('is not taken up again from where it was found, also when an access token is refused', async () => {
    let refuse = false;
    let valid = first;
    const registry = authRegistry({
      accepts: (sent) => sent === bearer(refuse ? 2 : 1),
      helper: () => identity(first),
      tokenAnswer(count, request) {
        if (refreshTokenOf(request) !== valid) return answer(401);
        valid = `${count + 1}-${secret('identity token')}`;
        return token(count, { refresh_token: valid });
      },
    });
    await registry.send(GET);
    refuse = true;
    expect((await registry.send(GET)).status).toBe(200);
  });

  test('gives way to another that was put in its place', async () => {
    let found = first;
    const other = `other-${secret('identity token')}`;
    const registry = authRegistry({
      accepts: anything,
      helper: () => identity(found),
      tokenAnswer(count, request) {
        // RFC 6749, section 5.2
        if (count > 1 && refreshTokenOf(request) !== other)
          return answer(400, {}, '{"error":"invalid_grant"}');
        return token(count, count === 1 ? { refresh_token: `1-${secret('identity token')}` } : {});
      },
    });
    await registry.send(GET);
    found = other;
    for (let request = 1; request <= 2; request += 1) {
      registry.clock.pass(4_000);
      expect((await registry.send(GET)).status).toBe(200);
    }
    expect(registry.tokens()).toBe(4);
  });

  function refreshTokenOf({ body }: HttpRequest): string | null {
    const form = body instanceof Uint8Array ? Buffer.from(body).toString() : '';
    return new URLSearchParams(form).get('refresh_token');
  }
});
