import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCaller } from './auth.ts';
import { answerCdn, type CdnRequest, verifyCdn } from './cdn-routes.ts';
import { deliver, pause } from './deliver.ts';
import type { FaultBook, FaultRequest } from './faults.ts';
import { answerHub } from './hub-routes.ts';
import type { Listener } from './listener.ts';
import {
  type Allowance,
  bucketOf,
  type RateLimiter,
  rateLimitHeaders,
  tooManyRequestsPage,
  tooManyRequestsWords,
} from './rate-limit.ts';
import { htmlReply, jsonReply, type Reply, withHeaders } from './reply.ts';
import { replyOfFault } from './request-faults.ts';
import { type LogEntry, type Origin, publicHeaders, redactQuery } from './request-log.ts';
import { parseRoute, type Route, type RouteClass } from './route.ts';
import type { HubRequest, HubState } from './state.ts';
import type { Throttle } from './throttle.ts';

export interface Serving {
  readonly state: HubState;
  readonly faults: FaultBook;
  readonly limiter: RateLimiter;
  readonly throttle: Throttle;
  readonly log: LogEntry[];
  readonly nextNumber: () => number;
  readonly listener: Listener;
  readonly closing: AbortSignal;
  /** Closes the connection of every request that hit a bug of the fake, and remembers it. */
  readonly onBug: (cause: unknown) => void;
}

/** What is left to do once a request has been read and named: make its answer. */
interface Exchange {
  readonly entry: LogEntry;
  readonly target: string;
  /** Headers every answer of this origin carries; faults may take them away. */
  readonly common: Readonly<Record<string, string>>;
  readonly answer: () => Promise<Reply>;
}

export async function serve(
  serving: Serving,
  origin: Origin,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = origin === 'hub' ? hubExchange(serving, message) : cdnExchange(serving, message);
  serving.log.push(exchange.entry);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.on('error', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, serving.closing]);
  try {
    exchange.entry.outcome = await respond(serving, exchange, response, signal);
  } catch (cause) {
    exchange.entry.outcome = 'client went away';
    if (signal.aborted) return;
    response.socket?.destroy();
    serving.onBug(cause);
  }
}

async function respond(
  { faults, throttle, listener, state }: Serving,
  { entry, target, common, answer }: Exchange,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<LogEntry['outcome']> {
  const request = faultRequestOf(entry, response, listener);
  let forced: Reply | undefined;
  for (const fault of faults.beforeAnswer(request)) {
    entry.faults.push(fault.kind);
    if (fault.kind === 'close') return hangUp(response, fault.how ?? 'fin');
    if (fault.kind === 'silence') await pause(fault.seconds, signal);
    if (fault.kind === 'run') fault.run();
    const bucket = bucketOf(entry.routeClass);
    forced ??= replyOfFault(fault, { target, routeClass: entry.routeClass, bucket, nowMs: state.nowMs() });
  }
  const limitless = entry.faults.includes('rate-limited') ? withoutRateLimit(common) : common;
  const plain = forced ?? (await answer());
  const { reply, delivery, kinds } = faults.onAnswer(
    request,
    withHeaders({ ...plain, headers: limitless }, plain.headers),
  );
  entry.faults.push(...kinds);
  entry.status = reply.status;
  const outcome = await deliver(reply, delivery, {
    response,
    headOnly: entry.method === 'HEAD',
    signal,
    throttle,
    onBytes: (count) => {
      entry.bytesSent += count;
    },
  });
  if (outcome === 'complete' && !response.writableFinished) await once(response, 'finish', { signal });
  return outcome;
}

function faultRequestOf(entry: LogEntry, response: ServerResponse, listener: Listener): FaultRequest {
  return {
    routeClass: entry.routeClass,
    repo: entry.repo,
    path: entry.file,
    method: entry.method,
    range: entry.range,
    reusedSocket: response.socket !== null && listener.useOf(response.socket).requests > 1,
  };
}

function hangUp(response: ServerResponse, how: 'fin' | 'reset'): LogEntry['outcome'] {
  if (how === 'reset') response.socket?.resetAndDestroy();
  else response.socket?.destroy();
  return 'broken by us';
}

function withoutRateLimit(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { RateLimit: _, 'RateLimit-Policy': __, ...rest } = headers;
  return rest;
}

function hubExchange({ state, limiter, nextNumber, listener }: Serving, message: IncomingMessage): Exchange {
  const full = message.url ?? '/';
  const inside = full === state.pathPrefix || full.startsWith(`${state.pathPrefix}/`);
  const target = inside ? full.slice(state.pathPrefix.length) : full;
  const route: Route = inside ? parseRoute(target) : { name: 'page' };
  const request = readRequest(state, message, target);
  const allowance = limiter.count({
    caller: request.caller,
    address: message.socket.remoteAddress ?? '',
    bucket: bucketOf(route.name),
    nowMs: state.nowMs(),
  });
  const entry = newEntry('hub', message, nextNumber(), listener, route.name);
  if ('repo' in route) entry.repo = route.repo.id;
  if ('path' in route) entry.file = route.path;
  return {
    entry,
    target,
    common: { ...hubHeaders(state, route.name), ...rateLimitHeaders(allowance) },
    answer: async () =>
      allowance.exceeded ? tooManyRequests(message, request, allowance) : answerHub(state, route, request),
  };
}

function tooManyRequests(message: IncomingMessage, request: HubRequest, allowance: Allowance): Reply {
  const words = tooManyRequestsWords(request.caller, message.socket.remoteAddress ?? '', allowance);
  return allowance.bucket === 'api' && request.accept.includes('json')
    ? jsonReply(429, { error: words })
    : htmlReply(429, tooManyRequestsPage(words));
}

const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,' +
  'Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash';

function hubHeaders(state: HubState, route: RouteClass): Record<string, string> {
  return {
    Date: new Date(state.nowMs()).toUTCString(),
    'X-Powered-By': 'huggingface-moon',
    'X-Request-Id': `Root=1-${randomBytes(4).toString('hex')}-${randomBytes(12).toString('hex')}`,
    'Access-Control-Expose-Headers': EXPOSED,
    Vary: route === 'resolve' ? 'Origin, Accept' : 'Origin',
  };
}

function readRequest(state: HubState, message: IncomingMessage, target: string): HubRequest {
  const { headers } = message;
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    target,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    range: headers.range,
    accept: headers.accept ?? '',
    acceptEncoding: String(headers['accept-encoding'] ?? ''),
    ifNoneMatch: headers['if-none-match'],
    contentType: headers['content-type'] ?? '',
    caller: readCaller(headers.authorization, state.tokens),
    async body() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of message) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

function cdnExchange({ state, nextNumber, listener }: Serving, message: IncomingMessage): Exchange {
  const request: CdnRequest = {
    method: message.method ?? 'GET',
    target: message.url ?? '/',
    range: message.headers.range,
    ifRange: String(message.headers['if-range'] ?? '') || undefined,
    hadAuthorization: message.headers.authorization !== undefined,
  };
  const entry = newEntry('cdn', message, nextNumber(), listener, 'cdn');
  const verdict = verifyCdn(state, request);
  entry.repo = verdict.file?.repo;
  entry.file = verdict.file?.path;
  return {
    entry,
    target: request.target,
    common: { Date: new Date(state.nowMs()).toUTCString() },
    answer: async () => answerCdn(state, request, verdict),
  };
}

function newEntry(
  origin: Origin,
  message: IncomingMessage,
  number: number,
  listener: Listener,
  routeClass: RouteClass,
): LogEntry {
  const [path = '', query = ''] = (message.url ?? '/').split(/\?(.*)/s);
  return {
    number,
    origin,
    method: message.method ?? 'GET',
    path,
    query: redactQuery(query),
    headers: publicHeaders(message.headers),
    range: message.headers.range,
    hadAuthorization: message.headers.authorization !== undefined,
    connection: listener.useOf(message.socket).connection,
    startedAtMs: performance.now(),
    routeClass,
    repo: undefined,
    file: undefined,
    status: undefined,
    bytesSent: 0,
    outcome: 'open',
    faults: [],
  };
}
