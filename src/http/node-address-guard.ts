import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { ModelcarError } from '../core/error.ts';
import { type Attempt, explain } from './network-error.ts';
import { forSocket, type Lookup } from './node-lookup.ts';
import { type AddressScope, scopeOf } from './node-special-address.ts';
import { originOf } from './origin.ts';

/**
 * Stops a server on the internet from pointing us to a private address, by any name. The address is checked when a
 * connection resolves the name, so a name that changes its address in between gains nothing.
 */
export interface AddressGuard {
  /**
   * @param from the URL that pointed to `url`. Default: the server that the user named, which may have any address.
   * @returns the lookup for a connection to `url`; it fails like this function
   * @throws ModelcarError `UNSUPPORTED` if `url` has an address that the server that pointed there may not name;
   *   `UNAVAILABLE` if the name of that server cannot be resolved now
   */
  check(url: string, from?: string): Promise<LookupFunction>;
}

type Scopes = ReadonlySet<AddressScope>;

/** The scopes of the addresses that we have seen of a host. */
interface Seen {
  /** In any answer. */
  readonly ever: Scopes;
  /** In every answer: a name server may omit some addresses of a host, but a private host keeps a private one. */
  readonly always: Scopes;
}

/** Where a server with an address of each scope may point to, besides public addresses (docs/decisions/0011). */
const MAY_POINT_TO: Readonly<Record<AddressScope, readonly AddressScope[]>> = {
  public: [],
  private: ['private', 'reserved'],
  loopback: ['loopback', 'private', 'reserved'],
  'link-local': ['link-local', 'private', 'reserved'],
  reserved: ['reserved'],
};

export interface AddressGuardOptions {
  readonly lookup?: Lookup | undefined;
  /** Whether requests to a URL use a proxy, which then resolves the name. Default: no. */
  readonly isProxied?: (url: string) => Promise<boolean>;
}

/** @param home the origin of the server that the user named; undefined where every request is the user's */
export function createAddressGuard(
  home: string | undefined,
  { lookup = dns.lookup, isProxied = async () => false }: AddressGuardOptions = {},
): AddressGuard {
  const found = new Map<string, Seen>();

  function note(host: string, addresses: readonly string[]): void {
    const now: Scopes = new Set(addresses.length === 0 ? ['public'] : addresses.map(scopeOf));
    const { ever, always } = found.get(host) ?? { ever: now, always: now };
    found.set(host, {
      ever: new Set([...ever, ...now]),
      always: new Set([...always].filter((scope) => now.has(scope))),
    });
  }

  function known(url: string): Seen | undefined {
    const host = hostOf(url);
    if (isLocalhost(host)) return { ever: LOOPBACK, always: LOOPBACK };
    if (isIP(host) !== 0 && !found.has(host)) note(host, [host]);
    return found.get(host);
  }

  /** Resolves the name of a server that we have not connected to yet. */
  async function mayPointTo(scope: AddressScope, from: string): Promise<boolean> {
    if (known(from) === undefined && !(await isProxied(from))) {
      const addresses = await addressesOf(hostOf(from));
      if (addresses.length > 0) note(hostOf(from), addresses);
    }
    const { ever, always } = known(from) ?? { ever: NONE, always: NONE };
    // The user chose the home server, so its second, public address is no sign of an attack.
    if (ever.has('public') && originOf(from) !== home) return false;
    return [...always].some((its) => MAY_POINT_TO[its].includes(scope));
  }

  /** @throws ModelcarError `UNAVAILABLE` if the name server does not answer: that says nothing about the host */
  function addressesOf(host: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      lookup(host, { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses.map(({ address }) => address));
        // Only a proxy may know this name.
        else if (error.code === 'ENOTFOUND') resolve([]);
        else reject(explain(error, lookingUp(host)));
      });
    });
  }

  return {
    async check(url, from = home) {
      // The server that the user named may have any address.
      const isFree = from === undefined || originOf(url) === home;

      async function refuseUnlessAllowed(address: string, scope: AddressScope): Promise<void> {
        if (isFree || scope === 'public' || (await mayPointTo(scope, from))) return;
        throw refusal(url, from, address, scope);
      }

      if (!isFree) {
        for (const scope of known(url)?.ever ?? []) await refuseUnlessAllowed(hostOf(url), scope);
      }
      return forSocket((host, options, callback) => {
        lookup(host, options, (error, addresses) => {
          if (error) return callback(error, []);
          note(
            host,
            addresses.map(({ address }) => address),
          );
          const judge = async () => {
            for (const { address } of addresses) await refuseUnlessAllowed(address, scopeOf(address));
          };
          judge().then(
            () => callback(null, addresses),
            (refused) => callback(refused, []),
          );
        });
      });
    },
  };
}

const NONE: Scopes = new Set();
const LOOPBACK: Scopes = new Set(['loopback']);

function isLocalhost(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host);
}

function refusal(
  url: string,
  from: string,
  address: string,
  scope: Exclude<AddressScope, 'public'>,
): ModelcarError {
  const [server, there] = [originOf(from), originOf(url)];
  const { is, hint } = {
    private: {
      is: 'a private address',
      hint: `Reach ${server} by a name with a private address or through a proxy, or have it point to a public address.`,
    },
    loopback: {
      is: 'an address of this machine',
      hint: `Correct the URLs that ${server} is configured with: only a server on this machine may point to this machine.`,
    },
    'link-local': {
      is: 'a link-local or metadata address',
      hint: `Correct the URLs that ${server} is configured with: only a server with such an address may point there.`,
    },
    reserved: {
      is: 'a reserved address',
      hint: `Correct the URLs that ${server} is configured with, or the name server of this network.`,
    },
  }[scope];
  const what = `cannot connect to ${there}: ${server} points there, and ${address} is ${is}`;
  return new ModelcarError('UNSUPPORTED', what, { hint });
}

function lookingUp(host: string): Attempt {
  return {
    what: () => `cannot look up ${host}`,
    proxy: undefined,
    signal: undefined,
    redact: (text) => text,
  };
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
