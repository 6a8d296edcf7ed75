import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { signedUrl } from './signed-url.ts';

const MINTED = 'Thu, 15 Jan 2026 09:30:00 GMT';
const mintedSeconds = Date.parse(MINTED) / 1000;
const HOUR = 3600_000;
const NOW = 5_000;

/** How long the URL will do, in milliseconds. */
function life(query: string, date: string | undefined = MINTED): number {
  const response = answer(302, date === undefined ? {} : { date });
  return signedUrl(`https://cdn.test/file?${query}`, response, NOW).staleAt - NOW;
}

/** As CloudFront writes it: base64 with letters that may stand in a URL. */
function policy(condition: unknown): string {
  const statement = { Resource: 'https://cdn.test/x?*', Condition: condition };
  const base64 = Buffer.from(JSON.stringify({ Statement: [statement] })).toString('base64');
  return base64.replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');
}

const until = (seconds: number) => ({ DateLessThan: { 'AWS:EpochTime': seconds } });

describe('a signed URL will do for four fifths of its life', () => {
  test.each([
    ['CloudFront', `Expires=${mintedSeconds + 3600}&Policy=eyJ&Signature=MEQ`, 0.8 * HOUR],
    ['S3', 'X-Amz-Date=20260115T093000Z&X-Amz-Expires=3600&X-Amz-Signature=ab', 0.8 * HOUR],
    ['S3, minted some time ago', 'X-Amz-Date=20260115T090000Z&X-Amz-Expires=3600', 0.8 * 0.5 * HOUR],
    [
      'both, S3 earlier',
      `Expires=${mintedSeconds + 3600}&X-Amz-Date=20260115T093000Z&X-Amz-Expires=900`,
      720_000,
    ],
    [
      'both, CloudFront earlier',
      `Expires=${mintedSeconds + 900}&X-Amz-Date=20260115T093000Z&X-Amz-Expires=3600`,
      720_000,
    ],
    ['a policy alone', `Policy=${policy(until(mintedSeconds + 1800))}&Signature=MEQ`, 0.8 * 0.5 * HOUR],
    [
      'a policy as the Hub words it, earlier than Expires',
      `Expires=${mintedSeconds + 3600}&Policy=${policy({ DateLessThan: { EpochTime: mintedSeconds + 900 } })}`,
      720_000,
    ],
    ['over already', `Expires=${mintedSeconds - 10}`, -8_000],
  ])('%s', (_, query, ms) => {
    expect(life(query)).toBeCloseTo(ms, 5);
  });

  test('and it is the clock of the Hub that counts, an hour off or not', () => {
    const hubIsAhead = new Date(Date.parse(MINTED) + HOUR).toUTCString();
    expect(life(`Expires=${mintedSeconds + 7200}`, hubIsAhead)).toBeCloseTo(0.8 * HOUR, 5);
  });
});

test.each([
  ['no Date in the answer', `Expires=${mintedSeconds + 3600}`, ''],
  ['a Date nobody can read', `Expires=${mintedSeconds + 3600}`, 'soon'],
  ['no dates in the URL', 'Signature=MEQ', MINTED],
  ['an Expires that is no number', 'Expires=never', MINTED],
  ['a policy without an end', `Policy=${policy({ IpAddress: '0.0.0.0/0' })}`, MINTED],
  ['a date without a duration', 'X-Amz-Date=20260115T093000Z', MINTED],
  ['a date of another shape', 'X-Amz-Date=2026-01-15&X-Amz-Expires=3600', MINTED],
])('with %s it is used until it is refused', (_, query, date) => {
  expect(life(query, date)).toBe(Number.POSITIVE_INFINITY);
});

test('the URL stays as the Hub wrote it, to the letter', () => {
  const url = "https://cdn.test/a%2fb/it's?d=inl%69ne%3b+x&Expires=1";
  expect(signedUrl(url, answer(302), NOW).url).toBe(url);
});
