import { execFileSync } from 'node:child_process';
import { arch, cpus, release, totalmem, type } from 'node:os';
import type { Machine } from './results.ts';

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? arch(),
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
  };
}

/** What was measured; with a mark where the work tree has more than the commit. */
export function gitCommit(): string {
  const git = (args: readonly string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git(['status', '--porcelain', '--untracked-files=no', 'src']).trim() !== '';
    return `${git(['rev-parse', '--short=12', 'HEAD']).trim()}${changed ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
