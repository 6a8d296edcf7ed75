import type { RouteClass } from './route.ts';

export type Origin = 'hub' | 'cdn';

/** One request as the server saw it. Secrets are never kept, only that there were some. */
export interface LogEntry {
  readonly number: number;
  readonly origin: Origin;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Query parameters with the values of secret ones replaced by `***`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly range: string | undefined;
  readonly hadAuthorization: boolean;
  /** Counts connections from 1; equal numbers mean the same socket. */
  readonly connection: number;
  readonly startedAtMs: number;
  routeClass: RouteClass;
  repo: string | undefined;
  file: string | undefined;
  status: number | undefined;
  /** Body bytes handed to the socket. */
  bytesSent: number;
  outcome: 'open' | 'complete' | 'broken by us' | 'client went away';
  readonly faults: string[];
}

export interface LogFilter {
  readonly origin?: Origin;
  readonly on?: RouteClass;
  readonly method?: string;
  readonly repo?: string;
  readonly file?: string;
  readonly status?: number;
}

export function matchesFilter(entry: LogEntry, filter: LogFilter): boolean {
  return (
    (filter.origin === undefined || filter.origin === entry.origin) &&
    (filter.on === undefined || filter.on === entry.routeClass) &&
    (filter.method === undefined || filter.method === entry.method) &&
    (filter.repo === undefined || filter.repo === entry.repo) &&
    (filter.file === undefined || filter.file === entry.file) &&
    (filter.status === undefined || filter.status === entry.status)
  );
}

const SECRET_QUERY = /^(signature|policy|key-pair-id|x-amz-.*|x-xet-signed-.*)$/i;
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

export function redactQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const name = pair.split('=', 1)[0] ?? '';
      return SECRET_QUERY.test(name) ? `${name}=***` : pair;
    })
    .join('&');
}

export function publicHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const shown = Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
}

/** How many were open at once, now and at most. */
export interface Gauge {
  readonly now: number;
  readonly peak: number;
  enter(): void;
  leave(): void;
}

export function createGauge(): Gauge {
  let now = 0;
  let peak = 0;
  return {
    get now() {
      return now;
    },
    get peak() {
      return peak;
    },
    enter() {
      now += 1;
      peak = Math.max(peak, now);
    },
    leave() {
      now -= 1;
    },
  };
}
