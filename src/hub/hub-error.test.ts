import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import type { ModelId } from '../core/model.ts';
import { parseHubEndpoint } from './endpoint.ts';
import { hubError } from './hub-error.ts';
import type { SentToken } from './hub-token.ts';

const id: ModelId = { type: 'model', name: 'acme/llama' };
const endpoint = parseHubEndpoint('https://hub.test');
const NONE: SentToken = { kind: 'none' };
const SENT: SentToken = { kind: 'sent', origin: 'HF_TOKEN' };
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
  [401, undefined, '', 'NOT_FOUND', /private.*gated.*HF_TOKEN/],
  [403, undefined, '', 'UNAUTHORIZED', /HF_TOKEN to a token that may read acme\/llama/],
  [404, undefined, '', 'NOT_FOUND', /name acme\/llama/],
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
  [401, undefined, CREDENTIALS, 'UNAUTHORIZED', /token from HF_TOKEN is not valid/],
  [401, undefined, LOGIN, 'UNAUTHORIZED', /token from HF_TOKEN is not valid/],
  [
    403,
    'GatedRepo',
    GATED_KNOWN,
    'GATED',
    /account of the token from HF_TOKEN.*https:\/\/hub\.test\/acme\/llama/,
  ],
  [
    403,
    undefined,
    GATED_KNOWN,
    'GATED',
    /account of the token from HF_TOKEN.*https:\/\/hub\.test\/acme\/llama/,
  ],
  [403, undefined, FINE_GRAINED, 'GATED', /settings/],
  [403, 'GatedRepo', FINE_GRAINED, 'GATED', /settings/],
  [403, undefined, '', 'UNAUTHORIZED', /token that may read acme\/llama/],
  [429, undefined, 'quota of 1000 api requests', 'RATE_LIMITED', /[Ww]ait/],
];

describe('an answer to an anonymous question', () => {
  test.each(anonymous)('%i %s "%s" is %s', async (status, errorCode, text, code, hint) => {
    const error = await hubError(refusal(status, errorCode, text), { ...ask, token: NONE });
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(error.message).toMatch(
      code === 'NOT_FOUND' && status === 401
        ? /^the Hub has no public model acme\/llama: it answers 401 .* no token was sent$/
        : new RegExp(`^cannot list acme/llama at the Hub: ${status}`),
    );
  });
});

describe('an answer to a question with a token', () => {
  test.each(withToken)('%i %s "%s" is %s', async (status, errorCode, text, code, hint) => {
    const error = await hubError(refusal(status, errorCode, text), { ...ask, token: SENT });
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});

describe('an answer in mid-run', () => {
  const gone = /acme\/llama was there when the push began.*HF_TOKEN/;
  test.each<[status: number, errorCode: string | undefined, text: string, token: SentToken, hint: RegExp]>([
    [404, 'RevisionNotFound', 'Invalid rev id: c0ffee', NONE, /dropped this commit of acme\/llama since/],
    [401, undefined, LOGIN, NONE, gone],
    [404, 'RepoNotFound', 'Repository not found', SENT, gone],
    [401, undefined, CREDENTIALS, SENT, /token from HF_TOKEN is not valid at this Hub: set HF_TOKEN/],
    [403, undefined, '', SENT, /HF_TOKEN to a token that may read acme\/llama/],
    [401, 'GatedRepo', GATED_ANONYMOUS, NONE, /HF_TOKEN.*ask for access at https:\/\/hub\.test\/acme\/llama/],
    [403, 'GatedRepo', GATED_KNOWN, SENT, /ask for access at https:\/\/hub\.test\/acme\/llama/],
  ])(
    '%i %s "%s" says what to do and to run the same command again',
    async (status, errorCode, text, token, hint) => {
      const error = await hubError(refusal(status, errorCode, text), { ...ask, token, begun: true });
      expect(error.hint).toMatch(hint);
      expect(error.hint).toMatch(/run the same command again[^.]*\.$/);
    },
  );

  test('a file that is missing is no reason to run it again', async () => {
    const answer = refusal(404, 'EntryNotFound', 'Entry not found');
    const error = await hubError(answer, { ...ask, token: NONE, begun: true });
    expect(error.hint).toMatch(/not in acme\/llama at v9/);
  });
});

describe('HF_ENDPOINT that is not a Hub', () => {
  const saying = async (response: ReturnType<typeof answer>, url = 'https://r.test/hf') =>
    hubError(response, { ...ask, token: NONE, endpoint: parseHubEndpoint(url), isFirst: true });
  const NAME_UNKNOWN = '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}';
  const html = { 'content-type': 'text/html' };
  const v2 = { 'docker-distribution-api-version': 'registry/2.0' };

  test.each<[what: string, response: ReturnType<typeof answer>, code: string, said: string]>([
    ['a registry, in plain text', answer(404, {}, '404 page not found'), 'NOT_FOUND', '404 page not found'],
    [
      'a registry, in its own JSON',
      answer(404, {}, NAME_UNKNOWN),
      'NOT_FOUND',
      '404 repository name not known',
    ],
    ['a registry that wants a login', answer(401, v2, ''), 'UNSUPPORTED', '401'],
    ['a path with a typo', answer(404, html, '<h1>Not Found</h1>'), 'NOT_FOUND', '404 Not Found'],
    ['a server that takes no GET there', answer(405, {}, ''), 'UNSUPPORTED', '405'],
    [
      'a port that speaks TLS',
      answer(400, html, '<h1>400 Bad Request</h1>'),
      'UNSUPPORTED',
      '400 Bad Request',
    ],
  ])('is reported: %s', async (_, response, code, said) => {
    expect(await saying(response)).toMatchObject({
      code,
      message: `https://r.test/hf (HF_ENDPOINT) does not answer like a Hugging Face Hub: ${said}`,
      hint: 'Check HF_ENDPOINT; if it names a mirror, check that it has acme/llama.',
    });
  });

  test.each<[what: string, response: ReturnType<typeof answer>]>([
    ['the Hub, with its header', answer(404, { 'x-error-code': 'RepoNotFound' }, '')],
    ['the Hub, with its text', answer(404, { 'x-error-message': 'Repository not found' }, '')],
    ['MatrixHub, in JSON without a header', answer(404, {}, '{"error":"repository not found"}')],
    ['CSGHub, in its own JSON', answer(404, {}, '{"code":"REPO-ERR-0","msg":"not found"}')],
    ['Artifactory, in a list of errors', answer(404, {}, '{"errors":[{"status":404,"message":"no such"}]}')],
    ['olah, in JSON of its framework', answer(404, {}, '{"detail":"Not Found"}')],
    ["a mirror that repeats the Hub's words", answer(404, {}, 'Repository not found')],
  ])('is not reported for a mirror without the model: %s', async (_, response) => {
    expect(await saying(response)).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^cannot list acme\/llama at the Hub: 404/),
      hint: expect.stringContaining('Check the name acme/llama at https://r.test/hf (HF_ENDPOINT)'),
    });
  });

  test('is not said of the Hub itself, nor of an endpoint that has answered as a Hub before', async () => {
    const page = () => answer(404, {}, 'not found');
    expect((await saying(page(), 'https://huggingface.co')).message).toMatch(/at the Hub: 404/);
    expect((await hubError(page(), { ...ask, token: NONE })).message).toMatch(/at the Hub: 404/);
  });

  test.each([401, 403])('is called that: a server that refuses with a page and status %i', async (status) => {
    expect(await saying(answer(status, html, '<h1>Sorry</h1>'))).toMatchObject({
      code: 'UNSUPPORTED',
      message: `https://r.test/hf (HF_ENDPOINT) does not answer like a Hugging Face Hub: ${status} Sorry`,
    });
    expect(
      (await saying(answer(status, html, '<h1>Sorry</h1>'), 'https://huggingface.co')).message,
    ).not.toMatch(/HF_ENDPOINT/);
  });

  test.each([500, 502, 503])(
    'is not said of a page with status %i, which may be a proxy in front',
    async (status) => {
      expect((await saying(answer(status, html, '<h1>Sorry</h1>'))).message).toMatch(/at the Hub:/);
    },
  );
});

test('a page with the number of its request is called no Hub, with that number', async () => {
  const headers = { 'content-type': 'text/html', 'x-request-id': 'Root=1-2' };
  const error = await hubError(answer(403, headers, '<h1>Forbidden</h1>'), {
    ...ask,
    token: NONE,
    isFirst: true,
  });
  expect(error.message).toMatch(
    / does not answer like a Hugging Face Hub: 403 Forbidden \(request Root=1-2\)$/,
  );
});

describe('what an error says', () => {
  const message = async (response: ReturnType<typeof answer>, token = NONE) =>
    (await hubError(response, { ...ask, token })).message;

  test('nobody who is anonymous is told of a wrong password', async () => {
    expect(await message(refusal(401, undefined, LOGIN))).not.toMatch(/password/);
  });

  test('the words of a mirror that wants a login are shown', async () => {
    expect(await message(answer(401, {}, 'members only'))).toBe(
      'cannot list acme/llama at the Hub: 401 members only',
    );
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

describe('a page of a firewall in place of the Hub', () => {
  const blocked =
    '<!DOCTYPE html><title>Access Denied</title><body>Your organization blocks this site</body>';

  test.each([
    [blocked, /403 .*Your organization blocks this site/],
    ['error code: 1020', /403 error code: 1020/],
  ])('%j asks for no token', async (body, message) => {
    const error = await hubError(answer(403, {}, body), { ...ask, token: SENT });
    expect(error).toMatchObject({
      code: 'REJECTED',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/firewall on the way to hub\.test/),
    });
    expect(`${error.message} ${error.hint}`).not.toMatch(/token/i);
  });

  test('with the headers of the Hub is its own refusal', async () => {
    const response = answer(403, { 'x-error-code': 'GatedRepo', 'x-error-message': GATED_KNOWN }, blocked);
    expect((await hubError(response, { ...ask, token: SENT })).code).toBe('GATED');
  });
});
