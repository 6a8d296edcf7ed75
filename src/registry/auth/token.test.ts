import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { failureOf } from '../../../test/support/rejection.ts';
import { secret } from '../../../test/support/secrets.ts';
import { testClock } from '../../../test/support/test-clock.ts';
import { keepTls } from '../../http/origin.ts';
import type { HttpRequest, HttpResponse } from '../../http/transport.ts';
import { fetchToken, type Token, type TokenRequest } from './token.ts';

const SCOPE = 'repository:acme/llama:pull,push';
const ada = { kind: 'account', username: 'ada', password: `pass:${secret('password')} ü` } as const;

function challenge(parameters: Record<string, string> = {}): TokenRequest['challenge'] {
  const realm = 'https://auth.test/token';
  return { scheme: 'bearer', parameters: { realm, ...parameters }, shownRealm: realm };
}

async function fetched(
  request: Partial<TokenRequest>,
  response: HttpResponse = answer(200, {}, '{"token":"t"}'),
): Promise<{ token: Token; sent: HttpRequest; query: URLSearchParams }> {
  const sent: HttpRequest[] = [];
  const clock = testClock();
  clock.pass(1_000_000);
  const token = await fetchToken(
    {
      challenge: challenge(),
      registryOrigin: 'https://r.test',
      scope: SCOPE,
      credentials: undefined,
      ...request,
    },
    async (one) => {
      sent.push(one);
      return response;
    },
    clock,
  );
  const [first] = sent;
  if (first === undefined || sent.length > 1) throw new Error('one request gets a token');
  return { token, sent: first, query: new URL(first.url).searchParams };
}

describe('the request', () => {
  test('names the service, the scope and us', async () => {
    const { sent, query } = await fetched({ challenge: challenge({ service: 'registry.docker.io' }) });
    expect(sent.method).toBe('GET');
    expect(sent.url).toMatch(/^https:\/\/auth\.test\/token\?/);
    expect([...query]).toEqual([
      ['service', 'registry.docker.io'],
      ['scope', SCOPE],
      ['client_id', 'oci-modelcar'],
    ]);
  });

  test('keeps the query that the realm has', async () => {
    const { query } = await fetched({
      challenge: challenge({ realm: 'https://auth.test/token?tenant=a%26b' }),
    });
    expect(query.get('tenant')).toBe('a&b');
  });

  test('carries the account, for Basic authorization', async () => {
    const { sent, query } = await fetched({ credentials: ada });
    expect(query.get('account')).toBe('ada');
    const encoded = sent.headers?.authorization?.replace(/^Basic /, '') ?? '';
    expect(Buffer.from(encoded, 'base64').toString()).toBe(`ada:${ada.password}`);
  });

  test('knows the token that was refused: the realm may repeat it in an error', async () => {
    expect((await fetched({ spent: `Bearer ${secret('refused')}` })).sent.secrets).toEqual([
      secret('refused'),
    ]);
  });

  test('is anonymous without an account', async () => {
    expect((await fetched({})).sent.headers).toEqual({});
  });

  test.each<[fact: string, asked: string, scopes: string[]]>([
    ['ours alone where the registry asks for less of the same', 'repository:acme/llama:pull', [SCOPE]],
    [
      'ours first, then the others',
      'repository:other/base:pull repository:acme/llama:pull,push',
      [SCOPE, 'repository:other/base:pull'],
    ],
    ['Forgejo: any', '*', [SCOPE, '*']],
    [
      'a repository whose name begins like ours is another',
      'repository:acme/llama2:pull',
      [SCOPE, 'repository:acme/llama2:pull'],
    ],
    ['never the right to delete', 'repository:acme/llama:delete registry:catalog:delete', [SCOPE]],
    ['nothing twice, nothing empty', '  repository:acme/llama:pull,push  ', [SCOPE]],
  ])('scopes: %s', async (_, scope, scopes) => {
    expect((await fetched({ challenge: challenge({ scope }) })).query.getAll('scope')).toEqual(scopes);
  });
});

describe('the answer', () => {
  test.each<[fact: string, body: unknown, value: string]>([
    ['token', { token: 'a' }, 'a'],
    ['access_token', { access_token: 'b' }, 'b'],
    ['both', { token: 'a', access_token: 'b' }, 'a'],
    ['an empty token beside the other', { token: '', access_token: 'b' }, 'b'],
    [
      'with all the rest',
      { token: 'a', expires_in: 300, issued_at: '2026-01-01T00:00:00Z', refresh_token: 'r' },
      'a',
    ],
  ])('may call the token %s', async (_, body, value) => {
    expect((await fetched({}, answer(200, {}, JSON.stringify(body)))).token.value).toBe(value);
  });

  test.each<[fact: string, expires: unknown, staleAfterSeconds: number]>([
    ['an hour: a minute before its end', 3600, 3540],
    ['five minutes: a minute before its end', 300, 240],
    ['one minute: at three quarters', 60, 45],
    ['untold: as one minute', undefined, 45],
    ['zero: as one minute', 0, 45],
    ['less than nothing: as one minute', -300, 45],
    ['a text: as one minute', '3600', 45],
    ['five seconds: at three quarters', 5, 3.75],
  ])('lives %s', async (_, expires_in, seconds) => {
    const { token } = await fetched({}, answer(200, {}, JSON.stringify({ token: 't', expires_in })));
    expect(token.staleAt).toBe(1_000_000 + seconds * 1000);
  });

  test('lives by our clock, whatever the clock of the server says', async () => {
    for (const issued_at of ['1999-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'yesterday', 7]) {
      const body = JSON.stringify({ token: 't', expires_in: 60, issued_at });
      const { token } = await fetched({}, answer(200, {}, body));
      expect([token.staleAt, token.deadAt]).toEqual([1_045_000, 1_060_000]);
    }
  });

  test.each(['', '{}', '{"token":""}', '{"token":7}', '[]', '<html>Sign in</html>'])(
    '%j holds no token',
    async (body) => {
      const error = await failureOf(fetched({}, answer(200, {}, body)));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message:
          'cannot get a token for https://r.test from https://auth.test/token: the answer holds no token',
      });
    },
  );

  test.each<[status: number, code: string]>([
    [401, 'UNAUTHORIZED'],
    [403, 'UNAUTHORIZED'],
    [404, 'NOT_FOUND'],
    [503, 'UNAVAILABLE'],
    [302, 'UNSUPPORTED'],
  ])('%i is %s, with what the server says and no password', async (status, code) => {
    const error = await failureOf(
      fetched({ credentials: ada }, answer(status, {}, 'incorrect username or password')),
    );
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      `cannot get a token for https://r.test from https://auth.test/token: ${status} incorrect username or password`,
    );
  });
});

test('a token server that is not where the registry says is no repository that is missing', async () => {
  const hintOf = async (response: HttpResponse) => (await failureOf(fetched({}, response))).hint;
  expect(await hintOf(answer(404, {}, '404 page not found'))).toMatch(/URL of the token server/);
  const unknown = JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN', message: 'project not found' }] });
  expect(await hintOf(answer(404, {}, unknown))).toMatch(/repository name/);
});

describe('credentials stay on TLS', () => {
  test.each([
    ['an http realm of an https registry', 'http://auth.test/token'],
    ['an http realm that only looks like the registry', 'http://r.test.evil.test/token'],
    ['an http realm without the slashes of a URL', 'http:/r.test/token'],
    ['another scheme', 'ftp://auth.test/token'],
    ['a file', 'file:///etc/passwd'],
  ])('%s is refused', async (_, realm) => {
    const error = await failureOf(fetched({ challenge: challenge({ realm }), credentials: ada }));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('credentials stay on TLS'),
    });
  });

  test.each([
    ['https://r.test', 'http://r.test/service/token?tenant=a', 'https://r.test/service/token?tenant=a'],
    ['https://r.test', 'http://r.test:8080/service/token', 'https://r.test/service/token'],
    ['https://r.test:8443', 'http://r.test/service/token', 'https://r.test:8443/service/token'],
    ['https://r.test', 'HTTP://R.test/token', 'https://r.test/token'],
    ['https://[::1]:5000', 'http://[::1]/token', 'https://[::1]:5000/token'],
  ])(
    'the registry %s with the realm %s on its own host is asked at its https origin',
    async (registryOrigin, realm, url) => {
      const asked = { registryOrigin, challenge: { ...challenge({ realm }), shownRealm: realm } };
      const { sent } = await fetched({ ...asked, credentials: ada });
      expect(sent.url.startsWith(url)).toBe(true);
      const error = await failureOf(fetched(asked, answer(404)));
      const shown = keepTls(registryOrigin, realm);
      expect(error.message).toBe(`cannot get a token for ${registryOrigin} from ${shown}: 404`);
    },
  );

  test('an http realm of an http registry is what its user asked for', async () => {
    const realm = 'http://127.0.0.1:5001/token';
    const { sent } = await fetched({
      challenge: challenge({ realm }),
      registryOrigin: 'http://127.0.0.1:5000',
    });
    expect(sent.url.startsWith(realm)).toBe(true);
  });

  test.each([
    ['no realm', undefined],
    ['an empty realm', ''],
    ['a relative realm', '/token'],
  ])('%s is nowhere to go', async (_, realm) => {
    const parameters = realm === undefined ? {} : { realm };
    const error = await failureOf(
      fetched({ challenge: { scheme: 'bearer', parameters, shownRealm: realm ?? '' } }),
    );
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('where to get one'),
    });
  });
});
