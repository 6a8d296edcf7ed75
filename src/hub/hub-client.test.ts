import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { ModelcarError } from '../core/error.ts';
import { type HttpRequest, type HttpResponse, readText } from '../http/transport.ts';
import { createHubClient, type HubOptions, hubWaitMs } from './hub-client.ts';

const NOW = Date.UTC(2026, 0, 15, 9, 30);
const URL = 'https://hub.test/api/models/acme/tiny';

/** A transport that gives these answers in turn, and what was asked of it. */
function scripted(...answers: readonly (HttpResponse | Error)[]) {
  const requests: HttpRequest[] = [];
  async function transport(request: HttpRequest): Promise<HttpResponse> {
    const next = answers[requests.length];
    requests.push(request);
    if (next === undefined) throw new Error(`nobody expected a request for ${request.url}`);
    if (next instanceof Error) throw next;
    return next;
  }
  return { transport, requests };
}

const clientOf = (transport: HubOptions['transport'], options: Partial<HubOptions> = {}) => {
  const clock = testClock({ date: NOW });
  const base = {
    endpoint: 'https://hub.test',
    token: 'hf_secret',
    metadataTimeoutMs: 1,
    stallTimeoutMs: 2,
    retries: 3,
  };
  return { clock, hub: createHubClient({ ...base, transport, clock, ...options }) };
};

describe('how long the Hub wants us to wait', () => {
  test.each<[fact: string, status: number, headers: Record<string, string>, ms: number | undefined]>([
    ['the rest of its window and one second', 429, { ratelimit: '"resolvers";r=0;t=172' }, 173_000],
    ['the same with spaces', 429, { ratelimit: '"api"; r=0; t=7' }, 8_000],
    ['its window before Retry-After', 429, { ratelimit: '"api";r=0;t=7', 'retry-after': '60' }, 8_000],
    ['Retry-After in seconds', 429, { 'retry-after': '60' }, 60_000],
    ['Retry-After as a date', 429, { 'retry-after': 'Thu, 15 Jan 2026 09:30:20 GMT' }, 20_000],
    [
      'Retry-After where the window is not used up',
      429,
      { ratelimit: '"api";r=3;t=9', 'retry-after': '2' },
      2_000,
    ],
    [
      'Retry-After of maintenance, whatever its window says',
      503,
      { ratelimit: '"api";r=0;t=9', 'retry-after': '2' },
      2_000,
    ],
    ['ten minutes at most', 429, { ratelimit: '"api";r=0;t=999999' }, 600_000],
    ['it does not say', 429, {}, undefined],
    ['it says nothing that can be read', 429, { ratelimit: 'soon', 'retry-after': 'later' }, undefined],
  ])('%s', (_, status, headers, ms) => {
    expect(hubWaitMs(answer(status, headers), NOW)).toBe(ms);
  });
});

describe('metadata', () => {
  test('waits for the window of a rate limit to end, then asks again', async () => {
    const { transport, requests } = scripted(
      answer(429, { ratelimit: '"api";r=0;t=172' }),
      answer(200, {}, 'yes'),
    );
    const { hub, clock } = clientOf(transport);
    expect(await readText(await hub.api({ method: 'GET', url: URL }))).toBe('yes');
    expect([clock.sleeps, requests.length]).toEqual([[173_000], 2]);
  });

  test('is given up after its retries, with the last answer', async () => {
    const { transport, requests } = scripted(...Array.from({ length: 4 }, () => answer(503)));
    const { hub, clock } = clientOf(transport);
    expect((await hub.api({ method: 'GET', url: URL })).status).toBe(503);
    expect([requests.length, clock.sleeps.length]).toEqual([4, 3]);
  });

  test.each([400, 401, 403, 404, 416])('is not asked for again after a %i', async (status) => {
    const { transport, requests } = scripted(answer(status));
    expect((await clientOf(transport).hub.api({ method: 'GET', url: URL })).status).toBe(status);
    expect(requests.length).toBe(1);
  });

  test('that is cut off in the middle of its body is asked for again', async () => {
    const cut: HttpResponse = {
      ...answer(200),
      body: {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from('[{"type":');
          throw new ModelcarError('UNAVAILABLE', 'the connection was reset');
        },
      },
    };
    const { transport } = scripted(cut, answer(200, {}, '[]'));
    expect(await readText(await clientOf(transport).hub.api({ method: 'GET', url: URL }))).toBe('[]');
  });
});

describe('the token', () => {
  const authorizations = (requests: readonly HttpRequest[]) =>
    requests.map(({ headers }) => headers?.authorization);

  test('goes to the endpoint, and along with redirects inside it', async () => {
    const { transport, requests } = scripted(
      answer(307, { location: '/api/models/acme/renamed' }),
      answer(308, { location: 'https://hub.test/api/models/acme/again' }),
      answer(200),
    );
    await clientOf(transport).hub.api({ method: 'GET', url: URL });
    expect(authorizations(requests)).toEqual(Array.from({ length: 3 }, () => 'Bearer hf_secret'));
  });

  test.each([
    'https://other.test/api/models/acme/tiny',
    'https://hub.test:8443/api/models/acme/tiny',
    'https://hub.test.evil.test/api/models/acme/tiny',
    'https://hub.test@evil.test/api/models/acme/tiny',
    '//other.test/api/models/acme/tiny',
  ])('stays behind on the way to %s', async (location) => {
    const { transport, requests } = scripted(answer(308, { location }), answer(200));
    await clientOf(transport).hub.api({ method: 'GET', url: URL });
    expect(authorizations(requests)).toEqual(['Bearer hf_secret', undefined]);
  });

  test('never leaves https for http', async () => {
    const { transport, requests } = scripted(
      answer(307, { location: 'http://other.test/api/models/acme/tiny' }),
    );
    await expect(clientOf(transport).hub.api({ method: 'GET', url: URL })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    expect(requests.length).toBe(1);
  });

  test('stays on TLS where a mirror behind a TLS proxy redirects to http on its own host', async () => {
    const { transport, requests } = scripted(
      answer(307, { location: 'http://hub.test/api/models/acme/tiny' }),
      answer(200),
    );
    await clientOf(transport).hub.api({ method: 'GET', url: URL });
    expect(requests[1]?.url).toBe('https://hub.test/api/models/acme/tiny');
  });

  test('is not made up where there is none', async () => {
    const { transport, requests } = scripted(answer(200));
    const { hub } = clientOf(transport, { token: undefined });
    await hub.api({ method: 'GET', url: URL });
    expect([hub.token, authorizations(requests)]).toEqual([{ kind: 'none' }, [undefined]]);
  });
});

test('metadata and downloads have time limits of their own', async () => {
  const { transport, requests } = scripted(answer(200), answer(200), answer(200));
  const { hub } = clientOf(transport, { metadataTimeoutMs: 10, stallTimeoutMs: 60 });
  for (const send of [hub.api, hub.ask, hub.bytes]) await send({ method: 'GET', url: URL });
  expect(requests.map(({ answerTimeoutMs, stallTimeoutMs }) => [answerTimeoutMs, stallTimeoutMs])).toEqual([
    [10, 60],
    [10, 60],
    [60, 60],
  ]);
});

test('every request wants the bytes as they are', async () => {
  const { transport, requests } = scripted(answer(200), answer(200));
  const { hub } = clientOf(transport);
  await hub.api({ method: 'GET', url: URL });
  await hub.bytes({ method: 'GET', url: 'https://cdn.test/f', headers: { range: 'bytes=3-' } });
  expect(requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
  expect(requests[1]?.headers).toEqual({ 'accept-encoding': 'identity', range: 'bytes=3-' });
});

test('offline, nothing is asked and nothing is retried', async () => {
  const { transport, requests } = scripted();
  const { hub, clock } = clientOf(transport, { offline: 'TRANSFORMERS_OFFLINE' });
  for (const send of [hub.api, hub.bytes]) {
    await expect(send({ method: 'GET', url: URL })).rejects.toMatchObject({
      code: 'OFFLINE',
      message: 'cannot reach the Hub: forbidden by TRANSFORMERS_OFFLINE',
      hint: expect.stringContaining('Unset TRANSFORMERS_OFFLINE'),
    });
  }
  expect([requests.length, clock.sleeps.length]).toEqual([0, 0]);
});
