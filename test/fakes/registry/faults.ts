import type { Gate } from './gate.ts';
import type { RangeForm } from './personality.ts';
import type { LogEntry } from './request-log.ts';
import type { PathClass } from './routes.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** Which requests a fault strikes: the nth that match, and as many after it as `times` says. */
export interface Trigger {
  readonly on: Method | PathClass | readonly (Method | PathClass)[];
  readonly repository?: string;
  readonly where?: (entry: LogEntry) => boolean;
  /** Counts from 1, over the requests that match. Default 1. */
  readonly nth?: number;
  /** Default 1; `Infinity` for always. */
  readonly times?: number;
}

/** An answer that is not the registry's own. */
export interface FaultAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * `arrival`: before the body is read (default). A number: after that many body bytes, which are stored.
   * `unstored`: the whole body is read and thrown away. `stored`: everything was done, only the answer lies
   * (a refusal stays what it is: nothing was done).
   */
  readonly at?: 'arrival' | 'unstored' | 'stored' | number;
}

export type LocationForm =
  | 'relative'
  | 'absolute'
  | 'other-host'
  | 'http'
  | 'no-scheme'
  | 'default-port'
  | 'extra-query'
  | 'none';

/** What a fault does, in the order of a request's life; several may be combined. */
export interface Effects {
  /** The session is gone before the request is looked at. */
  readonly losesSession?: true;
  /** Wait here before anything is read. */
  readonly hold?: Gate;
  readonly answer?: FaultAnswer;
  /** 307 and friends, to the same path and query on the second origin. */
  readonly redirectsWith?: 301 | 302 | 303 | 307 | 308;
  /** A proxy's body limit: 413 at once when declared, else after the limit was passed on. */
  readonly bodyLimit?: number;
  /** As a request-buffering proxy: a body that does not arrive whole never reaches the registry. */
  readonly buffersBody?: true;
  /** The registry ends the connection after this many body bytes, which are stored. */
  readonly cutAfter?: number;
  readonly cutWith?: 'fin' | 'rst';
  /** A time limit on the body, as Traefik has one of 60 s. The only fault with a clock of its own. */
  readonly cutAfterMs?: number;
  /** With a cut: the status tells the stored bytes only after this many status requests, in equal steps. */
  readonly settlesAfter?: number;
  /** Hold the reading of the body once this many bytes came. */
  readonly holdBody?: { readonly after: number; readonly gate: Gate };
  /** Read no faster than this: a slow registry. */
  readonly bytesPerSecond?: number;
  /** Keep only the first bytes of the body; the answer's Range says so. */
  readonly storesOnly?: number;
  /** Turn one bit of the byte at this place of the body. */
  readonly flipsByteAt?: number;
  /** The committed blob stays invisible for this many HEAD and GET requests. */
  readonly hidesBlobFor?: number;
  /** Wait here after everything was done and before the answer goes out. */
  readonly holdAnswer?: Gate;
  /** Everything is done, and the connection closes without an answer. */
  readonly dropsAnswer?: true;
  /** The answer's Range, written another way. */
  readonly range?: RangeForm | { readonly value: string };
  readonly location?: LocationForm;
  /** Set or, with null, take away headers of the answer. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export type Fault = Trigger & Effects;

export interface FaultBook {
  add(fault: Fault): void;
  /** The effects for this request: every fault that matches counts it, the earlier one wins. */
  strike(entry: LogEntry): Effects;
  /** Faults whose turn has not come. */
  readonly pending: readonly Fault[];
}

export function createFaultBook(faults: readonly Fault[] = []): FaultBook {
  const book: { fault: Fault; seen: number }[] = faults.map((fault) => ({ fault, seen: 0 }));
  return {
    add(fault) {
      book.push({ fault, seen: 0 });
    },
    strike(entry) {
      let effects: Effects = {};
      for (const page of book) {
        if (!matches(page.fault, entry)) continue;
        page.seen += 1;
        const first = page.fault.nth ?? 1;
        if (page.seen < first || page.seen >= first + (page.fault.times ?? 1)) continue;
        effects = { ...page.fault, ...effects };
      }
      return effects;
    },
    get pending() {
      return book.filter(({ fault, seen }) => seen < (fault.nth ?? 1)).map(({ fault }) => fault);
    },
  };
}

function matches(fault: Fault, entry: LogEntry): boolean {
  const on: readonly string[] = typeof fault.on === 'string' ? [fault.on] : fault.on;
  if (!on.includes(entry.method) && !on.includes(entry.pathClass)) return false;
  if (fault.repository !== undefined && fault.repository !== entry.repository) return false;
  // Token requests are nobody's idea of "a GET" or "a POST" of the registry.
  if (entry.pathClass === 'token' && !on.includes('token')) return false;
  return fault.where?.(entry) ?? true;
}
