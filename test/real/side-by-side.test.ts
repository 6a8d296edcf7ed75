import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { contentScenes } from './content-scenes.ts';
import { describePeers } from './peers.ts';
import { registryWitness } from './registry-witness.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';
import { type Scene, uploadScenes } from './upload-scenes.ts';

/*
 * One script of requests, played to a real registry and to our fake of it. Line by line they say the same. Where
 * they do not, it is the fake that is wrong.
 *
 * Left out, for no two runs or versions of one registry agree on it: the detail of an error (but see the witness),
 * the order of the tags of 2.8, ranges past the end of a blob, how much of a body is there after a reset.
 */
const scenes: Readonly<Record<string, Scene>> = { ...uploadScenes, ...contentScenes };

const pairs = [
  ['docker-registry', 'dist28', startDockerRegistry],
  ['distribution-3', 'dist3', startDistribution3],
  ['olareg', 'olareg', startOlareg],
] as const;

async function transcriptOf(host: string, name: string, play: Scene): Promise<readonly string[]> {
  const witness = registryWitness(host);
  await play(witness, `side-by-side/${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`);
  return witness.transcript;
}

for (const [peer, personality, start] of pairs) {
  describePeers([peer], `the fake ${personality} answers as the real ${peer}`, () => {
    let real: RunningRegistry;
    let fake: FakeRegistry;

    beforeAll(async () => {
      real = await start();
      fake = await startFakeRegistry({ personality });
    });

    afterAll(async () => {
      await real?.stop();
      await fake?.close();
    });

    test.each(Object.entries(scenes))('to %s', async (name, play) => {
      const [expected, answered] = await Promise.all([
        transcriptOf(real.host, name, play),
        transcriptOf(fake.host, name, play),
      ]);
      expect(answered).toEqual(expected);
    });
  });
}

test('the script tells the three registries apart', async () => {
  const name = 'a body that is cut by a hang-up';
  const play = uploadScenes[name];
  if (!play) throw new Error(`the script has no scene of ${name}`);
  const told = await Promise.all(
    pairs.map(async ([, personality]) => {
      const fake = await startFakeRegistry({ personality });
      onTestFinished(() => fake.close());
      const transcript = await transcriptOf(fake.host, name, play);
      return transcript.join('\n');
    }),
  );
  expect(new Set(told).size).toBe(pairs.length);
});
