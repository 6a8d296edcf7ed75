import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type RunningProcess = {
  readonly pid: number;
  /** What it has written to stdout and stderr; only the end of it, where that is long. */
  readonly output: () => string;
  readonly exited: () => boolean;
  /** Ends it, by force after five seconds, and waits until it is gone. */
  readonly stop: () => Promise<void>;
  /** Ends it without a word of warning, and waits until it is gone. */
  readonly kill: () => Promise<void>;
};

export type ProcessStart = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

const outputKept = 16_384;
const graceMs = 5_000;
const startLimitMs = 20_000;

/** A server that runs beside a test. Should the test's process end without stopping it, it ends too. */
export async function startProcess({ command, args, cwd, env }: ProcessStart): Promise<RunningProcess> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-outputKept);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  await once(child, 'spawn');
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exited: () => hasExited(child),
    stop: () => stopChild(child),
    kill: () => endChild(child, 'SIGKILL'),
  };
}

/** Waits until the server answers this path with this status. Fails at once when its process has ended. */
export async function waitUntilReady(
  running: RunningProcess,
  host: string,
  path: string,
  status = 200,
): Promise<void> {
  const end = performance.now() + startLimitMs;
  while (performance.now() < end) {
    if (running.exited()) throw new Error(`the server for ${host} ended at its start:\n${running.output()}`);
    if ((await statusOf(host, path)) === status) return;
    await delay(25);
  }
  throw new Error(`no ${status} from http://${host}${path} in ${startLimitMs} ms:\n${running.output()}`);
}

/** A port that was free a moment ago: programs that cannot tell which port they chose need it told. */
export async function freeLoopbackPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no loopback port is free');
  return address.port;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stopChild(child: ChildProcess): Promise<void> {
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await endChild(child, 'SIGTERM');
  clearTimeout(force);
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasExited(child)) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

function statusOf(host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(`http://${host}${path}`, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
