import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describePeers, type PeerName } from '../real/peers.ts';
import { roomyFolder } from '../real/roomy-folder.ts';
import { startDistribution3 } from '../real/start-distribution-3.ts';
import { startDockerRegistry } from '../real/start-docker-registry.ts';
import { startOlareg } from '../real/start-olareg.ts';
import type { RunningRegistry } from '../real/start-registry.ts';
import { type Mishap, startCountingRelay, type Weather } from '../support/counting-relay.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { checkEveryFile } from './read-everything.ts';
import { MODEL, push, REPOSITORY, SMALL_SIZES, startWiredHub, TAG, taggedDigest } from './wired-world.ts';

const MIB = 2 ** 20;
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** On each side there are at least so many; with more of them the test would only take longer. */
const MISHAPS = 6;

const REGISTRIES: readonly (readonly [PeerName, () => Promise<RunningRegistry>])[] = [
  ['distribution-3', startDistribution3],
  ['docker-registry', startDockerRegistry],
  ['olareg', startOlareg],
];

describePeers(
  ['distribution-3', 'docker-registry', 'olareg', 'skopeo', 'python3'],
  'bad weather on both sides',
  () => {
    test.concurrent.each(REGISTRIES)(
      'a push to %s through cuts, stalls and slow links ends by itself in the right image',
      { timeout: 120_000 },
      async (name, start) => {
        const random = seededRandom(SEED + REGISTRIES.findIndex(([other]) => other === name));
        const [folder, registry] = await Promise.all([roomyFolder('bad-weather', 2 ** 28), start()]);
        const [towardsUs, fromUs] = [badWeather('down', random), badWeather('up', random)];
        const hub = await startWiredHub(SMALL_SIZES, { cdn: { weather: towardsUs } });
        const relay = await startCountingRelay(registry.host, { weather: fromUs });
        try {
          const run = await push({ hub, registryHost: relay.host, stateFolder: join(folder, 'state') });
          const story = `KILL_SEED=${SEED}\n${run.stderr}`;
          print(name, {
            mishaps: [hub.cdn.mishaps, relay.mishaps],
            read: hub.bytesRead,
            sent: relay.bytesUp,
            run,
          });
          expect(run.code, story).toBe(0);
          expect(hub.cdn.mishaps, story).toBeGreaterThanOrEqual(MISHAPS);
          expect(relay.mishaps, story).toBeGreaterThanOrEqual(MISHAPS);
          const digest = variablesOf(run).MANIFESTDIGEST;
          const layout = await runCli(['push', MODEL, `oci:${join(folder, 'layout')}:v1`], {
            env: { HF_ENDPOINT: hub.hub.endpoint },
          });
          expect([digest, await taggedDigest(registry)]).toEqual(
            Array(2).fill(variablesOf(layout).MANIFESTDIGEST),
          );
          await checkEveryFile(hub, `${registry.host}/${REPOSITORY}:${TAG}`, join(folder, 'copy'));
          expect(run.maxRssKb).toBeLessThan(200_000);
        } finally {
          await relay.close();
          await Promise.all([hub.close(), registry.stop(), rm(folder, { recursive: true, force: true })]);
        }
      },
    );
  },
);

/** Each connection is slow to answer, some are slow all along; the first ones stall, go on, and then break. */
function badWeather(direction: Mishap['direction'], random: () => number) {
  return (_connection: number, mishaps: number): Weather => {
    const slow = random() < 0.3 ? { bytesPerSecond: (4 + 8 * random()) * MIB } : {};
    const afterBytes = Math.round(random() * 3 * MIB);
    const cut: Mishap = { direction, kind: random() < 0.5 ? 'reset' : 'close', afterBytes };
    const seconds = random() / 2;
    const stall: Mishap = { direction, kind: 'stall', afterBytes: Math.round(afterBytes / 2), seconds };
    return { ...slow, latencyMs: 2 + 10 * random(), mishaps: mishaps < MISHAPS ? [stall, cut] : [] };
  };
}

interface Figures {
  readonly mishaps: readonly number[];
  readonly read: number;
  readonly sent: number;
  readonly run: { readonly stderr: string; readonly maxRssKb: number };
}

function print(name: string, { mishaps, read, sent, run }: Figures): void {
  const size = SMALL_SIZES.reduce((sum, one) => sum + one, 0);
  const bytes = (n: number) => (n / MIB).toFixed(1);
  process.stdout.write(
    `${name}, KILL_SEED=${SEED}: ${mishaps.join(' + ')} mishaps at the Hub and the registry; of ${bytes(size)} MiB ` +
      `${bytes(read)} MiB read, ${bytes(sent)} MiB sent, peak RSS ${bytes(run.maxRssKb * 1024)} MiB\n` +
      `  ${run.stderr.trimEnd().split('\n').at(-1)}\n`,
  );
}
