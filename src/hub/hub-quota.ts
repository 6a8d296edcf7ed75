import { originOf, withoutQuery } from '../http/origin.ts';
import type { Allowance } from '../http/pace.ts';
import type { HttpResponse } from '../http/transport.ts';

/**
 * What a request is counted against: the Hub counts downloads and questions apart
 * (https://huggingface.co/docs/hub/rate-limits), and each storage host for itself.
 */
export function bucketOf(url: string): string {
  const path = withoutQuery(url);
  const origin = originOf(url);
  if (/\/(api\/resolve-cache|resolve)\//.test(path)) return `${origin} resolvers`;
  return /\/api\/(models|datasets)\//.test(path) ? `${origin} api` : origin;
}

/** `RateLimit: "api";r=12;t=172` and, of the same quota, `RateLimit-Policy: "fixed window";"api";q=500;w=300`. */
export function allowanceOf({ headers }: HttpResponse): Allowance | undefined {
  const left = /^\s*"([^"]{1,64})"\s*;\s*r=(\d{1,9})\s*;\s*t=(\d{1,9})/.exec(headers.ratelimit ?? '');
  if (left === null) return undefined;
  const [, bucket = '', remaining, seconds] = left;
  const quota = /;\s*q=(\d{1,9})/.exec(headers['ratelimit-policy'] ?? '')?.[1];
  return {
    bucket,
    remaining: Number(remaining),
    // Its second may have begun already.
    resetMs: (Number(seconds) + 1) * 1000,
    quota: quota === undefined ? undefined : Number(quota),
  };
}
