import { BlockList, isIP } from 'node:net';
import { parseProxy } from './http-proxy.ts';

/** Which proxy a URL is asked through; undefined for none. May throw: then no request is sent. */
export type ProxyFor = (url: string) => string | undefined;

/**
 * The proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` name for a URL of their scheme, unless `NO_PROXY` leaves
 * its host out. The name in lower case comes first, as with curl; an empty variable counts as unset.
 *
 * `NO_PROXY` has the rules of Go (https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config), so that docker, podman,
 * skopeo and this tool agree: `example.com` is the domain and all below it, `.example.com` and `*.example.com` only
 * those below, then addresses and CIDR blocks, each but a block with or without a port, and `*` for all. `localhost`
 * and the loopback addresses never go through a proxy.
 *
 * @returns a function that throws ModelcarError `USAGE`, with the variable, if its value is not an HTTP proxy
 */
export function proxyFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyFor {
  const of = (name: string): Setting | undefined =>
    [name, name.toUpperCase()]
      .map((variable) => ({ variable, value: env[variable]?.trim() ?? '' }))
      .find(({ value }) => value !== '');
  const all = of('all_proxy');
  const proxies: Readonly<Record<string, Setting | undefined>> = {
    'https:': of('https_proxy') ?? all,
    'http:': of('http_proxy') ?? all,
  };
  const exceptions = parseNoProxy(of('no_proxy')?.value ?? '');
  // Asked for every request, and the same for all that go to one place.
  const found = new Map<string, string | undefined>();
  return (url) => {
    const { protocol, hostname, port, origin } = new URL(url);
    if (found.has(origin)) return found.get(origin);
    const host = hostname.replace(/^\[|\]$/g, '');
    const target = { host, port: port || (protocol === 'https:' ? '443' : '80') };
    const left = isLoopback(host) || exceptions.some((matches) => matches(target));
    const proxy = left ? undefined : proxies[protocol];
    // Parse here, where the name of the variable is known.
    if (proxy !== undefined) parseProxy(proxy.value, proxy.variable);
    found.set(origin, proxy?.value);
    return proxy?.value;
  };
}

interface Setting {
  readonly variable: string;
  readonly value: string;
}

interface Target {
  /** In lower case and, for IPv6, without brackets. */
  readonly host: string;
  readonly port: string;
}

type Exception = (target: Target) => boolean;

function parseNoProxy(text: string): readonly Exception[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .map(parseException);
}

function parseException(item: string): Exception {
  if (item === '*') return () => true;
  const [, address = '', bits = ''] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(item) ?? [];
  if (isIP(address) !== 0 && Number(bits) <= (isIP(address) === 4 ? 32 : 128)) {
    return ({ host }) => isInBlock(host, address, Number(bits));
  }
  const [, bracketed, name = '', port] =
    isIP(item) === 0 ? (/^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(item) ?? []) : [item, item];
  const host = bracketed ?? name;
  const samePort = (target: Target) => port === undefined || port === target.port;
  if (isIP(host) !== 0) return (target) => samePort(target) && isInBlock(target.host, host, undefined);
  const suffix = host.startsWith('*.') ? host.slice(1) : host;
  return suffix.startsWith('.')
    ? (target) => samePort(target) && target.host.endsWith(suffix)
    : (target) => samePort(target) && `.${target.host}`.endsWith(`.${suffix}`);
}

/** Addresses have more than one spelling; without `bits`, the block is the one address. */
function isInBlock(host: string, address: string, bits: number | undefined): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  const block = new BlockList();
  block.addSubnet(address, bits ?? (isIP(address) === 4 ? 32 : 128), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || isInBlock(host, '127.0.0.0', 8) || isInBlock(host, '::1', undefined);
}
