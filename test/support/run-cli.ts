import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { capture } from './captures.ts';
import { requireMarked } from './secrets.ts';
import { watchFolders } from './written-files.ts';

export interface CliOptions {
  /** With `PATH` all the environment that the command gets: nothing of the machine's own reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** The system refuses every byte that the command writes to a file, wherever it is. Pipes and sockets are free. */
  readonly filesForbidden?: boolean;
  /** Sends the command a signal once `when` has resolved, unless it has come to its end by then. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly when: (pid: number) => Promise<unknown> };
  readonly timeoutMs?: number;
}

export interface CliRun {
  /** The exit code; the name of the signal where one ended the process. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  /** Peak of resident memory; 0 where a signal ended the process. */
  readonly maxRssKb: number;
  /** Bytes that went towards a disk, as the kernel counts them; undefined where it does not. */
  readonly diskBytesWritten: number | undefined;
  /** Bytes that the process read, from files and connections; undefined where the kernel does not count them. */
  readonly bytesRead: number | undefined;
  /** What lay at the end in the working folder, which was HOME and TMPDIR too and empty at the start. */
  readonly filesLeft: readonly string[];
}

/** Runs the built command, as its own process, to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is not there: run npm run build`);
  const { env = {} } = options;
  for (const name of SECRET_VARIABLES) requireMarked(name, env[name]);
  const folder = await mkdtemp(join(tmpdir(), 'oci-modelcar-cli-'));
  const captureFiles = await watchFolders([folder, ...foldersOf(args, env)]);
  try {
    const child = start(args, folder, options);
    const { kill } = options;
    const ended = once(child, 'close');
    const [stdout, stderr, usage, [code, signal]] = await Promise.all([
      text(streamOf(child, 1)),
      text(streamOf(child, 2)),
      text(streamOf(child, 3)),
      ended,
      kill && Promise.race([kill.when(child.pid ?? 0), ended]).then(() => child.kill(kill.signal)),
    ]);
    if (usage === '' && signal === null) throw new Error(`the command did not start: ${stderr}`);
    const { maxRssKb = 0, diskBytesWritten, bytesRead } = usage === '' ? {} : JSON.parse(usage);
    capture('argv', args.join(' '));
    capture('stdout', stdout);
    capture('stderr', stderr);
    await captureFiles();
    const filesLeft = await readdir(folder, { recursive: true });
    return { code: signal ?? code, stdout, stderr, maxRssKb, diskBytesWritten, bytesRead, filesLeft };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const COMMAND: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const REPORT_USAGE = new URL('./report-usage.mjs', import.meta.url).href;
/** Those that hold a secret. */
const SECRET_VARIABLES = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'OCI_PASSWORD'];
/** Where the command may leave files, besides its own HOME. */
const FOLDER_VARIABLES = ['HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'];
const TIMEOUT_MS = 80_000;

function foldersOf(args: readonly string[], env: Readonly<Record<string, string>>): readonly string[] {
  const stateFile = args[args.indexOf('--state-file') + 1];
  const files = [env.STATE_FILE, args.includes('--state-file') ? stateFile : undefined];
  const folders = [
    ...FOLDER_VARIABLES.map((name) => env[name]),
    ...files.map((file) => file && dirname(file)),
  ];
  return folders.flatMap((folder) => folder || []);
}

function start(
  args: readonly string[],
  folder: string,
  { env = {}, filesForbidden = false, timeoutMs = TIMEOUT_MS }: CliOptions,
): ChildProcess {
  const command = [process.execPath, '--import', REPORT_USAGE, COMMAND, ...args];
  // The limit is the process's own and of regular files only (setrlimit(2), RLIMIT_FSIZE).
  const limited = filesForbidden ? ['sh', '-c', 'ulimit -f 0 && exec "$@"', 'sh', ...command] : command;
  const [program = '', ...rest] = limited;
  return spawn(program, rest, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
}

function streamOf(child: ChildProcess, descriptor: number): Readable {
  const stream = child.stdio[descriptor];
  if (stream && 'read' in stream) return stream;
  throw new Error(`the process has no readable descriptor ${descriptor}`);
}

/** The `KEY=VALUE` lines of stdout. */
export function variablesOf({ stdout }: CliRun): Record<string, string> {
  const lines = stdout.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
