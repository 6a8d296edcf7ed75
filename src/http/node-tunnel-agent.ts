import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type HttpProxy, proxyRefusal } from './http-proxy.ts';
import { explain, Stalled } from './network-error.ts';
import type { Trust } from './node-trust.ts';
import type { Redacting } from './presentable.ts';
import type { Verification } from './tls-error.ts';

export interface TunnelOptions extends Redacting {
  readonly proxy: HttpProxy;
  /** For an https proxy, whose certificate is verified whatever the target's TLS options say. */
  readonly trust: Trust;
  /** For connections to the proxy, which carry one CONNECT each. */
  readonly toProxy: http.Agent;
  readonly lookup: LookupFunction;
  readonly verification?: Verification | undefined;
  /** For the connection to the proxy and its answer to CONNECT together. */
  readonly connectTimeoutMs: number;
  readonly userAgent: string | undefined;
}

interface TargetOptions extends https.RequestOptions {
  /** The signal of the request that needs the connection: Node keeps `signal` itself from agents. */
  readonly connectSignal?: AbortSignal | undefined;
}

/**
 * Keeps TLS connections through a proxy's CONNECT (RFC 9110, section 9.3.6), as `https.Agent` keeps direct ones.
 * Why no library: docs/decisions/0004-proxies.md.
 */
export class TunnelAgent extends https.Agent {
  readonly #tunnel: TunnelOptions;

  constructor(options: https.AgentOptions, tunnel: TunnelOptions) {
    super(options);
    this.#tunnel = tunnel;
  }

  override createConnection(
    options: TargetOptions,
    callback: (error: Error | null, stream: Duplex) => void = () => undefined,
  ): undefined {
    openTunnel(options, this.#tunnel)
      .then((socket) => {
        const throughTunnel = { ...options, socket };
        try {
          return super.createConnection(throughTunnel) ?? socket;
        } catch (error) {
          socket.destroy();
          throw error;
        }
      })
      .then(
        (stream) => callback(null, stream),
        // Beside an error nobody looks at the stream; only its type is wanted.
        (error) => callback(error instanceof Error ? error : new Error(String(error)), new Duplex()),
      );
  }
}

/** @throws ModelcarError naming the proxy; the reason of the signal when it was aborted */
async function openTunnel(target: TargetOptions, options: TunnelOptions): Promise<Socket> {
  const { proxy, verification, connectTimeoutMs, redact } = options;
  const { connectSignal: signal } = target;
  const host = isIP(target.host ?? '') === 6 ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  const what = () => redact(`cannot connect to ${authority}`);
  signal?.throwIfAborted();
  const asking = (proxy.scheme === 'https' ? https : http).request(connectRequest(authority, options));
  const abort = () => asking.destroy();
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(
    () => asking.destroy(new Stalled('no answer', connectTimeoutMs)),
    connectTimeoutMs,
  );
  try {
    const { status, socket } = await connected(asking);
    if (status >= 200 && status <= 299) return socket;
    // Its answer must not look like one of the target's.
    socket.destroy();
    throw proxyRefusal(proxy, what(), status);
  } catch (error) {
    throw explain(error, { what, proxy: proxy.name, signal, redact, verification });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function connectRequest(
  authority: string,
  { proxy, trust, toProxy, lookup, userAgent }: TunnelOptions,
): https.RequestOptions {
  const { host, port, authorization } = proxy;
  return {
    ...trust,
    method: 'CONNECT',
    host,
    port,
    path: authority,
    // Without it, Node would take the target's name, from the header.
    servername: isIP(host) ? '' : host,
    agent: toProxy,
    lookup,
    headers: {
      host: authority,
      connection: 'keep-alive',
      ...(userAgent !== undefined && { 'user-agent': userAgent }),
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
  };
}

function connected(asking: http.ClientRequest): Promise<{ status: number; socket: Socket }> {
  return new Promise((resolve, reject) => {
    asking.once('connect', (response, socket) => resolve({ status: response.statusCode ?? 0, socket }));
    asking.once('error', reject);
    asking.once('close', () => reject(new Error('the proxy closed the connection')));
    asking.end();
  });
}
