import { afterAll, beforeAll, expect, test } from 'vitest';
import { hubToken, secret } from '../../support/secrets.ts';
import { type FakeHub, startFakeHub, synthetic, text } from './fake-hub.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

const READER = hubToken('reader token');
const OTHER = hubToken('other token');
const FINE = hubToken('fine-grained token');
const OTHER_KIND = secret('token of another kind');
const WRONG = hubToken('wrong token');

let hub: FakeHub;

beforeAll(async () => {
  const files = { 'config.json': text('{}'), 'weights.bin': synthetic({ size: 1000 }) };
  hub = await startFakeHub({
    repos: [
      { id: 'acme/open', files },
      { id: 'acme/secret', private: true, files },
      { id: 'acme/gated', gated: 'auto', files },
      { id: 'acme/closed', disabled: true, files },
    ],
    tokens: {
      [READER]: { user: 'reader', accepted: ['acme/gated'], reads: ['acme/secret'] },
      [OTHER]: { user: 'other' },
      [FINE]: { user: 'fine', accepted: ['acme/gated'], withoutGatedScope: true },
      [OTHER_KIND]: { user: 'proxied', accepted: ['acme/gated'] },
    },
  });
});

afterAll(() => hub.close());

function ask(path: string, token?: string): Promise<RawAnswer> {
  return rawRequest(hub.endpoint + path, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
}

function outcome({ status, headers }: RawAnswer): unknown {
  return [status, headers['x-error-code'], headers['x-error-message']];
}

const WRONG_PASSWORD = [401, undefined, 'Invalid username or password.'];
const NOT_FOUND = [404, 'RepoNotFound', 'Repository not found'];
const BAD_TOKEN = [401, undefined, 'Invalid credentials in Authorization header'];

test('to an anonymous caller a missing and a private repository are one and the same 401', async () => {
  for (const path of [
    '/api/models/acme/secret',
    '/api/models/acme/nothing',
    '/acme/secret/resolve/main/config.json',
  ]) {
    const answer = await ask(path);
    expect(outcome(answer)).toEqual(WRONG_PASSWORD);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm=/);
  }
});

test('to a known caller both are a 404 with a code', async () => {
  for (const path of [
    '/api/models/acme/secret/tree/main',
    '/api/models/acme/nothing',
    '/acme/secret/resolve/main/config.json',
  ]) {
    expect(outcome(await ask(path, OTHER))).toEqual(NOT_FOUND);
  }
  expect((await ask('/api/models/acme/secret', READER)).status).toBe(200);
});

test('a token nobody issued is ignored in public and refused where it matters', async () => {
  expect((await ask('/api/models/acme/open', WRONG)).status).toBe(200);
  expect(outcome(await ask('/api/models/acme/secret', WRONG))).toEqual(BAD_TOKEN);
  expect(outcome(await ask('/acme/gated/resolve/main/config.json', WRONG))).toEqual(BAD_TOKEN);
  hub.knobs.unknownToken = 'refused';
  expect(outcome(await ask('/api/models/acme/open', WRONG))).toEqual(BAD_TOKEN);
  hub.knobs.unknownToken = 'ignored';
});

test('a gated repository shows its listing to all and its content to who accepted', async () => {
  expect((await ask('/api/models/acme/gated')).json).toMatchObject({ gated: 'auto' });
  expect((await ask('/api/models/acme/gated/tree/main')).status).toBe(200);
  const path = '/acme/gated/resolve/main/weights.bin';
  expect(outcome(await ask(path))).toEqual([
    401,
    'GatedRepo',
    'Access to model acme/gated is restricted. You must have access to it and be authenticated to access it. Please log in.',
  ]);
  expect(outcome(await ask(path, OTHER))).toEqual([
    403,
    'GatedRepo',
    'Access to model acme/gated is restricted and you are not in the authorized list. ' +
      `Visit ${hub.endpoint}/acme/gated to ask for access.`,
  ]);
  expect((await ask(path, READER)).status).toBe(302);
  expect((await ask(path, OTHER_KIND)).status).toBe(302);
});

test('a fine-grained token without the gated scope is told so', async () => {
  const answer = await ask('/acme/gated/resolve/main/weights.bin', FINE);
  expect(answer.status).toBe(403);
  expect(answer.text).toContain(
    'enable access to public gated repositories in your fine-grained token settings',
  );
});

test('a disabled repository is reported as such and its content refused', async () => {
  expect((await ask('/api/models/acme/closed')).json).toMatchObject({ disabled: true });
  const answer = await ask('/acme/closed/resolve/main/config.json', READER);
  expect(outcome(answer)).toEqual([403, undefined, 'Access to this resource is disabled.']);
});

test('whoami knows the tokens that were issued', async () => {
  expect((await ask('/api/whoami-v2', READER)).json).toMatchObject({ type: 'user', name: 'reader' });
  expect((await ask('/api/whoami-v2')).status).toBe(401);
  expect(outcome(await ask('/api/whoami-v2', WRONG))).toEqual(BAD_TOKEN);
});

test('anonymous downloads are warned, others are not', async () => {
  const path = '/acme/open/resolve/main/config.json';
  expect((await ask(path)).headers['x-hf-warning']).toMatch(/^unauthenticated;/);
  expect((await ask(path, READER)).headers).not.toHaveProperty('x-hf-warning');
});
