import type { ClientRequest, IncomingMessage } from 'node:http';
import { ModelcarError } from '../core/error.ts';
import { proxyRefusal } from './http-proxy.ts';
import { type Attempt, explain, Stalled } from './network-error.ts';
import { createByteClient, requestHead } from './node-bytes.ts';
import { writeBody } from './node-request-body.ts';
import { bodyOf } from './node-response-body.ts';
import { createRoutes, type Route, type RoutesOptions } from './node-route.ts';
import { shownUrl } from './presentable.ts';
import { createRedaction } from './redaction.ts';
import { discard, type HttpRequest, type HttpResponse, type Transport } from './transport.ts';

export interface NodeTransport {
  readonly send: Transport;
  /** Lets go of the connections that are kept open for the next request. */
  close(): void;
}

export interface NodeTransportOptions extends Omit<RoutesOptions, 'connectTimeoutMs' | 'redact'> {
  /** For a connection through a proxy: to the proxy and through it, each. Default 10,000. */
  readonly connectTimeoutMs?: number;
}

type Answer = Omit<HttpResponse, 'redact'>;

/** Measured in docs/decisions/0002-http-library.md. */
const HIGH_WATER_MARK = 2 ** 20;

/** Enough for a reader that does something else for some milliseconds. */
const READ_AHEAD = 2 * 2 ** 20;

/**
 * The one place that touches the network. HTTP/1.1, connections kept, no redirects, no retry, no limit on the time
 * that a request takes as long as bytes move.
 *
 * The promise settles only when the request's body is no longer being read: who sends it again never shares its
 * source with a request that is still winding down.
 */
export function createNodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  const { connectTimeoutMs = 10_000, userAgent } = options;
  const redaction = createRedaction();
  const { redact } = redaction;
  const routes = createRoutes({ ...options, connectTimeoutMs, redact });
  const bytes = createByteClient(connectTimeoutMs);

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const { method, url, redirectedFrom, signal } = request;
    signal?.throwIfAborted();
    redaction.note(request);
    const route = await routes.to(url, redirectedFrom);
    // Who chooses the proxy may take its time.
    signal?.throwIfAborted();
    const { proxy, verification } = route;
    if (proxy?.authorization !== undefined) {
      redaction.note({ url, headers: { 'proxy-authorization': proxy.authorization } });
    }
    const what = () => `${method} ${shownUrl(url, redaction)}`;
    const attempt: Attempt = { what, proxy: proxy?.name, signal, redact, verification };
    const answered = await (request.reusesMemory ? getBytes : exchange)(request, route, attempt);
    const response = { ...answered, redact };
    if (proxy === undefined || response.status !== 407) return response;
    await discard(response);
    throw proxyRefusal(proxy, what(), 407);
  }

  async function getBytes(request: HttpRequest, route: Route, attempt: Attempt): Promise<Answer> {
    const { signal, answerTimeoutMs = 60_000, stallTimeoutMs = 60_000, readAhead = READ_AHEAD } = request;
    const headers = { ...(userAgent !== undefined && { 'user-agent': userAgent }), ...request.headers };
    const head = begin(() => requestHead(route, headers), attempt);
    const limits = { signal, answerTimeoutMs, stallTimeoutMs, readAhead };
    const explained = (error: unknown) => explain(error, attempt);
    try {
      return await bytes.get({ route, head, explained, ...limits });
    } catch (error) {
      throw explained(error);
    }
  }

  async function exchange(request: HttpRequest, route: Route, attempt: Attempt): Promise<Answer> {
    const { method, signal, stallTimeoutMs = 60_000 } = request;
    const { open, options: target, headers } = route;
    const outgoingOptions = {
      ...target,
      method,
      headers: {
        ...(userAgent !== undefined && { 'user-agent': userAgent }),
        ...request.headers,
        ...headers,
      },
      highWaterMark: HIGH_WATER_MARK,
      ...(signal && { signal, connectSignal: signal }),
    };
    const outgoing = begin(() => open(outgoingOptions), attempt);
    // An error that comes after the answer has no listener of its own; it must not end the process.
    outgoing.on('error', () => undefined);
    limitConnect(outgoing, connectTimeoutMs);
    const [answered, written] = await Promise.allSettled([
      answer(outgoing, request.answerTimeoutMs ?? 60_000),
      writeBody(outgoing, request.body, stallTimeoutMs),
    ]);
    // Only the source of the body makes it fail; that is not for us to explain.
    if (written.status === 'rejected') throw signal?.aborted ? signal.reason : written.reason;
    if (answered.status === 'rejected') throw explain(answered.reason, attempt);
    const incoming = answered.value;
    return {
      status: incoming.statusCode ?? 0,
      headers: flatten(incoming.headers),
      body: bodyOf(outgoing, incoming, attempt, stallTimeoutMs),
    };
  }

  return {
    send,
    close() {
      routes.close();
      bytes.close();
    },
  };
}

/** Node throws at once for what no request can say; the message names the header, not its value. */
function begin<T>(open: () => T, { what }: Attempt): T {
  try {
    return open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelcarError('UNSUPPORTED', `cannot send ${what()}: ${reason}`, {
      hint: 'Look for line breaks and other characters that HTTP cannot carry, in tokens and passwords first.',
      cause: error,
    });
  }
}

/** An agent that connects through a proxy has its own limit, and hands the socket over late. */
function limitConnect(outgoing: ClientRequest, connectTimeoutMs: number): void {
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket) return;
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

function flatten(headers: IncomingMessage['headers']): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers))
    flat[name] = Array.isArray(value) ? value.join(name === 'set-cookie' ? '\n' : ', ') : value;
  return flat;
}
