import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { ModelcarError } from '../core/error.ts';
import { type Attempt, explain } from './network-error.ts';
import { isSpecialAddress } from './node-special-address.ts';
import { originOf } from './origin.ts';

/**
 * Stops a server on the internet from pointing us to a private address, by any name. The address is checked when a
 * connection resolves the name, so a name that changes its address in between gains nothing.
 */
export interface AddressGuard {
  /**
   * @param from the URL that pointed to `url`. Default: the server that the user named, which may have any address.
   * @param isProxied the proxy resolves names, not we: then only addresses in URLs are checked
   * @returns the lookup for a connection to `url`; it fails like this function
   * @throws ModelcarError `UNSUPPORTED` if `url` has a private address, and the server that pointed there a public one;
   *   `UNAVAILABLE` if the name of that server cannot be resolved now
   */
  check(url: string, from?: string, isProxied?: boolean): Promise<LookupFunction>;
}

/** `dns.lookup` with the option `all`. */
export type Lookup = (
  hostname: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

/**
 * What all addresses of a host are, as far as we have seen them. `dual`: public and private ones in one answer, as in
 * networks with private IPv4 and global IPv6 addresses. `changing`: public in one answer, private in another.
 */
type Reach = 'public' | 'private' | 'dual' | 'changing';

/** @param home the origin of the server that the user named; undefined where every request is the user's */
export function createAddressGuard(home: string | undefined, lookup: Lookup = dns.lookup): AddressGuard {
  const found = new Map<string, Reach>();

  function note(host: string, addresses: readonly string[]): void {
    const before = found.get(host);
    const reach = reachOf(addresses);
    found.set(host, before === undefined ? reach : together(before, reach));
  }

  function known(url: string): Reach | undefined {
    const host = hostOf(url);
    if (/(^|\.)localhost\.?$/.test(host)) return 'private';
    if (isIP(host) !== 0 && !found.has(host)) note(host, [host]);
    return found.get(host);
  }

  /** Resolves the name of a server that we have not connected to yet. */
  async function isPrivate(url: string, isProxied: boolean): Promise<boolean> {
    const host = hostOf(url);
    if (known(url) === undefined && !isProxied) {
      const addresses = await addressesOf(host);
      if (addresses.length > 0) note(host, addresses);
    }
    const reach = known(url);
    // The user chose the home server, so its second, public address is no sign of an attack.
    return reach === 'private' || (reach === 'dual' && originOf(url) === home);
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
    async check(url, from = home, isProxied = false) {
      // The server that the user named may have any address.
      const isFree = from === undefined || originOf(url) === home;

      async function refuseUnlessPrivate(address: string): Promise<void> {
        if (isFree || (await isPrivate(from, isProxied))) return;
        throw new ModelcarError(
          'UNSUPPORTED',
          `cannot connect to ${originOf(url)}: ${originOf(from)} points there, and ${address} is a private address`,
          {
            hint: 'Check the URLs that the server is configured with: only a server with a private address may point to one.',
          },
        );
      }

      const reach = isFree ? undefined : known(url);
      if (reach !== undefined && reach !== 'public') await refuseUnlessPrivate(hostOf(url));
      return (host, options, callback) => {
        lookup(host, { ...options, all: true }, (error, addresses) => {
          if (error) return callback(error, []);
          note(
            host,
            addresses.map(({ address }) => address),
          );
          const special = addresses.find(({ address }) => isSpecialAddress(address));
          const first = addresses[0];
          const judged = special ? refuseUnlessPrivate(special.address) : Promise.resolve();
          judged.then(
            () =>
              options.all ? callback(null, addresses) : callback(null, first?.address ?? '', first?.family),
            (refusal) => callback(refusal, []),
          );
        });
      };
    },
  };
}

function lookingUp(host: string): Attempt {
  return {
    what: () => `cannot look up ${host}`,
    proxy: undefined,
    signal: undefined,
    redact: (text) => text,
  };
}

/** A host without any address counts as public. */
function reachOf(addresses: readonly string[]): Reach {
  const special = addresses.filter(isSpecialAddress).length;
  if (special === 0) return 'public';
  return special === addresses.length ? 'private' : 'dual';
}

/** A name server may leave out some addresses of a dual host, but never all private ones. */
function together(before: Reach, now: Reach): Reach {
  if (before === now) return now;
  const isPublicOnce = [before, now].some((reach) => reach === 'public' || reach === 'changing');
  return isPublicOnce ? 'changing' : 'dual';
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
