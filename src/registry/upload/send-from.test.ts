import { expect, test } from 'vitest';
import type { UploadTerms } from './framing.ts';
import { type HostProfile, UNKNOWN_HOST } from './host-profile.ts';
import { sendFrom } from './send-from.ts';
import type { Framing } from './upload-state.ts';

const MIB = 2 ** 20;
const SIZE = 100 * MIB;
const location = '/v2/a/blobs/uploads/1';

const termsOf = (host: Partial<HostProfile>): UploadTerms => ({
  size: SIZE,
  preferred: 'stream',
  held: false,
  mayPost: false,
  host: { ...UNKNOWN_HOST, ...host },
});

test.each<[fact: string, offset: number, Framing, Partial<HostProfile>, expected: object]>([
  ['all that was sent is committed', SIZE, 'stream', {}, { phase: 'committing', offset: SIZE }],
  ['a whole blob goes in the PUT', 0, 'whole', {}, { phase: 'committing', offset: 0 }],
  ['a stream goes on as a stream', MIB, 'stream', {}, { phase: 'sending', framing: 'stream', offset: MIB }],
  [
    'a second stream in a session is a chunk if the registry refuses such a stream',
    MIB,
    'stream',
    { streams: 'first' },
    { phase: 'sending', framing: 64 * MIB, offset: MIB },
  ],
  [
    'a first stream is a chunk if the registry refuses streams',
    0,
    'stream',
    { streams: 'never' },
    { phase: 'sending', framing: 64 * MIB, offset: 0 },
  ],
  [
    'a second stream needs a new session if ranges are refused too',
    MIB,
    'stream',
    { streams: 'first', ranges: 'refused' },
    { phase: 'opening' },
  ],
  [
    'a chunk is no larger than what was learned meanwhile',
    0,
    64 * MIB,
    { largestChunk: 4 * MIB },
    { phase: 'sending', framing: 4 * MIB },
  ],
  ['no chunk is small enough for a limit of 0', 0, 64 * MIB, { largestChunk: 0 }, { phase: 'opening' }],
  [
    'the last chunk goes in the PUT if the registry wants that',
    64 * MIB,
    64 * MIB,
    { lastChunkInPut: true },
    { phase: 'committing', framing: 64 * MIB, offset: 64 * MIB },
  ],
])('%s', (_, offset, framing, host, expected) => {
  expect(sendFrom(offset, location, framing, termsOf(host))).toMatchObject(expected);
});
