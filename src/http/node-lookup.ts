import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { UnknownHost } from './network-error.ts';

/** `dns.lookup` with the option `all`. */
export type Lookup = (
  hostname: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

export interface PatientLookupOptions {
  /** Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined;
  /** Every host has been reached before, by the thread that started this one. */
  readonly isMidRun?: boolean | undefined;
  /** How long to wait before a name that no name server knows is looked up again. */
  readonly pausesMs?: readonly number[] | undefined;
}

/** Name servers of CI systems also say "no such name" while they start: 3 s are enough for that. */
const PAUSES_MS = [250, 750, 2_000];

/**
 * A lookup that tells a name that does not exist from a name server in trouble. A name that was never found, not even
 * after several tries, fails with `UnknownHost`: the user probably misspelled it. A name that was found before stays a
 * transient error.
 */
export function createPatientLookup({
  lookup = dns.lookup,
  isMidRun = false,
  pausesMs = PAUSES_MS,
}: PatientLookupOptions = {}): Lookup {
  const found = new Set<string>();
  return (host, options, callback) => {
    const ask = (attempt: number): void =>
      lookup(host, options, (error, addresses) => {
        if (error === null) found.add(host);
        if (error?.code !== 'ENOTFOUND' || isMidRun || found.has(host)) return callback(error, addresses);
        const pause = pausesMs[attempt];
        if (pause === undefined) return callback(new UnknownHost(host, error), []);
        setTimeout(ask, pause, attempt + 1);
      });
    ask(0);
  };
}

/** The same for a socket, which may ask for one address only. */
export function forSocket(lookup: Lookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}
