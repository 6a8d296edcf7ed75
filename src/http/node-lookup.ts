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
  /** The thread that started this one has already reached every host. */
  readonly isMidRun?: boolean | undefined;
  /** Waits before each further lookup of an unknown name. */
  readonly pausesMs?: readonly number[] | undefined;
}

/** Name servers of CI systems also answer "no such name" while they start: wait 3 s for that. */
const PAUSES_MS = [250, 750, 2_000];

/**
 * A lookup that tells a misspelled name from a failing name server. A name that no lookup has ever found fails with
 * `UnknownHost`; for a name that was found before, the error is transient.
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

/** For a socket, which may ask for only one address. */
export function forSocket(lookup: Lookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}
