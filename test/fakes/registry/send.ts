import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Answer } from './answer.ts';
import type { Exchange, World } from './exchange.ts';

/** What Go reads of a body nobody asked for before it gives the connection up (net/http, maxPostHandlerReadBytes). */
const unreadTolerated = 256 * 1024;
/** How long Go keeps a closed connection open for its peer (net/http, rstAvoidanceDelay). */
const lingerMs = 500;

type Headers = Record<string, string | string[]>;

export function send({ personality }: World, exchange: Exchange, answer: Answer): void {
  const { request, response, entry } = exchange;
  entry.status = answer.status;
  const body = Buffer.from(answer.body ?? '');
  const type = answer.errors ? { 'content-type': personality.errorType } : {};
  const headers: Headers = { ...personality.headers, ...type, ...answer.headers };
  if (answer.challenges) headers['www-authenticate'] = [...answer.challenges];
  if (answer.status !== 204 && answer.status !== 304) headers['content-length'] ??= String(body.length);
  if (personality.unreadBody === 'closed' && muchUnread(exchange)) {
    sendAndClose(request, answer.status, headers, body);
    return;
  }
  response.writeHead(answer.status, headers);
  response.end(entry.method === 'HEAD' ? undefined : body);
  // What is left of the body is read and thrown away, so that the client gets to see the answer.
  request.resume();
}

function muchUnread({ request, entry }: Exchange): boolean {
  if (request.complete) return false;
  const declared = entry.contentLength ?? Number.POSITIVE_INFINITY;
  return declared - entry.bytesReceived > unreadTolerated;
}

/** Go's way with an unread body: the answer, then FIN, and for a while nothing, so that no RST eats the answer. */
function sendAndClose({ socket }: IncomingMessage, status: number, headers: Headers, body: Buffer): void {
  const lines = Object.entries({ ...headers, connection: 'close' }).flatMap(([name, value]) =>
    [value].flat().map((line) => `${name}: ${line}`),
  );
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n');
  socket.end(Buffer.concat([Buffer.from(head), body]));
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
