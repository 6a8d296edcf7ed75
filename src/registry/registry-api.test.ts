import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { secret } from '../../test/support/secrets.ts';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import type { Hold } from '../http/pacing.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import { createRegistryApi } from './registry-api.ts';

const TOKEN = secret('registry token');

/** A registry that gives these answers in turn and then 200, with tokens from elsewhere, and what was asked when. */
function registry(...script: readonly HttpResponse[]) {
  const clock = virtualClock();
  const holds: Hold[] = [];
  const asked: [at: number, what: string][] = [];
  const authorizations: (string | undefined)[] = [];
  let tokens = 0;
  const answers = [...script];
  async function transport({ method, url, headers }: HttpRequest): Promise<HttpResponse> {
    asked.push([clock.now(), `${method} ${new URL(url).hostname}`]);
    if (url.startsWith('https://auth.test/')) {
      tokens += 1;
      return answer(200, {}, JSON.stringify({ token: `${TOKEN}.${tokens}`, expires_in: 60 }));
    }
    authorizations.push(headers?.authorization);
    const next = answers.shift();
    if (next !== undefined) return next;
    return headers?.authorization === undefined ? answer(401, CHALLENGE) : answer(200);
  }
  const api = createRegistryApi(
    {
      registry: { scheme: 'https', host: 'r.test' },
      repository: 'acme/llama',
      credentials: async () => undefined,
      retries: 3,
      onHold: (hold) => holds.push(hold),
      transport,
      clock,
    },
    'pull,push',
  );
  return { ...api, clock, holds, asked, authorizations };
}

const CHALLENGE = { 'www-authenticate': 'Bearer realm="https://auth.test/token",service="r"' };

describe('a registry that answers 429', () => {
  const busy = () => answer(429, { 'retry-after': '30' });

  test('to one request hears nothing from any other until its time is over', async () => {
    const { patient, authorized, base, clock, asked, holds } = registry(busy());
    const head: HttpRequest = { method: 'HEAD', url: `${base}/blobs/sha256:0` };
    const post: HttpRequest = { method: 'POST', url: `${base}/blobs/uploads/`, headers: {} };
    await clock.run(authorized(head));
    await clock.run(Promise.all([patient(head), authorized(post), authorized(post)]));
    expect(asked.slice(1).filter(([at]) => at < 30_000)).toEqual([]);
    expect(holds).toEqual([
      { delayMs: 30_000, reason: 'HEAD https://r.test/v2/acme/llama/blobs/sha256:0 was answered with 429' },
    ]);
  });

  test('is not sent a token that has grown old while we waited: the wait comes first', async () => {
    const minutes = answer(429, { 'retry-after': '300' });
    const { authorized, base, clock, authorizations } = registry(answer(401, CHALLENGE), minutes);
    const head: HttpRequest = { method: 'HEAD', url: `${base}/blobs/sha256:0` };
    expect((await clock.run(authorized(head))).status).toBe(429);
    expect((await clock.run(authorized(head))).status).toBe(200);
    expect(authorizations).toEqual([undefined, `Bearer ${TOKEN}.1`, `Bearer ${TOKEN}.2`]);
  });

  test('is not asked again by who holds back: that is for who sent the request', async () => {
    const { authorized, base, clock, asked } = registry(busy());
    expect((await clock.run(authorized({ method: 'HEAD', url: `${base}/blobs/sha256:0` }))).status).toBe(429);
    expect(asked.length).toBe(1);
  });
});
