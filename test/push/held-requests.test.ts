import { expect, test } from 'vitest';
import { text } from '../fakes/hub/fake-hub.ts';
import { localPush } from '../support/local-push.ts';

const NAME = 'acme/tiny';
const files = { 'a.json': text('{}'), 'b.json': text('[]'), 'c.safetensors': text('1') };
const repos = [{ id: NAME, files }];

test('a Hub that has nothing left for us is waited for, and the push says so', async () => {
  const { hub, events, push } = await localPush({ repos });
  const headers = { RateLimit: '"resolvers";r=0;t=1' };
  hub.addFault({ on: 'resolve', method: 'GET', kind: 'set-headers', headers });
  await push(NAME);
  expect(events.filter(({ type }) => type === 'requests-held')).toEqual([
    {
      type: 'requests-held',
      side: 'hub',
      delayMs: expect.any(Number),
      reason: expect.stringMatching(/^0 of \d+ requests are left to us \(resolvers\)$/),
    },
  ]);
  expect(hub.requests({ status: 429 })).toEqual([]);
});

test('a registry that is asked too much by one worker is left alone by the other', async () => {
  const answer = { status: 429, headers: { 'retry-after': '3' } };
  const { registry, events, push } = await localPush({ repos }, { faults: [{ on: 'upload-post', answer }] });
  const { manifestDigest } = await push(NAME, { workers: 2 });
  expect(registry.tags(NAME).get('v1')).toBe(manifestDigest);
  expect(events).toContainEqual({
    type: 'requests-held',
    side: 'target',
    delayMs: expect.any(Number),
    reason: expect.stringMatching(/^POST http:.*\/v2\/acme\/tiny\/blobs\/uploads\/ was answered with 429$/),
  });
  expect(registry.log.filter(({ status }) => status === 429).length).toBe(1);
});

test('what a registry wants its users to know is said once, though it comes with every answer', async () => {
  const headers = { warning: '299 - "read-only from June on"' };
  const on = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT'] as const;
  const { registry, events, push } = await localPush({ repos }, { faults: [{ on, times: 100, headers }] });
  await push(NAME);
  expect(events.filter(({ type }) => type === 'warning')).toEqual([
    { type: 'warning', message: `${registry.host} says: read-only from June on` },
  ]);
});
