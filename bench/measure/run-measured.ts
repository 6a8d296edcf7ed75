import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from '../contenders/contender.ts';
import { program } from '../rig/programs.ts';
import { killGroupAtEnd } from '../rig/temporary.ts';
import { watchMemory } from './watch-memory.ts';

export interface Measured {
  readonly seconds: number;
  /** Of the processor, by the process and all that it has started. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Undefined where the system does not tell. */
  readonly peakRssBytes: number | undefined;
  readonly stdout: string;
}

/** Bash's `time` waits for a process and all of its children, and counts the processor time of each. */
const TIMED = `exec 3>&2; TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>&3; } 2>"$0"`;
const KEPT = 65_536;

/** @throws Error with what it said last, where it ends with another exit code than 0 or not in time */
export async function runMeasured(command: Command, folder: string, limitMs: number): Promise<Measured> {
  const timeFile = join(folder, 'time');
  const args = ['-c', TIMED, timeFile, command.program, ...command.args];
  const env = { PATH: process.env.PATH, ...command.env };
  const child = spawn(program('bash'), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = killGroupAtEnd(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout = (stdout + chunk.toString('utf8')).slice(-KEPT);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-KEPT);
  });
  const memory = watchMemory(child.pid ?? 0);
  const late = setTimeout(kill, limitMs);
  const [code, signal] = await once(child, 'close');
  clearTimeout(late);
  const peakRssBytes = memory.end();
  if (code !== 0) {
    const end =
      signal === null ? `ended with exit code ${code}` : `was stopped after ${(limitMs / 1e3).toFixed(0)} s`;
    throw new Error(`${basename(command.program)} ${end}: ${stderr.trim().split('\n').slice(-8).join('\n')}`);
  }
  const times = readFileSync(timeFile, 'utf8').trim().split('\n').at(-1) ?? '';
  const [seconds = Number.NaN, userSeconds = 0, systemSeconds = 0] = times
    .replaceAll(',', '.')
    .split(' ')
    .map(Number);
  return { seconds, userSeconds, systemSeconds, peakRssBytes, stdout };
}
