import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { runCli } from '../support/run-cli.ts';

let hub: FakeHub;
let registry: FakeRegistry;

beforeEach(async () => {
  hub = await startFakeHub({
    repos: [
      {
        id: 'acme/big',
        files: {
          'a.safetensors': synthetic({ size: 64 * 2 ** 20 }),
          'b.safetensors': synthetic({ size: 9 }),
        },
      },
    ],
  });
  registry = await startFakeRegistry({ personality: 'dist3' });
});
afterEach(async () => {
  await Promise.all([hub.close(), registry.close()]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s in the middle of a layer ends the push with %d: nothing tagged, no upload left open',
  async (signal, code) => {
    hub.addFault({ on: 'cdn', path: 'a.safetensors', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
    const run = await runCli(['push', 'acme/big', `${registry.host}/acme/big:v1`], {
      env: { HF_ENDPOINT: hub.endpoint },
      kill: {
        signal,
        when: () => expect.poll(() => registry.bytesReceived, { timeout: 20_000 }).toBeGreaterThan(2 ** 20),
      },
    });
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(`stopped by ${signal}: nothing was tagged`);
    expect(registry.tags('acme/big').size).toBe(0);
    await expect.poll(() => registry.openSessions).toBe(0);
  },
);
