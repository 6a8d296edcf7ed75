import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { secret } from '../../test/support/secrets.ts';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import { createPacer, type Hold } from '../http/pacing.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import { createHubClient } from './hub-client.ts';
import { allowanceOf, bucketOf } from './hub-quota.ts';

const HUB = 'https://hub.test';
const SIGNED = `https://cdn.test/repos/f?Signature=${secret('signature')}`;

describe('a request is counted', () => {
  test.each([
    [`${HUB}/api/models/acme/llama/revision/main`, `${HUB} api`],
    [`${HUB}/api/datasets/acme/rows/tree/main?recursive=true`, `${HUB} api`],
    [`${HUB}/acme/llama/resolve/main/config.json`, `${HUB} resolvers`],
    [`${HUB}/api/resolve-cache/models/acme/llama/abc/config.json`, `${HUB} resolvers`],
    [`https://proxy.test/hf/api/models/acme/llama`, 'https://proxy.test api'],
    [`https://proxy.test/hf/acme/llama/resolve/main/f`, 'https://proxy.test resolvers'],
    [SIGNED, 'https://cdn.test'],
    ['https://cdn.test:8443/f?x=/api/models/', 'https://cdn.test:8443'],
  ])('%s as %s', (url, bucket) => {
    expect(bucketOf(url)).toBe(bucket);
  });
});

describe('what the Hub says of a quota', () => {
  const policy = '"fixed window";"api";q=500;w=300';

  test('is read from its two headers, and a second is added to its time', () => {
    expect(allowanceOf(answer(200, { ratelimit: '"api";r=12;t=172', 'ratelimit-policy': policy }))).toEqual({
      bucket: 'api',
      remaining: 12,
      resetMs: 173_000,
      quota: 500,
    });
  });

  test.each([
    ['with spaces', { ratelimit: ' "api" ; r=12 ; t=172' }],
    ['without the whole', { ratelimit: '"api";r=12;t=172', 'ratelimit-policy': 'soon' }],
  ])('is read %s', (_, headers) => {
    expect(allowanceOf(answer(200, headers))).toMatchObject({ remaining: 12, quota: undefined });
  });

  test.each([{}, { ratelimit: '' }, { ratelimit: '100;w=21600' }, { ratelimit: '"api";r=-1;t=1' }])(
    'is nothing where it cannot be read: %j',
    (headers) => {
      expect(allowanceOf(answer(200, headers))).toBeUndefined();
    },
  );
});

/** A client of a Hub that gives `first` to the first request, and what it was asked when. */
function client(first: HttpResponse) {
  const clock = virtualClock();
  const holds: Hold[] = [];
  const asked: [at: number, url: string][] = [];
  async function transport({ url }: HttpRequest): Promise<HttpResponse> {
    asked.push([clock.now(), url]);
    return asked.length === 1 ? first : answer(200);
  }
  const limits = { metadataTimeoutMs: 1, stallTimeoutMs: 1, retries: 3 };
  const pacer = createPacer({ clock, onHold: (hold) => holds.push(hold) });
  const hub = createHubClient({ endpoint: HUB, token: undefined, ...limits, transport, clock, pacer });
  return { clock, hub, holds, asked };
}

describe('a 429', () => {
  const info: HttpRequest = { method: 'GET', url: `${HUB}/api/models/acme/llama` };
  const file: HttpRequest = { method: 'GET', url: `${HUB}/acme/llama/resolve/main/f` };
  const stored: HttpRequest = { method: 'GET', url: SIGNED };

  test('to a question holds other questions back, and no downloads', async () => {
    const { clock, hub, asked } = client(answer(429, { ratelimit: '"api";r=0;t=59' }));
    const first = hub.api(info);
    await clock.run(hub.bytes(file));
    await clock.run(Promise.all([first, hub.api(info)]));
    expect(asked.map(([at, url]) => [at, url])).toEqual([
      [0, info.url],
      [0, file.url],
      [60_000, info.url],
      [expect.any(Number), info.url],
    ]);
    expect(asked[3]?.[0]).toBeGreaterThanOrEqual(60_000);
  });

  test('of a storage host holds back what goes there, and says so without the signature', async () => {
    const { clock, hub, asked, holds } = client(answer(429, { 'retry-after': '20' }));
    await clock.run(hub.bytes(stored));
    await clock.run(Promise.all([hub.bytes(file), hub.bytes(stored), hub.bytes(stored)]));
    expect(asked.slice(1).map(([at, url]) => [at >= 20_000, url])).toEqual([
      [false, file.url],
      [true, stored.url],
      [true, stored.url],
    ]);
    expect(holds).toEqual([
      { delayMs: 20_000, reason: 'GET https://cdn.test/repos/f was answered with 429' },
    ]);
  });
});
