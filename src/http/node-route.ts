import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ClientCertificate, TrustedCas } from '../core/certificates.ts';
import { type HttpProxy, parseProxy } from './http-proxy.ts';
import { createAddressGuard } from './node-address-guard.ts';
import { type AddressOrder, createAddressOrder, PlainAgent, SecureAgent } from './node-agents.ts';
import { createPatientLookup, forSocket, type PatientLookupOptions } from './node-lookup.ts';
import { trustAlso } from './node-trust.ts';
import { TunnelAgent } from './node-tunnel-agent.ts';
import { originOf } from './origin.ts';
import type { Redacting } from './presentable.ts';
import { parseTarget } from './request-target.ts';
import type { Verification } from './tls-error.ts';

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
  /** For the error about a server that fails verification. */
  readonly verification: Verification;
}

export interface RouteOptions {
  readonly host: string;
  readonly port: string | number;
  readonly path: string;
  readonly servername?: string;
  readonly agent: http.Agent;
  readonly lookup: LookupFunction;
}

/** A route whose proxy, and whose lookup, are still to be added. */
interface Way extends Omit<Route, 'proxy' | 'options' | 'verification'> {
  readonly options: Omit<RouteOptions, 'lookup'>;
}

export interface Routes {
  /**
   * @param redirectedFrom the URL that redirected to `url`
   * @throws ModelcarError `UNSUPPORTED` if the URL is not an HTTP URL, or a server with a public address points to a
   *   private one; `USAGE` if the proxy is not a proxy URL
   */
  to(url: string, redirectedFrom?: string): Promise<Route>;
  /** Lets go of the connections that are kept open for the next request. */
  close(): void;
}

/** Which proxy a URL is asked through. Another thread may have to be asked. */
export type FindProxy = (url: string) => string | undefined | Promise<string | undefined>;

export interface RoutesOptions extends Redacting, PatientLookupOptions {
  readonly connectTimeoutMs: number;
  readonly userAgent?: string | undefined;
  /** Default: Node's own CAs. */
  readonly trusted?: TrustedCas | undefined;
  /** Default: none. */
  readonly home?: HomeServer | undefined;
  readonly proxyFor?: FindProxy | undefined;
  /** How long one of several addresses may take to answer. Default 3,000. */
  readonly attemptTimeoutMs?: number | undefined;
}

/** The server that the user named. It points to every other server that we ask. */
export interface HomeServer {
  readonly origin: string;
  /**
   * Whether to skip the verification of its certificate; undefined where the user cannot ask for that. Certificates of
   * other servers and of https proxies are always verified.
   */
  readonly insecure?: boolean | undefined;
  /** For this server only, if it asks for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Where its certificates belong, for errors. */
  readonly certificateFolder?: string | undefined;
}

export function createRoutes(options: RoutesOptions): Routes {
  const order = createAddressOrder(options.attemptTimeoutMs);
  const lookup = order.sorted(createPatientLookup(options));
  const lookupOfProxy = forSocket(lookup);
  const plain = new PlainAgent({ keepAlive: true }, order);
  const { home, trusted = NODES_OWN } = options;
  const homeOrigin = home && originOf(home.origin);
  const addresses = createAddressGuard(homeOrigin, {
    lookup,
    isProxied: async (url) => (await options.proxyFor?.(url)) !== undefined,
  });
  // Made where TLS is spoken first: many a registry in a cluster has none.
  const made = new Map<boolean, ReturnType<typeof secureAgents>>();
  const secure = (toHome: boolean) => {
    const agents = made.get(toHome) ?? secureAgents(trusted.ca, toHome ? home : undefined, order);
    made.set(toHome, agents);
    return agents;
  };
  const verificationOf = (isHome: boolean): Verification => ({
    trusted,
    folder: isHome ? home?.certificateFolder : undefined,
    hasClientCertificate: isHome && home?.clientCertificate !== undefined,
    isRegistry: home?.insecure !== undefined,
  });
  const tunnels = new Map<string, TunnelAgent>();

  function tunnelThrough(proxy: HttpProxy, toHome: boolean): TunnelAgent {
    const { connectTimeoutMs, userAgent, redact } = options;
    const key = `${toHome} ${proxy.name} ${proxy.authorization}`;
    const known = tunnels.get(key);
    if (known !== undefined) return known;
    const { trust } = secure(false);
    const verification = verificationOf(false);
    const toProxy = proxy.scheme === 'https' ? new SecureAgent({}, order) : new PlainAgent({}, order);
    const tunnel = new TunnelAgent(secure(toHome).tls, {
      ...{ proxy, trust, verification, toProxy, lookup: lookupOfProxy },
      ...{ connectTimeoutMs, userAgent, redact },
    });
    tunnels.set(key, tunnel);
    return tunnel;
  }

  function toward(target: Target, proxy: HttpProxy | undefined, isHome: boolean): Way {
    const { protocol, ...options } = target;
    if (protocol === 'https:') {
      const { tls, direct } = secure(isHome);
      const agent = proxy === undefined ? direct : tunnelThrough(proxy, isHome);
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
    const { toProxy: agent, trust } = secure(false);
    return { ...asked, open: https.request, options: { ...asked.options, agent }, connectOptions: trust };
  }

  return {
    async to(url, redirectedFrom) {
      const target = parseTarget(url, options);
      const proxyUrl = await options.proxyFor?.(url);
      const proxy = proxyUrl === undefined ? undefined : parseProxy(proxyUrl);
      const guarded = await addresses.check(url, redirectedFrom);
      const isHome = originOf(url) === homeOrigin;
      const route = { ...toward(target, proxy, isHome), proxy, verification: verificationOf(isHome) };
      const lookup = proxy === undefined ? guarded : lookupOfProxy;
      return { ...route, options: { ...route.options, lookup } };
    },
    close() {
      plain.destroy();
      for (const { direct, toProxy } of made.values()) {
        direct.destroy();
        toProxy.destroy();
      }
      for (const tunnel of tunnels.values()) tunnel.destroy();
    },
  };
}

const NODES_OWN: TrustedCas = { ca: [], origins: [], unusable: [] };

/** @param home undefined for any other server: always verify it, and never show it our certificate */
function secureAgents(ca: readonly string[], home: HomeServer | undefined, order: AddressOrder) {
  const trust = trustAlso(ca, home?.clientCertificate);
  const tls = { ...trust, keepAlive: true, rejectUnauthorized: !home?.insecure };
  return {
    trust,
    tls,
    direct: new SecureAgent(tls, order),
    toProxy: new SecureAgent({ ...trust, keepAlive: true }, order),
  };
}

/** What is asked of a proxy without a tunnel: the whole URL (RFC 9112, section 3.2.2). */
function absoluteForm(
  { host, port, authorization }: HttpProxy,
  target: Target,
): { readonly options: Omit<RouteOptions, 'agent' | 'lookup'>; readonly headers: Route['headers'] } {
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
