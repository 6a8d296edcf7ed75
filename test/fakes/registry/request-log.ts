import type { IncomingMessage } from 'node:http';
import type { Route } from './routes.ts';

export interface LogEntry extends Route {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** `other` is the second origin, for redirects, foreign Locations and a token realm of its own. */
  readonly origin: 'main' | 'other';
  /** Tells requests on one connection from requests on two. */
  readonly connection: number;
  /** Which of the registry's nodes it went to. */
  readonly node: number;
  readonly hadAuthorization: boolean;
  readonly authorization: string | undefined;
  readonly contentRange: string | undefined;
  readonly contentLength: number | undefined;
  readonly transferEncoding: string | undefined;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** Body bytes that reached the registry, stored or not. */
  bytesReceived: number;
  /** 0 while no answer was sent, 499 when the client went away in its body. */
  status: number;
  /** Who broke the connection before the exchange was over. */
  cut: 'client' | 'registry' | undefined;
  /** Fields of the token request's query and form, so that exact scopes can be asserted. */
  form: URLSearchParams | undefined;
}

export function openEntry(
  request: IncomingMessage,
  route: Route,
  origin: LogEntry['origin'],
  { connection, node }: Pick<LogEntry, 'connection' | 'node'>,
): LogEntry {
  const { headers } = request;
  const length = headers['content-length'];
  return {
    ...route,
    method: request.method ?? '',
    target: request.url ?? '',
    origin,
    connection,
    node,
    hadAuthorization: headers.authorization !== undefined,
    authorization: headers.authorization,
    contentRange: headers['content-range'],
    contentLength: length === undefined ? undefined : Number(length),
    transferEncoding: headers['transfer-encoding'],
    headers,
    bytesReceived: 0,
    status: 0,
    cut: undefined,
    form: undefined,
  };
}

export function uploadBytes(log: readonly LogEntry[]): number {
  return log
    .filter(({ pathClass }) => ['upload-post', 'upload-patch', 'upload-put'].includes(pathClass))
    .reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
}
