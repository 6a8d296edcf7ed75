import { execFile } from 'node:child_process';

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

export type CommandOutput = { readonly stdout: string; readonly stderr: string };

const outputLimit = 64 * 2 ** 20;

/** Runs a program to its end; one that fails says in its error what it was called with and what it wrote. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 60_000 }: CommandOptions = {},
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: outputLimit };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve({ stdout, stderr });
        return;
      }
      const end = error.killed
        ? `was stopped (limit ${timeoutMs} ms)`
        : `ended with ${error.code ?? error.signal}`;
      reject(new Error(`${[command, ...args].join(' ')} ${end}\n${stderr}${stdout}`, { cause: error }));
    });
    child.stdin?.end();
  });
}
