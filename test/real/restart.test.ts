import { expect, onTestFinished, test } from 'vitest';
import { type BigPush, bigPush } from './big-push.ts';
import type { DistributionOptions } from './distribution-config.ts';
import { describePeers } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { type Gate, type GateEntry, startGate } from './start-gate.ts';
import type { RunningRegistry } from './start-registry.ts';

const MIB = 2 ** 20;
const SIZE = 8 * MIB;
/** The frame of the layer, and the config. */
const LITTLE = 16_384;

type Start = (options: DistributionOptions) => Promise<RunningRegistry>;

const REGISTRIES = [
  ['docker-registry', startDockerRegistry],
  ['distribution-3', startDistribution3],
] as const;

async function started(start: Start, options: DistributionOptions = {}): Promise<RunningRegistry> {
  const registry = await start(options);
  onTestFinished(() => registry.stop());
  return registry;
}

/** A push in chunks to a registry that loses its power after the fourth, before the answer to it arrives. */
async function restartedBetweenChunks(start: Start, options: DistributionOptions): Promise<Gate> {
  const registry = await started(start, options);
  let patches = 0;
  const gate = await startGate(registry.host, {
    holdAnswer({ method }: GateEntry) {
      patches += method === 'PATCH' ? 1 : 0;
      return method === 'PATCH' && patches === 4 ? registry.kill().then(registry.restart) : undefined;
    },
  });
  onTestFinished(() => gate.close());
  const big = await bigPush({ size: SIZE });
  const { manifestDigest } = await big.pushTo(gate.host, { registry: { chunkSize: MIB } });
  expect(manifestDigest).toBe(await big.rightDigest());
  return gate;
}

function sessions({ log }: Gate): number {
  return log.filter(({ method }) => method === 'POST').length;
}

function bytesSent({ log }: Gate): number {
  return log.reduce((sum, { method, bytes }) => sum + (method === 'PATCH' ? bytes : 0), 0);
}

for (const [name, start] of REGISTRIES) {
  describePeers([name], `${name} that loses its power between two chunks`, () => {
    test('goes on in the same session where its secret is fixed: no byte is sent twice', async () => {
      const gate = await restartedBetweenChunks(start, { httpSecret: 'fixed' });
      expect(sessions(gate)).toBe(2); // of the layer, and of the config
      expect(bytesSent(gate) - SIZE).toBeLessThan(LITTLE);
    });

    test('gets the layer anew where it makes its secret up at each start: what was sent is sent once more', async () => {
      const gate = await restartedBetweenChunks(start, { httpSecret: 'made up at each start' });
      expect(sessions(gate)).toBe(3);
      expect(bytesSent(gate) - SIZE - 5 * MIB).toBeLessThan(LITTLE);
    });
  });
}

describePeers(
  ['docker-registry', 'distribution-3'],
  'a registry that loses its power in the middle of a body',
  () => {
    test('is asked again until it is back, and gets the whole image: at the worst the layer is read twice', async () => {
      // They have nothing in common; one waits while the other does.
      await Promise.all(REGISTRIES.map(([, start]) => powerCutInBody(start)));
    });
  },
);

async function powerCutInBody(start: Start): Promise<void> {
  const registry = await started(start);
  const big = await bigPush({ size: SIZE, bytesPerSecond: SIZE / 1.5 });
  const pushed = big.pushTo(registry.host);
  await expect.poll(() => furthest(big)).toBeGreaterThan(SIZE / 2);
  await registry.kill();
  const refused = () => big.retries().filter((reason) => reason.includes('connection refused')).length;
  await expect.poll(refused).toBeGreaterThan(0);
  await registry.restart();
  const { manifestDigest } = await pushed;
  expect(big.hub.bytesSent({ origin: 'cdn' }) / SIZE).toBeLessThan(2);
  expect(manifestDigest).toBe(await big.rightDigest());
}

function furthest({ events }: BigPush): number {
  return Math.max(0, ...events.flatMap((event) => (event.type === 'layer-progress' ? [event.sent] : [])));
}
