import { expect, test } from 'vitest';
import type { Digest } from '../core/digest.ts';
import type { Shared } from '../places.ts';
import { sharedByCalls, sharedCalls } from './shared-calls.ts';

test('a blob that a thread has written or hashed is known to the main thread, which does not read it again', async () => {
  const knownBlobs = new Map<Digest, string>();
  const calls = sharedCalls({ knownBlobs } as unknown as Shared, () => undefined);
  const parts = { isRegistry: false, asksForProxies: false, rateStep: undefined };
  const thread = await sharedByCalls(calls, parts, () => undefined);
  const digest: Digest = `sha256:${'a'.repeat(64)}`;
  thread.knownBlobs.set(digest, 'its file');
  expect(knownBlobs.get(digest)).toBe('its file');
});
