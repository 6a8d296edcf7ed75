import { rateLimitHeaders, tooManyRequestsPage } from './rate-limit.ts';
import { htmlReply, jsonReply, type Reply, redirectReply, withoutHeaders } from './reply.ts';
import type { RouteClass } from './route.ts';

/** Faults that are decided before the Hub looks at what is asked. */
export type RequestFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'rate-limited';
      readonly waitSeconds: number;
      readonly retryAfter?: 'none' | 'seconds' | 'date';
      /** The CDN limits without saying so in RateLimit headers; so do some proxies. */
      readonly rateLimit?: 'shown' | 'missing';
    }
  /** 200 with `{"error": …}` where an array or a file is due. */
  | { readonly kind: 'error-object'; readonly message?: string }
  /** Closes the connection without a byte; `reusedOnly` spares a connection's first request. */
  | { readonly kind: 'close'; readonly how?: 'fin' | 'reset'; readonly reusedOnly?: boolean }
  /** No answer for so long (for ever without `seconds`), then a normal one. */
  | { readonly kind: 'silence'; readonly seconds?: number }
  /** `to` gets the request target (path and query as sent) and returns the Location. */
  | { readonly kind: 'redirect'; readonly status: number; readonly to: (target: string) => string }
  /** Changes something (a branch, a gate, a knob) just before this request is answered as usual. */
  | { readonly kind: 'run'; readonly run: () => void };

export interface Circumstances {
  readonly target: string;
  readonly routeClass: RouteClass;
  readonly bucket: 'api' | 'resolvers' | 'pages';
  readonly nowMs: number;
}

/** The answer a fault gives in place of the Hub's, if it is of that sort. */
export function replyOfFault(fault: RequestFault, circumstances: Circumstances): Reply | undefined {
  switch (fault.kind) {
    case 'status':
      return htmlReply(fault.status, fault.body ?? `<html><body><h1>${fault.status}</h1></body></html>`, {
        ...fault.headers,
      });
    case 'rate-limited':
      return rateLimited(fault, circumstances);
    case 'error-object':
      return jsonReply(200, { error: fault.message ?? 'Internal Error - We are working hard to fix this' });
    case 'redirect':
      return redirectReply(fault.status, fault.to(circumstances.target));
    case 'close':
    case 'silence':
    case 'run':
      return undefined;
  }
}

function rateLimited(
  { waitSeconds, retryAfter = 'none', rateLimit = 'shown' }: RequestFault & { kind: 'rate-limited' },
  { bucket, nowMs, routeClass }: Circumstances,
): Reply {
  const window = { windowSeconds: 300, quota: 500, remaining: 0, resetSeconds: waitSeconds, exceeded: true };
  const words = `We had to rate limit you, you hit the quota of 500 ${bucket} requests per 5 minutes period.`;
  const reply = htmlReply(429, tooManyRequestsPage(words), {
    ...rateLimitHeaders({ ...window, bucket }),
    ...retryAfterHeader(retryAfter, waitSeconds, nowMs),
  });
  return rateLimit === 'missing' || routeClass === 'cdn'
    ? withoutHeaders(reply, ['RateLimit', 'RateLimit-Policy'])
    : reply;
}

function retryAfterHeader(
  form: 'none' | 'seconds' | 'date',
  seconds: number,
  nowMs: number,
): Record<string, string> {
  switch (form) {
    case 'none':
      return {};
    case 'seconds':
      return { 'Retry-After': `${seconds}` };
    case 'date':
      return { 'Retry-After': new Date(nowMs + seconds * 1000).toUTCString() };
  }
}
