import { expect, test } from 'vitest';
import { describePeers } from '../real/peers.ts';
import { startDistribution3 } from '../real/start-distribution-3.ts';
import { startDockerRegistry } from '../real/start-docker-registry.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { playRound, type Round } from './kill-round.ts';
import { killTable } from './kill-table.ts';
import { dealKills } from './moments.ts';
import { FULL_SIZES, SMALL_SIZES } from './wired-world.ts';

/** A few rounds belong to the ordinary tests; `npm run test:kill` plays fifty, with larger files. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SIZES = ROUNDS > 2 ? FULL_SIZES : SMALL_SIZES;

const REGISTRIES = [
  { name: 'distribution-3', start: startDistribution3 },
  { name: 'docker-registry', start: startDockerRegistry },
] as const;

describePeers(
  ['distribution-3', 'docker-registry', 'skopeo', 'python3'],
  'a push that is killed again and again',
  () => {
    // Few rounds strike every moment in one registry or the other.
    const deal = dealKills(ROUNDS * REGISTRIES.length, seededRandom(SEED));

    test.concurrent.each(REGISTRIES.map((registry, at) => ({ ...registry, at })))(
      `into $name ends in the same image in each of ${ROUNDS} rounds, with no tag before it is whole`,
      { timeout: 60_000 + ROUNDS * 60_000 },
      async ({ name, start, at }) => {
        const random = seededRandom(SEED + at);
        const calm = await playRound({ sizes: SIZES, kills: [], flags: [], start });
        const rounds: Round[] = [];
        try {
          for (const kills of deal.slice(at * ROUNDS, (at + 1) * ROUNDS)) {
            const plan = { sizes: SIZES, kills, flags: flagsBy(random), start, digest: calm.digest };
            rounds.push(await playRound(plan));
          }
        } finally {
          process.stdout.write(killTable({ name, seed: SEED, calm, rounds }));
        }
        expect(new Set(rounds.map(({ digest }) => digest))).toEqual(new Set([calm.digest]));
        expect(Math.max(...rounds.map(({ slowestStopMs }) => slowestStopMs))).toBeLessThan(10_000);
        expect(Math.max(...rounds.map(({ peakRssKb }) => peakRssKb))).toBeLessThan(200_000);
      },
    );
  },
);

function flagsBy(random: () => number): readonly string[] {
  const workers = random() < 0.5 ? '1' : '2';
  const chunks = random() < 0.25 ? ['--chunk-mib', '4'] : [];
  return ['--workers', workers, ...chunks];
}
