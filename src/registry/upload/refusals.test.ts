import { describe, expect, test } from 'vitest';
import type { UploadTerms } from './framing.ts';
import { type HostProfile, UNKNOWN_HOST } from './host-profile.ts';
import { moved, rangeRefused, refused, tooLarge, unfit } from './refusals.ts';
import type { Framing, UploadFailure, UploadReply, UploadState } from './upload-state.ts';

const MIB = 2 ** 20;
const SIZE = 100 * MIB;
const location = '/v2/a/blobs/uploads/1';

const termsOf = (host: Partial<HostProfile> = {}, held = false): UploadTerms => ({
  size: SIZE,
  preferred: 'stream',
  held,
  mayPost: false,
  host: { ...UNKNOWN_HOST, ...host },
});

const sending = (framing: Exclude<Framing, 'whole'>, offset = 0): UploadState => ({
  phase: 'sending',
  location,
  framing,
  offset,
});
const whole: UploadState = { phase: 'committing', location, framing: 'whole', offset: 0 };
const commit: UploadState = { phase: 'committing', location, framing: 'stream', offset: SIZE };
const opening: UploadState = { phase: 'opening' };
const rejected: UploadFailure = { code: 'REJECTED', said: '400' };
const isRejected = { phase: 'failed', failure: { code: 'REJECTED' } };

/** The host profile after a refusal of chunks; of streams and chunks; of PUTs as well. */
const NO_RANGES: Partial<HostProfile> = { ranges: 'refused' };
const PUT_ONLY: Partial<HostProfile> = { ranges: 'refused', streams: 'never' };
const NOTHING: Partial<HostProfile> = { ...PUT_ONLY, wholePuts: false };

describe('a request that is refused', () => {
  test.each<[what: string, UploadState, Partial<HostProfile>, expected: object]>([
    ['a chunk is followed by a stream', sending(4 * MIB), NO_RANGES, opening],
    ['a chunk is followed by a PUT, where no stream is taken', sending(4 * MIB), PUT_ONLY, opening],
    ['a chunk ends the upload, where others are taken', sending(4 * MIB), { ranges: 'taken' }, isRejected],
    ['a stream ends the upload', sending('stream'), {}, isRejected],
    ['a PUT is followed by a stream', whole, { wholePuts: false }, opening],
    ['a PUT is followed by chunks', whole, { wholePuts: false, streams: 'never' }, opening],
    ['a PUT ends the upload, where it was the last way', whole, NOTHING, isRejected],
    ['a PUT ends the upload, where nothing else is known', whole, { patches: false }, isRejected],
    ['a commit ends the upload', commit, {}, isRejected],
    ['the opening of a session ends the upload', opening, {}, isRejected],
  ])('%s', (_, state, host, expected) => {
    expect(refused(state, { failure: rejected }, termsOf(host))).toMatchObject(expected);
  });

  test('a second stream in a session is followed by chunks there', () => {
    expect(
      refused(sending('stream', MIB), { failure: rejected }, termsOf({ streams: 'first' })),
    ).toMatchObject({ phase: 'sending', framing: 64 * MIB, offset: MIB });
  });

  test.each(['CONTENT_MISMATCH', 'UNAUTHORIZED'] as const)('a PUT with %s as its error', (code) => {
    const failure = { code, said: 'no' };
    const last = { phase: 'failed', failure };
    const first = code === 'CONTENT_MISMATCH' ? opening : last;
    expect(refused(whole, { failure }, termsOf({ wholePuts: false }))).toEqual(first);
    expect(refused(whole, { failure }, termsOf(NOTHING))).toEqual(last);
  });
});

describe('a request of the wrong kind', () => {
  const wants = (want: (UploadReply & { type: 'unfit' })['want']) =>
    ({ type: 'unfit', want, reason: '411' }) as const;

  test.each<[what: string, UploadState, Partial<HostProfile>, expected: object]>([
    [
      'a stream is followed by chunks in its session',
      sending('stream'),
      { streams: 'never' },
      { framing: 64 * MIB },
    ],
    ['a stream is followed by a PUT, where ranges are refused', sending('stream'), PUT_ONLY, opening],
    ['a chunk has a length, so it is refused for another reason', sending(4 * MIB), NO_RANGES, opening],
    ['a chunk has a length, and other chunks are taken', sending(4 * MIB), { ranges: 'taken' }, isRejected],
    ['a PUT has a length, and is the last way', whole, NOTHING, isRejected],
    ['a commit has a length', commit, {}, isRejected],
  ])('%s', (_, state, host, expected) => {
    expect(unfit(state, wants('length'), termsOf(host))).toMatchObject(expected);
  });

  test('says what the registry said', () => {
    expect(unfit(commit, wants('range'), termsOf())).toMatchObject({
      failure: { said: '411' },
    });
  });

  test('a PATCH that is not known is followed by a PUT', () => {
    expect(unfit(sending('stream'), wants('put'), termsOf({ patches: false }))).toEqual(opening);
  });
});

describe('a range that is refused', () => {
  test.each<[what: string, Framing, Partial<HostProfile>, expected: object]>([
    [
      'is followed by a smaller one',
      16 * MIB,
      { ranges: 'taken', largestChunk: 8 * MIB, streams: 'never' },
      opening,
    ],
    ['is followed by a stream', 16 * MIB, NO_RANGES, opening],
    ['in a stream is followed by a PUT', 'stream', PUT_ONLY, opening],
    ['in a PUT is the end', 'whole', NOTHING, isRejected],
    ['is the end where the next one would be as large', 64 * MIB, { streams: 'never' }, isRejected],
  ])('%s', (_, framing, host, expected) => {
    expect(rangeRefused({ framing }, termsOf(host))).toMatchObject(expected);
  });
});

test('a body that is too large is followed by a smaller one, if one is left', () => {
  const reply = { type: 'too-large', bodySize: MIB, reason: '413' } as const;
  expect(tooLarge(sending('stream'), reply, termsOf({ largestBody: MIB / 2 }))).toEqual(opening);
  expect(tooLarge(sending('stream'), reply, termsOf({ largestBody: 0 }))).toMatchObject(isRejected);
  expect(tooLarge(opening, reply, termsOf())).toMatchObject(isRejected);
});

describe('an upload that is sent elsewhere', () => {
  const to = (place: string) => ({ type: 'moved', location: place }) as const;

  test('goes on there', () => {
    expect(moved(whole, to('/other'))).toEqual({ ...whole, location: '/other' });
  });

  test.each<[string, UploadState]>([
    ['the place that was asked', whole],
    ['any place, where nothing is sent', opening],
  ])('ends where that is %s', (_, state) => {
    expect(moved(state, to(location))).toMatchObject({ phase: 'failed', failure: { code: 'UNSUPPORTED' } });
  });

  test('is followed by a session if it was a POST', () => {
    expect(moved({ phase: 'posting' }, to('/other'))).toEqual(opening);
  });
});
