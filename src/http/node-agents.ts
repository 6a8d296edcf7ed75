import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Lookup } from './node-lookup.ts';

/**
 * Time for the TCP handshake with an address while there are others to try. Node's 250 ms are too short for a far server.
 * This allows for one lost SYN (resent after a second), and for three addresses within the connection's time limit.
 */
const ATTEMPT_TIMEOUT_MS = 3_000;

/** Which addresses did not answer in time. The next connection tries them last, and so waits for them only once. */
export interface AddressOrder {
  readonly attemptTimeoutMs: number;
  note(address: string): void;
  /** Puts the addresses of a lookup in that order. */
  sorted(lookup: Lookup): Lookup;
}

export function createAddressOrder(attemptTimeoutMs: number = ATTEMPT_TIMEOUT_MS): AddressOrder {
  const slow = new Set<string>();
  return {
    attemptTimeoutMs,
    note: (address) => void slow.add(address),
    sorted: (lookup) => (host, options, callback) =>
      lookup(host, options, (error, addresses) => {
        if (error) return callback(error, addresses);
        const isSlow = ({ address }: { address: string }) => slow.has(address);
        callback(null, [...addresses.filter((one) => !isSlow(one)), ...addresses.filter(isSlow)]);
      }),
  };
}

type Callback = (error: Error | null, stream: Duplex) => void;

/** `http.Agent` that waits for each address as long as `order` says. */
export class PlainAgent extends http.Agent {
  readonly #order: AddressOrder;

  constructor(options: http.AgentOptions, order: AddressOrder) {
    super(options);
    this.#order = order;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: Callback): Duplex | null | undefined {
    return watched(super.createConnection(patient(options, this.#order), callback), this.#order);
  }
}

/** The same for `https.Agent`. */
export class SecureAgent extends https.Agent {
  readonly #order: AddressOrder;

  constructor(options: https.AgentOptions, order: AddressOrder) {
    super(options);
    this.#order = order;
  }

  override createConnection(options: https.RequestOptions, callback?: Callback): Duplex | null | undefined {
    return watched(super.createConnection(patient(options, this.#order), callback), this.#order);
  }
}

function patient<Options extends object>(options: Options, { attemptTimeoutMs }: AddressOrder): Options {
  return { ...options, autoSelectFamilyAttemptTimeout: attemptTimeoutMs };
}

function watched(stream: Duplex | null | undefined, order: AddressOrder): Duplex | null | undefined {
  stream?.on('connectionAttemptTimeout', (address: string) => order.note(address));
  return stream;
}
