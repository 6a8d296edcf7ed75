import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { ModelcarError } from '../core/error.ts';
import { withoutQuery } from './origin.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

export interface NodeTransport {
  readonly send: Transport;
  /** Lets go of the connections that are kept open for the next request. */
  close(): void;
}

export interface NodeTransportOptions {
  readonly connectTimeoutMs?: number;
  /** How long the other side may neither send nor take a byte while we wait for it to. */
  readonly stallTimeoutMs?: number;
}

/** Measured in docs/decisions/0002-http-library.md. */
const HIGH_WATER_MARK = 2 ** 20;

/**
 * The one place that touches the network. HTTP/1.1, connections kept, no redirects, no retry, no limit on the time
 * that a request takes as long as bytes move.
 *
 * The promise settles only when the request's body is no longer being read: who sends it again never shares its
 * source with a request that is still winding down.
 */
export function createNodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  const { connectTimeoutMs = 10_000, stallTimeoutMs = 60_000 } = options;
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const { signal } = request;
    signal?.throwIfAborted();
    const { protocol, ...target } = parseTarget(request.url);
    const outgoing = (protocol === 'https:' ? https : http).request({
      ...target,
      agent: agents[protocol],
      method: request.method,
      headers: { ...request.headers },
      highWaterMark: HIGH_WATER_MARK,
      ...(signal && { signal }),
    } as RequestOptions);
    // An error that comes after the answer has no listener of its own; it must not end the process.
    outgoing.on('error', () => undefined);
    limitConnect(outgoing, connectTimeoutMs);
    const [answered, written] = await Promise.allSettled([
      answer(outgoing, request.answerTimeoutMs ?? 60_000),
      writeBody(outgoing, request.body, stallTimeoutMs),
    ]);
    // Only the source of the body makes it fail; that is not for us to explain.
    if (written.status === 'rejected') throw signal?.aborted ? signal.reason : written.reason;
    if (answered.status === 'rejected') throw explain(answered.reason, request);
    const incoming = answered.value;
    return {
      status: incoming.statusCode ?? 0,
      headers: flatten(incoming.headers),
      body: readBody(outgoing, incoming, request, stallTimeoutMs),
    };
  }

  return {
    send,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

type Scheme = 'http:' | 'https:';

/** Host, port and path; the path stays as it is written, but for what HTTP cannot carry. */
function parseTarget(url: string): Record<'host' | 'port' | 'path', string> & { protocol: Scheme } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new ModelcarError('UNSUPPORTED', `${withoutQuery(url)} is not an HTTP URL`);
  }
  const { protocol, hostname, port } = parsed;
  const afterAuthority = /^[^:]+:\/\/[^/?#]*/.exec(url)?.[0].length ?? 0;
  const path = url
    .slice(afterAuthority)
    .replace(/#.*$/, '')
    .replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  const host = hostname.replace(/^\[|\]$/g, '');
  return { protocol, host, port, path: path.startsWith('/') ? path : `/${path}` };
}

function limitConnect(outgoing: ClientRequest, connectTimeoutMs: number): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => outgoing.destroy(new Stalled('no connection', connectTimeoutMs)),
      connectTimeoutMs,
    );
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}

/** The head of the answer, which may come before the body is sent; once it is sent, within the time limit. */
function answer(outgoing: ClientRequest, answerTimeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const startTimer = () => {
      timer = setTimeout(() => outgoing.destroy(new Stalled('no answer', answerTimeoutMs)), answerTimeoutMs);
    };
    outgoing.once('finish', startTimer);
    outgoing.once('response', (incoming) => {
      outgoing.off('finish', startTimer);
      clearTimeout(timer);
      resolve(incoming);
    });
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed'));
    });
  });
}

async function writeBody(
  outgoing: ClientRequest,
  body: HttpRequest['body'],
  stallTimeoutMs: number,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    await taken(outgoing, 'finish', stallTimeoutMs);
    return;
  }
  // An answer that comes before the end of the body, or a broken connection, makes the rest of it pointless.
  let over = false;
  outgoing.once('response', () => {
    over = true;
  });
  outgoing.once('close', () => {
    over = true;
  });
  try {
    for await (const chunk of body) {
      if (over) return;
      if (!outgoing.write(chunk)) await taken(outgoing, 'drain', stallTimeoutMs);
      if (over) return;
    }
    outgoing.end();
    await taken(outgoing, 'finish', stallTimeoutMs);
  } catch (error) {
    // The source failed: what was sent must not look like the whole of it.
    outgoing.destroy();
    throw error;
  }
}

/** Until the other side has taken what waits to be sent, answers, or is gone. */
function taken(outgoing: ClientRequest, event: 'drain' | 'finish', stallTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const events = [event, 'response', 'close'] as const;
    const timer = setTimeout(
      () => outgoing.destroy(new Stalled('no byte was taken', stallTimeoutMs)),
      stallTimeoutMs,
    );
    const done = () => {
      clearTimeout(timer);
      for (const event of events) outgoing.off(event, done);
      resolve();
    };
    for (const event of events) outgoing.once(event, done);
    if (outgoing.destroyed || outgoing.writableFinished) done();
    else if (event === 'drain' && !outgoing.writableNeedDrain) done();
  });
}

async function* readBody(
  outgoing: ClientRequest,
  incoming: IncomingMessage,
  request: HttpRequest,
  stallTimeoutMs: number,
): AsyncGenerator<Uint8Array> {
  // The limit is on our waiting, not on the time that the reader takes between two chunks.
  let waitingSince = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - waitingSince < stallTimeoutMs) return;
    incoming.destroy(new Stalled('no byte came', stallTimeoutMs));
  }, stallTimeoutMs / 4);
  try {
    for await (const chunk of incoming) {
      waitingSince = Number.POSITIVE_INFINITY;
      yield chunk;
      waitingSince = performance.now();
    }
  } catch (error) {
    throw explain(error, request);
  } finally {
    clearInterval(watch);
    // A body that was not sent or not read to its end leaves a connection nobody else can use.
    if (!outgoing.writableFinished || !incoming.complete) outgoing.destroy();
  }
}

class Stalled extends Error {
  constructor(what: string, afterMs: number) {
    super(`${what} for ${Math.round(afterMs / 1000)} s`);
  }
}

function flatten(headers: IncomingMessage['headers']): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers))
    flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}

/** What a person needs to know of a broken connection; an abort passes as it is. */
function explain(error: unknown, request: HttpRequest): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof ModelcarError) return error;
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  const where = `${request.method} ${withoutQuery(request.url)}`;
  if (code !== undefined && /CERT|TLS|SSL|EPROTO|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code)) {
    return new ModelcarError('UNSUPPORTED', `${where}: no secure connection: ${message}`, {
      hint: 'Set NODE_EXTRA_CA_CERTS for a private CA; write http:// for a registry without TLS.',
      cause: error,
    });
  }
  if (code !== undefined && /^HPE_(HEADER_OVERFLOW|INVALID_CONSTANT|INVALID_VERSION)$/.test(code)) {
    return new ModelcarError('UNSUPPORTED', `${where}: the answer is not HTTP: ${message}`, { cause: error });
  }
  return new ModelcarError('UNAVAILABLE', `${where}: ${PLAIN_WORDS[code ?? ''] ?? message}`, {
    hint: 'Check the name and the network, then run the same command again.',
    cause: error,
  });
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while we were sending',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server did not answer',
  ETIMEDOUT: 'the connection timed out',
};
