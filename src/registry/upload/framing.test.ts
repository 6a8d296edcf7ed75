import { describe, expect, test } from 'vitest';
import { type ChunkLimits, chooseFraming, type PreferredFraming } from './framing.ts';
import { type HostProfile, UNKNOWN_HOST } from './host-profile.ts';
import type { Framing } from './upload-state.ts';

const MIB = 2 ** 20;
const SIZE = 300 * MIB;

const chooseHeld = (host: Partial<HostProfile>, preferred: PreferredFraming, limits: ChunkLimits = {}) =>
  chooseFraming(
    { size: 500_000, preferred, host: { ...UNKNOWN_HOST, ...host }, held: true, mayPost: false },
    limits,
  );

const choose = (
  host: Partial<HostProfile>,
  preferred: PreferredFraming = 'stream',
  limits: ChunkLimits = {},
): Framing | undefined =>
  chooseFraming(
    { size: SIZE, preferred, host: { ...UNKNOWN_HOST, ...host }, held: false, mayPost: false },
    limits,
  );

describe('a blob that is held in memory goes', () => {
  test.each<[how: string, got: Framing | undefined, expected: Framing | undefined]>([
    ['whole, with the request that names its digest', chooseHeld({}, 'stream'), 'whole'],
    ['whole where a chunk may be as long', chooseHeld({}, 500_000), 'whole'],
    ['in the chunks that were asked for', chooseHeld({}, 100_000), 100_000],
    ['in the chunks that the registry names', chooseHeld({}, 'stream', { maxChunk: 70_000 }), 70_000],
    ['in a stream where it was refused as a whole', chooseHeld({ wholePuts: false }, 'stream'), 'stream'],
  ])('%s', (_, got, expected) => {
    expect(got).toBe(expected);
  });
});

describe('a blob goes', () => {
  test.each<[how: string, got: Framing | undefined, expected: Framing | undefined]>([
    ['in a stream to a registry of which nothing is known', choose({}), 'stream'],
    ['in the chunks that were asked for', choose({}, 8 * MIB), 8 * MIB],
    ['in chunks of 64 MiB where the stream is too large', choose({ largestBody: 95 * MIB }), 64 * MIB],
    ['in the largest chunks that get through', choose({ largestBody: MIB }), MIB],
    ['in a stream where all of it gets through', choose({ largestBody: SIZE }), 'stream'],
    ['in chunks that the registry names', choose({}, 'stream', { maxChunk: 10 * MIB }), 10 * MIB],
    ['in chunks no smaller than it takes', choose({}, MIB, { minChunk: 5 * MIB }), 5 * MIB],
    [
      'in a stream where ranges are refused, also if chunks were asked for',
      choose({ ranges: 'refused' }, MIB),
      'stream',
    ],
    ['in chunks where streams are refused', choose({ streams: 'never' }), 64 * MIB],
    ['whole where neither goes', choose({ streams: 'never', ranges: 'refused' }), 'whole'],
    ['whole where PATCH is not known', choose({ patches: false }), 'whole'],
    [
      'in no way where it must be whole and is too large',
      choose({ patches: false, largestBody: MIB }),
      undefined,
    ],
    [
      'in no way where the limits contradict each other',
      choose({ largestBody: MIB, smallestChunk: 5 * MIB }),
      undefined,
    ],
    ['in no way where nothing gets through', choose({ largestBody: 0 }), undefined],
    [
      'in chunks where two streams were lost to cuts: a proxy may buffer them',
      choose({ lostStreams: 2 }),
      64 * MIB,
    ],
    ['in a stream again where chunks are lost too', choose({ lostStreams: 2, lostChunks: 1 }), 'stream'],
    [
      'in a stream where it is a limit on time that cuts',
      choose({ lostStreams: 2, requestMs: 30_000 }),
      'stream',
    ],
  ])('%s', (_, got, expected) => {
    expect(got).toBe(expected);
  });
});
