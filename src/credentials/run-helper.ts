import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface HelperOptions {
  /** The helper's whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the helper. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole exchange. Default 30,000. */
  readonly timeoutMs?: number;
}

export interface HelperOutput {
  readonly exitCode: number;
  readonly stdout: string;
}

/** An account is far shorter. */
const OUTPUT_LIMIT = 2 ** 20;

/** How long a helper's output may stay open after its exit: a process that it started may have it. */
const OUTPUT_GRACE_MS = 1_000;

/** Between SIGTERM and SIGKILL: a helper that has asked for a password turns the terminal's echo on again. */
const KILL_GRACE_MS = 1_000;

/**
 * Runs `program get` with `input` on stdin, without a shell. It shares our stderr, so the user sees its messages.
 *
 * The helper stays in our process group, because one that prompts needs our terminal. So we can only kill the helper
 * itself, and close the output of a process that it started.
 *
 * @param isAnswer whether `stdout` is complete, even if a process that the helper started keeps it open
 * @throws Error that says why there is no output; the reason of the signal when it was aborted
 */
export async function runHelper(
  program: string,
  input: string,
  isAnswer: (stdout: string) => boolean,
  { env, signal, timeoutMs = 30_000 }: HelperOptions,
): Promise<HelperOutput> {
  signal?.throwIfAborted();
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'inherit'], env });
  // Where no process was started, there may be no pipes to it either.
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  const chunks: Buffer[] = [];
  let size = 0;
  const stdout = () => Buffer.concat(chunks).toString('utf8');
  let timer: NodeJS.Timeout | undefined;
  let abort = (): void => undefined;
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      abort = () => reject(signal?.reason);
      signal?.addEventListener('abort', abort);
      const late = () => reject(noAnswer(`no answer for ${timeoutMs / 1000} s`));
      timer = setTimeout(late, timeoutMs);
      child.on('error', reject);
      child.stdout.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > OUTPUT_LIMIT) reject(noAnswer(`it prints more than ${OUTPUT_LIMIT / 2 ** 20} MiB`));
        else if (child.exitCode !== null && isAnswer(stdout())) resolve(child.exitCode);
      });
      child.once('exit', (code, by) => {
        if (code === null) return reject(new Error(`ended by ${by}`));
        if (isAnswer(stdout())) return resolve(code);
        clearTimeout(timer);
        timer = setTimeout(() => resolve(code), OUTPUT_GRACE_MS);
      });
      child.once('close', (code) => {
        if (code !== null) resolve(code);
      });
      // A helper may answer without reading its input.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
    return { exitCode, stdout: stdout() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    child.stdin.destroy();
    child.stdout.destroy();
    end(child);
  }
}

/** It started, and we gave up on it. */
function noAnswer(reason: string): Error {
  return Object.assign(new Error(reason), { code: 'ETIMEDOUT' });
}

function end(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_GRACE_MS);
  child.once('exit', () => clearTimeout(timer));
}
