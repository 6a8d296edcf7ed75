import { type ChildProcess, execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All that must be gone at the end, however the end comes: processes, folders, network namespaces. */
const undo = new Set<() => void>();

/** Called once: by the function that it returns, or when this process ends. */
export function atEnd(action: () => void): () => void {
  const once = () => {
    if (undo.delete(once)) action();
  };
  undo.add(once);
  return once;
}

export function undoAll(): void {
  for (const action of [...undo].reverse()) action();
}

/** A server or a contender that must not outlive this process. */
export function killAtEnd(child: ChildProcess): void {
  const kill = atEnd(() => child.kill('SIGKILL'));
  child.once('exit', () => kill());
}

/** The same for one that leads a group, with all that it has started. */
export function killGroupAtEnd(child: ChildProcess): () => void {
  const kill = atEnd(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  });
  child.once('exit', () => kill());
  return kill;
}

export interface Folder {
  readonly path: string;
  readonly remove: () => void;
}

/** In memory where there is a place for files in memory: then no disk is measured. */
export function memoryFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

export function temporaryFolder(parent: string): Folder {
  const path = mkdtempSync(join(parent, 'oci-modelcar-bench-'));
  return { path, remove: atEnd(() => rmSync(path, { recursive: true, force: true })) };
}

/** Runs a command that undoes something; whatever it says. */
export function quietly(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // What is not there any more is what was wanted.
  }
}
