import type { Caller } from './auth.ts';
import type { RouteClass } from './route.ts';

export type Bucket = 'api' | 'resolvers' | 'pages';

export interface Quota {
  readonly api?: number;
  readonly resolvers?: number;
  readonly pages?: number;
  readonly windowSeconds?: number;
}

/** Fixed windows per bucket and caller (token, else address); numbers of hub-docs rate-limits.md. */
export interface RateLimiter {
  count(request: { caller: Caller; address: string; bucket: Bucket; nowMs: number }): Allowance;
  setQuota(quota: Quota): void;
}

export interface Allowance {
  readonly bucket: Bucket;
  readonly quota: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly windowSeconds: number;
  readonly exceeded: boolean;
}

const ANONYMOUS: Required<Quota> = { api: 500, resolvers: 3000, pages: 100, windowSeconds: 300 };
const SIGNED_IN: Required<Quota> = { api: 1000, resolvers: 5000, pages: 200, windowSeconds: 300 };

export function createRateLimiter(initial: Quota): RateLimiter {
  let overrides = initial;
  const counts = new Map<string, { window: number; used: number }>();
  return {
    setQuota(quota) {
      overrides = quota;
      counts.clear();
    },
    count({ caller, address, bucket, nowMs }) {
      const limits = { ...(caller.kind === 'user' ? SIGNED_IN : ANONYMOUS), ...overrides };
      const windowMs = limits.windowSeconds * 1000;
      const window = Math.floor(nowMs / windowMs);
      const key = `${bucket} ${caller.kind === 'user' ? caller.token : address}`;
      const last = counts.get(key);
      const used = (last?.window === window ? last.used : 0) + 1;
      counts.set(key, { window, used });
      return {
        bucket,
        quota: limits[bucket],
        remaining: Math.max(0, limits[bucket] - used),
        resetSeconds: Math.ceil(((window + 1) * windowMs - nowMs) / 1000),
        windowSeconds: limits.windowSeconds,
        exceeded: used > limits[bucket],
      };
    },
  };
}

export function rateLimitHeaders(allowance: Allowance): Record<string, string> {
  const { bucket, quota, remaining, resetSeconds, windowSeconds } = allowance;
  return {
    RateLimit: `"${bucket}";r=${remaining};t=${resetSeconds}`,
    'RateLimit-Policy': `"fixed window";"${bucket}";q=${quota};w=${windowSeconds}`,
  };
}

export function bucketOf(route: RouteClass): Bucket {
  switch (route) {
    case 'resolve':
    case 'resolve-cache':
      return 'resolvers';
    case 'raw':
    case 'page':
    case 'cdn':
      return 'pages';
    case 'info':
    case 'tree':
    case 'paths-info':
    case 'refs':
    case 'xet-read-token':
    case 'whoami':
      return 'api';
  }
}

/** The 52 KB page seen with a 429 in the wild; the words tell anonymous and known callers apart. */
export function tooManyRequestsPage(words: string): string {
  const page = `<!DOCTYPE html><html><head><title>429</title></head><body><h1>429</h1><p>${words}</p>`;
  return `${page}<!--${' '.repeat(Math.max(0, HTML_429_BYTES - page.length - 21))}--></body></html>`;
}

const HTML_429_BYTES = 52 * 1024;

export function tooManyRequestsWords(caller: Caller, address: string, { bucket, quota }: Allowance): string {
  return caller.kind === 'user'
    ? `We had to rate limit you, you hit the quota of ${quota} ${bucket} requests per 5 minutes period. ` +
        'Upgrade to a PRO user or Team/Enterprise organization account to get higher limits.'
    : `We had to rate limit your IP (${address}). To continue using our service, create a HF account or ` +
        'login to your existing account, and make sure you pass a HF_TOKEN if you are using the API.';
}
