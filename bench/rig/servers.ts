import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FromServer, ToServer } from './serve-parent.ts';
import { killAtEnd, killGroupAtEnd } from './temporary.ts';

const START_LIMIT_MS = 20_000;

/** A server of ours in a process of its own: its processor time is nobody else's. */
export interface OwnServer<Report> {
  readonly port: number;
  report(): Promise<Report>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** @param prefix what runs the process, such as `ip netns exec NAME` */
export async function startOwnServer<Start, Report>(
  module: URL,
  start: Start,
  prefix: readonly string[] = [],
): Promise<OwnServer<Report>> {
  const [execPath = '', ...execArgv] = [...prefix, process.execPath];
  const child = fork(module, {
    execPath,
    execArgv,
    env: { PATH: process.env.PATH },
    serialization: 'advanced',
  });
  killAtEnd(child);
  const ask = (message: ToServer<Start>) =>
    new Promise<FromServer<Report>>((resolve, reject) => {
      const onExit = () => reject(new Error(`${module.pathname} ended`));
      child.once('exit', onExit);
      child.once('message', (answer: FromServer<Report>) => {
        child.off('exit', onExit);
        resolve(answer);
      });
      child.send(message);
    });
  const started = await ask({ start });
  if (!('port' in started)) throw new Error(`${module.pathname} has no port`);
  return {
    port: started.port,
    async report() {
      const answer = await ask({ say: 'report' });
      if (!('report' in answer)) throw new Error(`${module.pathname} has no report`);
      return answer.report;
    },
    async reset() {
      await ask({ say: 'reset' });
    },
    stop: () => end(child),
  };
}

/** A program that somebody else wrote, until it listens. */
export interface Daemon {
  stop(): Promise<void>;
}

export async function startDaemon(
  command: readonly string[],
  port: number,
  folder: string,
  address = '127.0.0.1',
): Promise<Daemon> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: daemonEnvironment(),
    detached: true,
  });
  // A master that is killed leaves its workers behind.
  killGroupAtEnd(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4_096);
  });
  const limit = performance.now() + START_LIMIT_MS;
  while (!(await listens(port, address))) {
    if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${said}`);
    if (performance.now() > limit)
      throw new Error(`${program} does not listen on ${address}:${port}: ${said}`);
    await delay(20);
  }
  return { stop: () => end(child) };
}

function daemonEnvironment(): Record<string, string | undefined> {
  return { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' };
}

function listens(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(force);
}
