import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { answer, remembering, type WatchedAnswer } from '../../../test/support/answer.ts';
import { failureOf } from '../../../test/support/rejection.ts';
import { secret } from '../../../test/support/secrets.ts';
import { testClock } from '../../../test/support/test-clock.ts';
import type { HttpRequest } from '../../http/transport.ts';
import { fetchToken, type Token, type TokenRequest } from './token.ts';

const REALM = 'https://auth.test/token';
const SCOPE = 'repository:acme/llama:pull,push';
const SECRET = `id+to/ken=&${secret('identity token')}`;
const SIGNED_IN = answer(200, {}, '{"access_token":"t","refresh_token":"new","expires_in":300}');

interface Exchange {
  readonly sent: readonly HttpRequest[];
  readonly token: Promise<Token>;
}

/** Each request gets the next of the answers. */
function exchange(answers: readonly WatchedAnswer[], parameters: Record<string, string> = {}): Exchange {
  const sent: HttpRequest[] = [];
  const request: TokenRequest = {
    challenge: { scheme: 'bearer', parameters: { realm: REALM, ...parameters }, shownRealm: REALM },
    registryOrigin: 'https://r.test',
    scope: SCOPE,
    credentials: { kind: 'identity', username: 'ada', identityToken: SECRET },
  };
  const token = fetchToken(
    request,
    remembering(async (one) => {
      const next = answers[sent.length];
      sent.push(one);
      if (next === undefined) throw new Error('one request too many');
      return next;
    }),
    testClock(),
  );
  return { sent, token };
}

async function sentFor(...of: Parameters<typeof exchange>): Promise<readonly HttpRequest[]> {
  const { sent, token } = exchange(...of);
  await token;
  return sent;
}

function formOf(request: HttpRequest | undefined): [string, string][] {
  return request?.body instanceof Uint8Array
    ? [...new URLSearchParams(Buffer.from(request.body).toString())]
    : [];
}

describe('an identity token', () => {
  test('is exchanged with one POST, which holds what the spec says and nothing else', async () => {
    const sent = await sentFor([SIGNED_IN], { service: 'r.azurecr.io' });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ method: 'POST', url: REALM });
    expect(sent[0]?.headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(formOf(sent[0]).sort()).toEqual([
      ['client_id', 'oci-modelcar'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', SECRET],
      ['scope', SCOPE],
      ['service', 'r.azurecr.io'],
    ]);
  });

  test('names all scopes in one field', async () => {
    const [post] = await sentFor([SIGNED_IN], { scope: 'repository:other/base:pull' });
    const scopes = formOf(post).filter(([name]) => name === 'scope');
    expect(scopes).toEqual([['scope', `${SCOPE} repository:other/base:pull`]]);
  });

  test('goes to the realm with the query that the realm has', async () => {
    const realm = `${REALM}?tenant=a%26b`;
    expect(await sentFor([SIGNED_IN], { realm })).toMatchObject([{ url: realm }]);
  });

  test('gives the access token, for as long as it lives', async () => {
    expect(await exchange([SIGNED_IN]).token).toMatchObject({
      value: 't',
      staleAt: 240_000,
      deadAt: 300_000,
    });
  });

  test('is spent where the answer holds another, unless nothing was exchanged', async () => {
    expect((await exchange([SIGNED_IN]).token).refreshToken).toBe('new');
    expect((await exchange([answer(404), SIGNED_IN]).token).refreshToken).toBeUndefined();
  });

  test.each([404, 405])('is the password of a GET where the realm answers POST with %i', async (status) => {
    const refused = answer(status, {}, 'no such method');
    const sent = await sentFor([refused, SIGNED_IN], { service: 'r' });
    const [, get] = sent;
    expect(sent).toHaveLength(2);
    expect(get).toMatchObject({ method: 'GET' });
    expect(get?.body).toBeUndefined();
    expect([...new URL(get?.url ?? '').searchParams]).toEqual([
      ['service', 'r'],
      ['scope', SCOPE],
      ['client_id', 'oci-modelcar'],
      ['account', 'ada'],
    ]);
    const basic = Buffer.from(`ada:${SECRET}`).toString('base64');
    expect(get?.headers).toEqual({ authorization: `Basic ${basic}` });
    expect(refused.touched(), 'the refusal frees its connection').toBe(true);
  });

  test.each([400, 401, 403, 429, 500, 503])('is sent once where the realm answers %i', async (status) => {
    const { sent, token } = exchange([answer(status), SIGNED_IN]);
    await failureOf(token);
    expect(sent).toHaveLength(1);
  });

  test('does not follow a redirect', async () => {
    const { sent, token } = exchange([answer(307, { location: 'https://evil.example/token' }), SIGNED_IN]);
    expect(await failureOf(token)).toMatchObject({ code: 'UNSUPPORTED' });
    expect(sent).toHaveLength(1);
  });

  test('is not sent to a realm without TLS', async () => {
    const { sent, token } = exchange([SIGNED_IN], { realm: 'http://auth.test/token' });
    expect(await failureOf(token)).toMatchObject({ code: 'UNSUPPORTED' });
    expect(sent).toEqual([]);
  });

  test.each<[fact: string, answers: WatchedAnswer[]]>([
    ['a POST that is refused', [answer(401, {}, '{"error":"invalid_grant"}')]],
    ['a GET that is refused after it', [answer(404), answer(401, {}, 'incorrect username or password')]],
    ['a server that fails', [answer(502, {}, '<html>Bad Gateway</html>')]],
    ['an answer without a token', [answer(200, {}, '{}')]],
    ['a realm that repeats what it was sent', [answer(401, {}, `bad grant: ${SECRET}`)]],
  ])('is not in the error about %s', async (_, answers) => {
    const error = await failureOf(exchange(answers).token);
    const shown = inspect(error, { depth: Infinity });
    expect(shown).toContain(REALM);
    for (const form of [
      SECRET,
      encodeURIComponent(SECRET),
      Buffer.from(`ada:${SECRET}`).toString('base64'),
    ]) {
      expect(shown).not.toContain(form);
    }
  });
});
