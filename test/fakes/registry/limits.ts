import { html, type Refusal } from './answer.ts';
import type { Effects } from './faults.ts';
import type { LogEntry } from './request-log.ts';

/** What a registry, or the proxy in front of it, does not let through, whatever the client does right. */
export interface Limits {
  /**
   * What the body of one request may take; then the connection closes without an answer: 60 s in zot since 2.1.17
   * and in Traefik (traefik#10805).
   */
  readonly requestSeconds?: number;
  /** What an upload may take from its POST on: ten minutes in GHCR. */
  readonly uploadSeconds?: number;
  /** Requests in a window of time. Those beyond it get 429, and how long the window still is. */
  readonly rate?: { readonly requests: number; readonly seconds: number };
  /** What one request may bring; a proxy that `collects` it passes on whole bodies only. */
  readonly bodyBytes?: { readonly limit: number; readonly proxy: 'collects' | 'passes-on' };
  /** What one layer may have. */
  readonly layerBytes?: { readonly limit: number; readonly refusal: Refusal };
  /** The proxy gives up on a commit that goes on behind it, and that many looks later the blob is there. */
  readonly commitLooks?: number;
}

/** The limits that strike as faults do: whatever a test asks for goes before them. */
export function effectsOf(limits: Limits, { pathClass }: LogEntry, secondMs: number): Effects {
  const { requestSeconds, bodyBytes, commitLooks } = limits;
  const upload = pathClass === 'upload-patch' || pathClass === 'upload-put' || pathClass === 'upload-post';
  if (!upload) return {};
  return {
    ...(requestSeconds === undefined ? {} : { cutAfterMs: requestSeconds * secondMs }),
    ...(bodyBytes === undefined ? {} : { bodyLimit: bodyBytes.limit }),
    ...(bodyBytes?.proxy === 'collects' ? { buffersBody: true } : {}),
    ...(commitLooks === undefined || pathClass !== 'upload-put'
      ? {}
      : { answer: { ...html(504, 'Gateway Time-out'), at: 'stored' }, hidesBlobFor: commitLooks }),
  };
}

/** Seconds to wait until the next request, once the window has had its number; undefined while it has not. */
export type RateLimit = () => number | undefined;

export function createRateLimit(rate: Limits['rate'], now: () => number, secondMs: number): RateLimit {
  let windowEnd = Number.NEGATIVE_INFINITY;
  let seen = 0;
  return () => {
    if (!rate) return undefined;
    if (now() >= windowEnd) {
      windowEnd = now() + rate.seconds * secondMs;
      seen = 0;
    }
    seen += 1;
    return seen <= rate.requests ? undefined : Math.ceil((windowEnd - now()) / secondMs);
  };
}
