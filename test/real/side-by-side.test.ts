import { afterAll, beforeAll, expect, test } from 'vitest';
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
 */
const scenes: Readonly<Record<string, Scene>> = { ...uploadScenes, ...contentScenes };

const pairs = [
  ['docker-registry', 'dist28', startDockerRegistry],
  ['distribution-3', 'dist3', startDistribution3],
  ['olareg', 'olareg', startOlareg],
] as const;

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
      const repository = `side-by-side/${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
      const transcripts = await Promise.all(
        [real, fake].map(async ({ host }) => {
          const witness = registryWitness(host);
          await play(witness, repository);
          return witness.transcript;
        }),
      );
      expect(transcripts[1]).toEqual(transcripts[0]);
    });
  });
}
