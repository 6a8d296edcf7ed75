import { execFileSync } from 'node:child_process';
import type { DelayReport, DelayStart } from './delay-proxy.ts';
import { findProgram } from './programs.ts';
import { startOwnServer } from './servers.ts';
import { atEnd, quietly } from './temporary.ts';

/** The way between client and registry. */
export interface Network {
  /** Where the registry runs: the address that it listens on, and what starts a process there. */
  readonly server: { readonly address: string; readonly prefix: readonly string[] };
  /** What a client is told of a server that listens on this port there. */
  reach(port: number): Promise<{ readonly host: string; stop(): Promise<void> }>;
  stop(): void;
}

/** How a delay is made on this machine. */
export type DelayKind = 'kernel' | 'proxy';

export function startNetwork(rttMs: number | undefined, kind: DelayKind): Network {
  if (rttMs === undefined) return LOOPBACK;
  return kind === 'kernel'
    ? startNamespace(rttMs)
    : { ...LOOPBACK, reach: (port) => startProxy(port, rttMs) };
}

/** Nothing between them. */
const LOOPBACK: Network = {
  server: { address: '127.0.0.1', prefix: [] },
  reach: async (port) => ({ host: `127.0.0.1:${port}`, stop: async () => undefined }),
  stop: () => undefined,
};

/** Root may make networks, in most places. It is tried, not asked. */
export function delayKind(): DelayKind {
  if (findProgram('ip') === undefined || findProgram('tc') === undefined) return 'proxy';
  try {
    startNamespace(1).stop();
    return 'kernel';
  } catch {
    return 'proxy';
  }
}

let namespaces = 0;

/** The registry in a network namespace of its own, behind a cable with half of the delay in each direction. */
function startNamespace(rttMs: number): Network {
  namespaces += 1;
  const name = `bench-${process.pid}-${namespaces}`;
  const [here, there] = [`b${process.pid}a${namespaces}`, `b${process.pid}b${namespaces}`];
  // From the networks that are set aside for benchmarks (RFC 2544).
  const [hereAddress, thereAddress] = ['198.18.50.1', '198.18.50.2'];
  const ip = (...args: string[]) => run('ip', args);
  const inside = ['ip', 'netns', 'exec', name];
  const delay = ['root', 'netem', 'delay', `${rttMs / 2}ms`, 'limit', '100000'];
  ip('netns', 'add', name);
  const stop = atEnd(() => {
    quietly('ip', ['link', 'del', here]);
    quietly('ip', ['netns', 'del', name]);
  });
  try {
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
    ip('addr', 'add', `${hereAddress}/30`, 'dev', here);
    ip('link', 'set', here, 'up');
    ip('-n', name, 'addr', 'add', `${thereAddress}/30`, 'dev', there);
    ip('-n', name, 'link', 'set', there, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    run('tc', ['qdisc', 'add', 'dev', here, ...delay]);
    run('tc', ['-n', name, 'qdisc', 'add', 'dev', there, ...delay]);
  } catch (cause) {
    stop();
    throw cause;
  }
  return {
    server: { address: thereAddress, prefix: inside },
    reach: async (port) => ({ host: `${thereAddress}:${port}`, stop: async () => undefined }),
    stop,
  };
}

function run(name: string, args: readonly string[]): void {
  execFileSync(name, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function startProxy(
  port: number,
  rttMs: number,
): Promise<{ readonly host: string; stop(): Promise<void> }> {
  const start: DelayStart = { address: '127.0.0.1', to: port, oneWayMs: rttMs / 2 };
  const module = new URL('./delay-proxy.js', import.meta.url);
  const proxy = await startOwnServer<DelayStart, DelayReport>(module, start);
  return { host: `127.0.0.1:${proxy.port}`, stop: proxy.stop };
}
