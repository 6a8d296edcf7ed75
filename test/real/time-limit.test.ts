import { expect, onTestFinished, test } from 'vitest';
import { bigPush } from './big-push.ts';
import { describePeers } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startGate } from './start-gate.ts';
import type { RunningRegistry } from './start-registry.ts';

const MIB = 2 ** 20;
const SIZE = 8 * MIB;

/** Traefik gives a body 60 s since 2.11.2 and 3.0 (https://github.com/traefik/traefik/issues/10805); zot does, too. */
const LIMIT_MS = 1_000;

describePeers(['docker-registry', 'distribution-3'], 'a proxy that gives each body one second', () => {
  test('is seen through after two cuts, and gets a layer that takes four seconds', async () => {
    await Promise.all([startDockerRegistry, startDistribution3].map(pushThroughIt));
  });
});

async function pushThroughIt(start: () => Promise<RunningRegistry>): Promise<void> {
  const registry = await start();
  onTestFinished(() => registry.stop());
  const gate = await startGate(registry.host, { bodyLimitMs: LIMIT_MS });
  onTestFinished(() => gate.close());
  const big = await bigPush({ size: SIZE, bytesPerSecond: SIZE / 4 });
  const { manifestDigest } = await big.pushTo(gate.host, { registry: { retries: 4 } });
  expect(manifestDigest).toBe(await big.rightDigest());
  const bodies = gate.log.filter(({ method }) => method === 'PATCH');
  expect(bodies.filter(({ status }) => status === undefined).length).toBeLessThanOrEqual(3);
  expect(bodies.reduce((sum, { bytes }) => sum + bytes, 0) / SIZE).toBeLessThan(2);
}
