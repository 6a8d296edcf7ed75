import type { HttpResponse } from '../http/transport.ts';

/** Where a file's bytes are, as the Hub last said. */
export interface SignedUrl {
  /** As the Hub wrote it, to the letter. */
  readonly url: string;
  /** On the clock's `now()`: from then on another one is asked for. */
  readonly staleAt: number;
}

/** Of an hour's life, what is left after this part of it is too little to begin with. */
const USABLE_PART = 0.8;

/**
 * How long a signed URL will do, from the dates that CloudFront and S3 write into it. They are on the Hub's clock,
 * so its `Date` is what they are held against, not ours.
 *
 * @param now the clock's `now()` when the answer came
 */
export function signedUrl(url: string, { headers }: HttpResponse, now: number): SignedUrl {
  const mintedAt = Date.parse(headers.date ?? '');
  const expiresAt = expiry(new URL(url).searchParams);
  const lifeMs =
    expiresAt === undefined || Number.isNaN(mintedAt) ? Number.POSITIVE_INFINITY : expiresAt - mintedAt;
  return { url, staleAt: now + lifeMs * USABLE_PART };
}

/** Milliseconds since the epoch; the earliest one where CloudFront stands before S3 and both have signed. */
function expiry(query: URLSearchParams): number | undefined {
  const epochSeconds = Number(query.get('Expires') ?? Number.NaN);
  const all = [epochSeconds * 1000, policyExpiry(query), s3Expiry(query)];
  const dates = all.filter((date) => !Number.isNaN(date));
  return dates.length === 0 ? undefined : Math.min(...dates);
}

/**
 * CloudFront: a URL with a policy of its own need not have `Expires`.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
function policyExpiry(query: URLSearchParams): number {
  const base64 = (query.get('Policy') ?? '').replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/');
  const policy = Buffer.from(base64, 'base64').toString();
  const seconds = /"DateLessThan"\s*:\s*\{\s*"(?:AWS:)?EpochTime"\s*:\s*(\d{1,12})\b/.exec(policy)?.[1];
  return Number(seconds ?? Number.NaN) * 1000;
}

function s3Expiry(query: URLSearchParams): number {
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  const seconds = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (signed === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = signed;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + seconds * 1000;
}
