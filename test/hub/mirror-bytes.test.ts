import { describe, expect, test } from 'vitest';
import { type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import type { Persona } from '../fakes/hub/personas.ts';
import { hubWorld, TOKEN } from './hub-world.ts';

/** Mirrors and proxies that speak like the Hub, with an accent: the bytes of their files, also after a cut. */

const SIZE = 600_000;
const CUT = 200_000;
const [LFS, GIT] = ['w.bin', 'g.bin'];

const options: FakeHubOptions = {
  repos: [
    {
      id: 'acme/tiny',
      files: { [LFS]: synthetic({ size: SIZE }), [GIT]: synthetic({ size: SIZE, lfs: false }) },
    },
  ],
  tokens: { [TOKEN]: { user: 'jane' } },
};

/** Which of their answers say neither their range nor their length, so that the file is read anew. */
const PERSONAS: readonly [persona: Persona, anew: readonly string[]][] = [
  ['artifactory', []],
  ['nexus', []],
  ['csghub', []],
  ['hfd', []],
  ['olah', []],
  ['hf-mirror', [GIT]],
];

describe.each(PERSONAS)('behind %s', (persona, anew) => {
  test.each([LFS, GIT])('%s goes on after a cut', async (path) => {
    const world = await hubWorld({ ...options, persona }, { token: TOKEN });
    const { hub, read, retries } = world;
    hub.addFault({ path, method: 'GET', kind: 'cut', afterBytes: CUT });
    expect((await read('acme/tiny', path)).length).toBe(SIZE);
    expect(retries.map(({ offset }) => offset)).toEqual([CUT]);
    expect(hub.leaks()).toEqual([]);
    if (anew.includes(path)) expect(world.reread).toBeGreaterThanOrEqual(CUT);
    else expect(world.reread).toBe(0);
  });
});

test.each([405, 501])('a mirror that answers HEAD with %i is asked by GET', async (status) => {
  const { hub, read } = await hubWorld({ ...options, persona: 'nexus' });
  hub.addFault({ method: 'HEAD', kind: 'status', status, times: Infinity });
  expect((await read('acme/tiny', LFS)).length).toBe(SIZE);
});
