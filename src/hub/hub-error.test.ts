import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import type { ModelId } from '../core/model.ts';
import { parseHubEndpoint } from './endpoint.ts';
import { hubError } from './hub-error.ts';

const id: ModelId = { type: 'model', name: 'acme/llama' };
const endpoint = parseHubEndpoint('https://hub.test');
const ask = { what: 'list acme/llama', id, revision: 'v9', endpoint };

/** As the Hub words it: the code and the text in headers, the text in the body too. */
function refusal(status: number, code: string | undefined, text: string) {
  const headers = { ...(code && { 'x-error-code': code }), 'x-error-message': text };
  return answer(status, headers, JSON.stringify({ error: text }));
}

const RESTRICTED = 'Access to model acme/llama is restricted';
const GATED_ANONYMOUS = `${RESTRICTED}. You must have access to it and be authenticated to access it. Please log in.`;
const GATED_KNOWN = `${RESTRICTED} and you are not in the authorized list. Visit https://hub.test/acme/llama to ask for access.`;
const FINE_GRAINED =
  'Please enable access to public gated repositories in your fine-grained token settings to view this repository.';
const DISABLED = 'Access to this resource is disabled.';
const LOGIN = 'Invalid username or password.';
const CREDENTIALS = 'Invalid credentials in Authorization header';

type Row = [status: number, errorCode: string | undefined, text: string, code: string, hint: RegExp];
const anonymous: readonly Row[] = [
  [401, undefined, LOGIN, 'NOT_FOUND', /acme\/llama.*private.*gated.*HF_TOKEN/],
  [401, 'GatedRepo', GATED_ANONYMOUS, 'GATED', /HF_TOKEN.*https:\/\/hub\.test\/acme\/llama/],
  [401, undefined, GATED_ANONYMOUS, 'GATED', /HF_TOKEN.*https:\/\/hub\.test\/acme\/llama/],
  [403, undefined, DISABLED, 'DISABLED', /https:\/\/hub\.test\/acme\/llama/],
  [401, 'GatedRepo', DISABLED, 'DISABLED', /https:\/\/hub\.test\/acme\/llama/],
  [404, 'RevisionNotFound', 'Invalid rev id: v9', 'REVISION_NOT_FOUND', /branches and tags/],
  [404, undefined, 'Invalid rev id: v9', 'REVISION_NOT_FOUND', /branches and tags/],
  [404, 'EntryNotFound', 'Entry not found', 'NOT_FOUND', /not in acme\/llama at v9/],
  [404, undefined, 'Entry not found', 'NOT_FOUND', /not in acme\/llama at v9/],
  [429, undefined, 'We had to rate limit your IP (::1).', 'RATE_LIMITED', /HF_TOKEN/],
  [408, undefined, '', 'UNAVAILABLE', /again/],
  [425, undefined, '', 'UNAVAILABLE', /again/],
  [500, undefined, '', 'UNAVAILABLE', /again/],
  [503, undefined, 'maintenance', 'UNAVAILABLE', /again/],
  [400, undefined, 'Unsupported request', 'UNSUPPORTED', /Hugging Face Hub/],
  [302, undefined, '', 'UNSUPPORTED', /Hugging Face Hub/],
];
const withToken: readonly Row[] = [
  [404, 'RepoNotFound', 'Repository not found', 'NOT_FOUND', /name acme\/llama.*token/],
  [404, undefined, 'Repository not found', 'NOT_FOUND', /name acme\/llama.*token/],
  [401, 'RepoNotFound', 'Repository not found', 'NOT_FOUND', /name acme\/llama.*token/],
  [401, undefined, CREDENTIALS, 'UNAUTHORIZED', /token is not valid/],
  [401, undefined, LOGIN, 'UNAUTHORIZED', /token is not valid/],
  [403, 'GatedRepo', GATED_KNOWN, 'GATED', /account of this token.*https:\/\/hub\.test\/acme\/llama/],
  [403, undefined, GATED_KNOWN, 'GATED', /account of this token.*https:\/\/hub\.test\/acme\/llama/],
  [403, undefined, FINE_GRAINED, 'GATED', /settings/],
  [403, 'GatedRepo', FINE_GRAINED, 'GATED', /settings/],
  [403, undefined, '', 'UNAUTHORIZED', /token that may read acme\/llama/],
  [429, undefined, 'quota of 1000 api requests', 'RATE_LIMITED', /[Ww]ait/],
];

describe('an answer to an anonymous question', () => {
  test.each(anonymous)('%i %s "%s" is %s', async (status, errorCode, text, code, hint) => {
    const error = await hubError(refusal(status, errorCode, text), { ...ask, authenticated: false });
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(error.message).toMatch(new RegExp(`^cannot list acme/llama at the Hub: ${status}`));
  });
});

describe('an answer to a question with a token', () => {
  test.each(withToken)('%i %s "%s" is %s', async (status, errorCode, text, code, hint) => {
    const error = await hubError(refusal(status, errorCode, text), { ...ask, authenticated: true });
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});

describe('an answer in mid-run', () => {
  const gone = /acme\/llama was there when the push began.*HF_TOKEN/;
  test.each<
    [status: number, errorCode: string | undefined, text: string, authenticated: boolean, hint: RegExp]
  >([
    [404, 'RevisionNotFound', 'Invalid rev id: c0ffee', false, /dropped this commit of acme\/llama since/],
    [401, undefined, LOGIN, false, gone],
    [404, 'RepoNotFound', 'Repository not found', true, gone],
    [401, undefined, CREDENTIALS, true, /token is not valid at this Hub: set HF_TOKEN/],
    [403, undefined, '', true, /HF_TOKEN to a token that may read acme\/llama/],
    [
      401,
      'GatedRepo',
      GATED_ANONYMOUS,
      false,
      /HF_TOKEN.*ask for access at https:\/\/hub\.test\/acme\/llama/,
    ],
    [403, 'GatedRepo', GATED_KNOWN, true, /ask for access at https:\/\/hub\.test\/acme\/llama/],
  ])(
    '%i %s "%s" says what to do and to run the same command again',
    async (status, errorCode, text, authenticated, hint) => {
      const error = await hubError(refusal(status, errorCode, text), { ...ask, authenticated, begun: true });
      expect(error.hint).toMatch(hint);
      expect(error.hint).toMatch(/run the same command again[^.]*\.$/);
    },
  );

  test('a file that is missing is no reason to run it again', async () => {
    const answer = refusal(404, 'EntryNotFound', 'Entry not found');
    const error = await hubError(answer, { ...ask, authenticated: false, begun: true });
    expect(error.hint).toMatch(/not in acme\/llama at v9/);
  });
});

describe('what an error says', () => {
  const message = async (response: ReturnType<typeof answer>, authenticated = false) =>
    (await hubError(response, { ...ask, authenticated })).message;

  test('nobody who is anonymous is told of a wrong password', async () => {
    expect(await message(refusal(401, undefined, LOGIN))).not.toMatch(/password/);
  });

  test.each([
    ['the header', answer(500, { 'x-error-message': 'from header' }, '{"error":"from body"}'), 'from header'],
    ['the JSON', answer(500, {}, '{"error":"from body"}'), 'from body'],
    ['a list in the JSON', answer(500, {}, '{"errors":[{"message":"one"},{"message":"two"}]}'), 'one; two'],
    ['a description in the JSON', answer(500, {}, '{"error_description":"why"}'), 'why'],
    ['plain text', answer(500, { 'content-type': 'text/plain' }, 'plain\n  words'), 'plain words'],
  ])('the words come from %s', async (_, response, words) => {
    expect(await message(response)).toContain(words);
  });

  test.each([
    answer(429, { 'content-type': 'text/html' }, `<html>${'x'.repeat(52_000)}</html>`),
    answer(429, {}, `\n<!DOCTYPE html>${'x'.repeat(52_000)}`),
    answer(500, { 'content-type': 'text/plain' }, 'x'.repeat(52_000)),
    answer(500, {}, JSON.stringify({ error: 'x'.repeat(52_000) })),
  ])('a page of 52 KB stays out of it (%#)', async (response) => {
    expect((await message(response)).length).toBeLessThan(500);
  });

  test.each(['x-request-id', 'x-amzn-trace-id', 'x-amz-cf-id'])(
    'the request can be reported by its %s',
    async (header) => {
      expect(await message(answer(500, { [header]: 'Root=1-6a59' }))).toContain('(request Root=1-6a59)');
    },
  );

  test.each([
    'Found. Redirecting to https://cdn.test/f?Policy=SECRET&Signature=SECRET&Key-Pair-Id=SECRET',
    'Expected X-Amz-Credential=SECRET&X-Amz-Signature=SECRET',
  ])('a signature that the Hub repeats stays out of it: %s', async (text) => {
    expect(await message(answer(502, { 'content-type': 'text/plain' }, text))).not.toContain('SECRET');
  });
});
