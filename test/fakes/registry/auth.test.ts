import { describe, expect, test } from 'vitest';
import { secret } from '../../support/secrets.ts';
import type { BearerOptions } from './auth.ts';
import type { FakeRegistry } from './fake-registry.ts';
import { beginAt, call, locationOf, type RawAnswer, registryFor, sha256, withDigest } from './raw-http.ts';

const IDENTITY_TOKEN = secret('identity token');

const user = { username: 'ada', password: `${secret('password')}:colon:in:it` };
const basic = `Basic ${Buffer.from(`ada:${user.password}`).toString('base64')}`;
const bearer = { kind: 'bearer', ...user } satisfies BearerOptions;

interface TokenAnswer {
  token?: string;
  access_token?: string;
  expires_in?: number;
  issued_at?: string;
  refresh_token?: string;
}

async function tokenFor(
  registry: FakeRegistry,
  scopes: readonly string[],
  authorization: string | undefined = basic,
): Promise<TokenAnswer> {
  const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
  const answer = await call(registry, 'GET', `/token?service=fake-registry&${query}`, {
    headers: authorization === undefined ? {} : { authorization },
  });
  return JSON.parse(answer.text);
}

async function pushToken(registry: FakeRegistry): Promise<Record<string, string>> {
  const { token } = await tokenFor(registry, ['repository:a/b:pull,push']);
  return { authorization: `Bearer ${token}` };
}

function challengeOf({ headers }: RawAnswer): string {
  return headers['www-authenticate'] ?? '';
}

test('with basic auth the right password opens everything and a wrong one nothing', async () => {
  const registry = await registryFor({ auth: { kind: 'basic', ...user } });
  const refused = await call(registry, 'GET', '/v2/');
  expect(refused.status).toBe(401);
  expect(challengeOf(refused)).toMatch(/^Basic realm=/);
  const wrong = { authorization: `Basic ${Buffer.from('ada:nope').toString('base64')}` };
  expect((await call(registry, 'GET', '/v2/', { headers: wrong })).status).toBe(401);
  expect((await call(registry, 'GET', '/v2/', { headers: { authorization: basic } })).status).toBe(200);
  expect(registry.log.map(({ hadAuthorization }) => hadAuthorization)).toEqual([false, true, true]);
});

describe('with bearer auth', () => {
  test('a push is challenged with the scope it needs, and a mount with both', async () => {
    const registry = await registryFor({ auth: bearer });
    const push = await call(registry, 'POST', '/v2/a/b/blobs/uploads/');
    expect(push.status).toBe(401);
    expect(challengeOf(push)).toBe(
      `Bearer realm="http://${registry.host}/token",service="fake-registry",scope="repository:a/b:pull,push"`,
    );
    const mount = await call(registry, 'POST', `/v2/a/b/blobs/uploads/?mount=${sha256('x')}&from=c/d`);
    expect(challengeOf(mount)).toContain('scope="repository:a/b:pull,push repository:c/d:pull"');
    const ping = await call(registry, 'GET', '/v2/');
    expect(challengeOf(ping)).not.toContain('scope=');
  });

  test('a token of the right scope pushes, one of a lesser scope is insufficient', async () => {
    const registry = await registryFor({ auth: bearer });
    const { token } = await tokenFor(registry, ['repository:a/b:pull']);
    const refused = await call(registry, 'POST', '/v2/a/b/blobs/uploads/', {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(refused.status).toBe(401);
    expect(challengeOf(refused)).toContain('error="insufficient_scope"');
    const headers = await pushToken(registry);
    expect((await call(registry, 'POST', '/v2/a/b/blobs/uploads/', { headers })).status).toBe(202);
  });

  test('an expired token is invalid, and the session waits for a new one', async () => {
    const registry = await registryFor({ auth: { ...bearer, tokenLifeSeconds: 60 } });
    const location = await beginAt(registry, 'a/b', await pushToken(registry));
    const old = await pushToken(registry);
    registry.auth.passSeconds(61);
    const refused = await call(registry, 'PATCH', location, { headers: old, body: 'abc' });
    expect(refused.status).toBe(401);
    expect(challengeOf(refused)).toContain('error="invalid_token"');
    const again = await call(registry, 'PATCH', location, {
      headers: await pushToken(registry),
      body: 'abc',
    });
    expect(again).toMatchObject({ status: 202, headers: { range: '0-2' } });
  });

  test('a revoked token is invalid at once', async () => {
    const registry = await registryFor({ auth: bearer });
    const headers = await pushToken(registry);
    registry.auth.revokeTokens();
    expect((await call(registry, 'GET', '/v2/a/b/tags/list', { headers })).status).toBe(401);
  });

  test('dist28 wants the delete scope for a cancel, which a push token has not', async () => {
    const registry = await registryFor({ personality: 'dist28', auth: bearer });
    const headers = await pushToken(registry);
    const location = await beginAt(registry, 'a/b', headers);
    const refused = await call(registry, 'DELETE', location, { headers });
    expect(refused.status).toBe(401);
    expect(challengeOf(refused)).toContain('scope="repository:a/b:delete",error="insufficient_scope"');
    expect(registry.openSessions).toBe(1);
  });

  test('a token server of its own is another origin', async () => {
    const registry = await registryFor({ auth: { ...bearer, realmOnOtherOrigin: true } });
    expect(challengeOf(await call(registry, 'GET', '/v2/'))).toContain(`http://${registry.otherHost}/token`);
    const answer = await call(registry, 'GET', `http://${registry.otherHost}/token`, {
      headers: { authorization: basic },
    });
    expect(answer.status).toBe(200);
    expect(registry.log.at(-1)).toMatchObject({ origin: 'other', pathClass: 'token' });
  });

  test('the token comes under the names, with the life and from the clock that were asked for', async () => {
    const plain = await registryFor({ auth: { ...bearer, tokenLifeSeconds: 90 } });
    expect(Object.keys(await tokenFor(plain, []))).toEqual(['token', 'expires_in', 'issued_at']);
    expect((await tokenFor(plain, [])).expires_in).toBe(90);
    const bare = await registryFor({
      auth: { ...bearer, tokenField: 'access_token', expiresIn: 'absent', issuedAtSkew: 'absent' },
    });
    expect(Object.keys(await tokenFor(bare, []))).toEqual(['access_token']);
    const skewed = await registryFor({ auth: { ...bearer, issuedAtSkew: 7_200 } });
    const { issued_at } = await tokenFor(skewed, []);
    expect(Date.parse(issued_at ?? '') - Date.now()).toBeGreaterThan(7_000_000);
  });

  test('a wrong password gets no token, and none at all only what everybody may', async () => {
    const registry = await registryFor({ auth: { ...bearer, anonymousPull: true } });
    const wrong = { authorization: `Basic ${Buffer.from('ada:no').toString('base64')}` };
    expect((await call(registry, 'GET', '/token', { headers: wrong })).status).toBe(401);
    const answer = await call(registry, 'GET', '/token?scope=repository:a/b:pull,push');
    const { token } = JSON.parse(answer.text);
    const headers = { authorization: `Bearer ${token}` };
    expect((await call(registry, 'GET', '/v2/a/b/tags/list', { headers })).status).toBe(404);
    expect((await call(registry, 'POST', '/v2/a/b/blobs/uploads/', { headers })).status).toBe(401);
    expect(registry.auth.tokens).toMatchObject([
      { anonymous: true, scopes: [{ repository: 'a/b', actions: ['pull'] }] },
    ]);
  });

  test('an identity token buys an access token, and rotation spends the one that was used', async () => {
    const registry = await registryFor({
      auth: { ...bearer, identityToken: IDENTITY_TOKEN, refreshTokens: 'rotated' },
    });
    const post = (refresh: string) =>
      call(registry, 'POST', '/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=refresh_token&refresh_token=${refresh}&scope=${encodeURIComponent('repository:a/b:pull,push')}`,
      });
    const first = await post(IDENTITY_TOKEN);
    const { token, refresh_token } = JSON.parse(first.text);
    const headers = { authorization: `Bearer ${token}` };
    expect((await call(registry, 'POST', '/v2/a/b/blobs/uploads/', { headers })).status).toBe(202);
    expect((await post(IDENTITY_TOKEN)).status).toBe(401);
    expect((await post(refresh_token)).status).toBe(200);
    expect(registry.log[0]?.form?.get('grant_type')).toBe('refresh_token');
  });

  test('a token server that knows GET only answers a POST with 404', async () => {
    const registry = await registryFor({ auth: { ...bearer, post: 404 } });
    expect((await call(registry, 'POST', '/token', { body: 'grant_type=password' })).status).toBe(404);
  });

  test.each([
    ['basic-then-bearer-one-header', /^Basic realm="fake, registry", Bearer realm="http:/],
    ['two-headers', /^Bearer realm="http:.*, Basic realm=/],
    ['lower-case', /^bearer realm="http:/],
    ['none', /^$/],
  ] as const)('the challenge can be written as %s', async (challenge, form) => {
    const registry = await registryFor({ auth: { ...bearer, challenge } });
    expect(challengeOf(await call(registry, 'GET', '/v2/'))).toMatch(form);
  });

  test('an upload address on the other origin needs no authorization, and the log shows who sent one', async () => {
    const registry = await registryFor({ auth: bearer, faults: [{ on: 'POST', location: 'other-host' }] });
    const headers = await pushToken(registry);
    const location = await beginAt(registry, 'a/b', headers);
    expect(new URL(location).host).toBe(registry.otherHost);
    const patched = await call(registry, 'PATCH', location, { body: 'abc' });
    expect(patched.status).toBe(202);
    expect((await call(registry, 'PUT', withDigest(locationOf(patched), sha256('abc')))).status).toBe(201);
    const there = registry.log.filter(({ origin }) => origin === 'other');
    expect(there.map(({ hadAuthorization }) => hadAuthorization)).toEqual([false, false]);
  });
});
