import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { type HttpProxy, parseProxy } from './http-proxy.ts';
import { trustAlso } from './node-trust.ts';
import { TunnelAgent } from './node-tunnel-agent.ts';
import type { Redacting } from './presentable.ts';
import { parseTarget } from './request-target.ts';

type Target = ReturnType<typeof parseTarget>;

/** How a request gets to its server: straight, or by way of a proxy. */
export interface Route {
  readonly open: typeof http.request;
  readonly options: RouteOptions;
  /** For a connection by `options.agent` that Node's client does not ask for itself. */
  readonly connectOptions: ConnectionOptions;
  /** Besides those of the request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: HttpProxy | undefined;
}

export interface RouteOptions {
  readonly host: string;
  readonly port: string | number;
  readonly path: string;
  readonly servername?: string;
  readonly agent: http.Agent;
}

export interface Routes {
  /** @throws ModelcarError `UNSUPPORTED` for a URL that is not HTTP's, `USAGE` for a proxy that is not */
  to(url: string): Promise<Route>;
  /** Lets go of the connections that are kept open for the next request. */
  close(): void;
}

/** Which proxy a URL is asked through. Another thread may have to be asked. */
export type FindProxy = (url: string) => string | undefined | Promise<string | undefined>;

export interface RoutesOptions extends Redacting {
  readonly connectTimeoutMs: number;
  readonly userAgent?: string | undefined;
  /** CAs to trust besides Node's own, each a certificate in PEM form. */
  readonly ca?: readonly string[];
  /** Whoever answers is taken for the server, but not for an https proxy. */
  readonly insecure?: boolean | undefined;
  readonly proxyFor?: FindProxy | undefined;
}

export function createRoutes(options: RoutesOptions): Routes {
  const plain = new http.Agent({ keepAlive: true });
  // Made where TLS is spoken first: many a registry in a cluster has none.
  let made: ReturnType<typeof secureAgents> | undefined;
  const secure = () => {
    made ??= secureAgents(options);
    return made;
  };
  const tunnels = new Map<string, TunnelAgent>();

  function tunnelThrough(proxy: HttpProxy): TunnelAgent {
    const { connectTimeoutMs, userAgent, redact } = options;
    const key = `${proxy.name} ${proxy.authorization}`;
    const { tls, trust } = secure();
    const tunnel =
      tunnels.get(key) ?? new TunnelAgent(tls, { proxy, trust, connectTimeoutMs, userAgent, redact });
    tunnels.set(key, tunnel);
    return tunnel;
  }

  function toward(target: Target, proxy: HttpProxy | undefined): Omit<Route, 'proxy'> {
    const { protocol, ...options } = target;
    if (protocol === 'https:') {
      const { tls, direct } = secure();
      const agent = proxy === undefined ? direct : tunnelThrough(proxy);
      return { open: https.request, options: { ...options, agent }, connectOptions: tls, headers: {} };
    }
    if (proxy === undefined)
      return { open: http.request, options: { ...options, agent: plain }, connectOptions: {}, headers: {} };
    const asked = absoluteForm(proxy, target);
    if (proxy.scheme === 'http')
      return {
        ...asked,
        open: http.request,
        options: { ...asked.options, agent: plain },
        connectOptions: {},
      };
    const { toProxy: agent, trust } = secure();
    return { ...asked, open: https.request, options: { ...asked.options, agent }, connectOptions: trust };
  }

  return {
    async to(url) {
      const target = parseTarget(url, options);
      const proxyUrl = await options.proxyFor?.(url);
      const proxy = proxyUrl === undefined ? undefined : parseProxy(proxyUrl);
      return { ...toward(target, proxy), proxy };
    },
    close() {
      plain.destroy();
      made?.direct.destroy();
      made?.toProxy.destroy();
      for (const tunnel of tunnels.values()) tunnel.destroy();
    },
  };
}

function secureAgents({ ca = [], insecure }: RoutesOptions) {
  const trust = trustAlso(ca);
  const tls = { ...trust, keepAlive: true, rejectUnauthorized: insecure !== true };
  return {
    trust,
    tls,
    direct: new https.Agent(tls),
    toProxy: new https.Agent({ ...trust, keepAlive: true }),
  };
}

/** What is asked of a proxy without a tunnel: the whole URL (RFC 9112, section 3.2.2). */
function absoluteForm(
  { host, port, authorization }: HttpProxy,
  target: Target,
): { readonly options: Omit<RouteOptions, 'agent'>; readonly headers: Route['headers'] } {
  const name = isIP(target.host) === 6 ? `[${target.host}]` : target.host;
  const authority = target.port === '' ? name : `${name}:${target.port}`;
  return {
    // Without `servername` Node would take the target's name, from the header.
    options: { host, port, path: `http://${authority}${target.path}`, servername: isIP(host) ? '' : host },
    headers: {
      host: authority,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
  };
}
