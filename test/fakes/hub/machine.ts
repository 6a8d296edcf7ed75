import { requireMarked } from '../../support/secrets.ts';
import type { TokenSpec } from './auth.ts';
import { createFaultBook, type FaultBook } from './faults.ts';
import { type Listener, listen } from './listener.ts';
import { PERSONAS, type Persona } from './personas.ts';
import { createRateLimiter, type Quota, type RateLimiter } from './rate-limit.ts';
import { createRepo, type RepoSpec } from './repo-graph.ts';
import { createGauge, type Gauge, type LogEntry, type Origin } from './request-log.ts';
import { type Serving, serve } from './serve.ts';
import { createSigner } from './signing.ts';
import { DEFAULT_KNOBS, type HubState, type Knobs } from './state.ts';
import { createThrottle } from './throttle.ts';

export interface MachineOptions extends Partial<Knobs> {
  readonly repos?: readonly RepoSpec[];
  /** By token string, which need not start with `hf_`. */
  readonly tokens?: Readonly<Record<string, TokenSpec>>;
  /** As behind a proxy: `/hf` makes the endpoint `http://127.0.0.1:port/hf`. */
  readonly pathPrefix?: string;
  /** Speaks as this mirror or proxy does; other options still win over what it brings. */
  readonly persona?: Persona;
  /** Requests per window; what is not given is what the real Hub grants. */
  readonly quota?: Quota;
  /** How far the Hub's clock is ahead of ours. */
  readonly clockSkewSeconds?: number;
  /** With 2, signed URLs alternate between two CDN origins. */
  readonly cdnCount?: 1 | 2;
}

/** The running parts behind a `FakeHub`. */
export interface Machine {
  readonly state: HubState;
  readonly log: LogEntry[];
  readonly faults: FaultBook;
  readonly limiter: RateLimiter;
  readonly listeners: { readonly hub: Listener; readonly cdns: readonly Listener[] };
  readonly requestGauges: Readonly<Record<Origin, Gauge>>;
  advanceClock(seconds: number): void;
  close(): Promise<void>;
}

export async function startMachine(options: MachineOptions): Promise<Machine> {
  for (const token of Object.keys(options.tokens ?? {})) requireMarked('a Hub token', token);
  const closing = new AbortController();
  const bugs: unknown[] = [];
  const log: LogEntry[] = [];
  const faults = createFaultBook();
  const limiter = createRateLimiter(options.quota ?? {});
  const requestGauges = { hub: createGauge(), cdn: createGauge() };
  const clock = createClock(options.clockSkewSeconds ?? 0);
  let requestCount = 0;
  // Ports are known only once listening; nobody can ask before this function returns the endpoint.
  let serving: ((listener: Listener) => Serving) | undefined;

  const open = async (origin: Origin): Promise<Listener> => {
    const listener: Listener = await listen((message, response) => {
      if (!serving) return;
      requestGauges[origin].enter();
      response.once('close', () => requestGauges[origin].leave());
      void serve(serving(listener), origin, message, response);
    });
    return listener;
  };
  const hub = await open('hub');
  const cdns = await Promise.all(Array.from({ length: options.cdnCount ?? 1 }, () => open('cdn')));
  const state = createState(options, hub, cdns, clock.nowMs);
  const throttle = createThrottle({
    speed: () => state.knobs.speed,
    openConnections: () => cdns.reduce((sum, { connections }) => sum + connections.now, 0),
    totalBytesSent: () => log.reduce((sum, entry) => sum + entry.bytesSent, 0),
  });
  serving = (listener) => ({
    state,
    faults,
    limiter,
    throttle,
    log,
    listener,
    closing: closing.signal,
    nextNumber: () => ++requestCount,
    onBug: (cause) => void bugs.push(cause),
  });
  return {
    state,
    log,
    faults,
    limiter,
    listeners: { hub, cdns },
    requestGauges,
    advanceClock: clock.advance,
    async close() {
      closing.abort();
      await Promise.all([hub, ...cdns].map((listener) => listener.goDown()));
      if (bugs.length > 0) throw new AggregateError(bugs, 'the fake hub failed on a request');
    },
  };
}

function createClock(skewSeconds: number): { nowMs: () => number; advance: (seconds: number) => void } {
  let offsetMs = skewSeconds * 1000;
  return {
    nowMs: () => Date.now() + offsetMs,
    advance(seconds) {
      offsetMs += seconds * 1000;
    },
  };
}

function createState(
  options: MachineOptions,
  hub: Listener,
  cdns: readonly Listener[],
  nowMs: () => number,
): HubState {
  const { repos = [], tokens = {}, persona, quota, clockSkewSeconds, cdnCount, ...rest } = options;
  const traits = persona === undefined ? {} : PERSONAS[persona];
  const { pathPrefix = traits.pathPrefix ?? '', ...knobs } = rest;
  const endpoint = `http://127.0.0.1:${hub.port}${pathPrefix}`;
  return {
    repos: repos.map(createRepo),
    tokens: { ...tokens },
    knobs: { ...DEFAULT_KNOBS, publicOrigin: endpoint, ...traits.knobs, ...knobs },
    signer: createSigner(),
    endpoint,
    pathPrefix,
    cdnOrigins: cdns.map(({ port }) => `http://localhost:${port}`),
    mints: 0,
    traits,
    nowMs,
  };
}
