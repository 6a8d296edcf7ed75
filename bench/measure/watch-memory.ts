import { readFileSync } from 'node:fs';

const EVERY_MS = 50;

/**
 * The peak of resident memory of all that a process has started, without the process itself: at each look the sum of
 * the peaks (VmHWM) of those that are alive. `ru_maxrss` would be no measure on Linux: it begins with what the parent had.
 */
export function watchMemory(pid: number): { end(): number | undefined } {
  let peak: number | undefined;
  const look = () => {
    const sum = descendants(pid).reduce((total, child) => total + peakOf(child), 0);
    if (sum > (peak ?? 0)) peak = sum;
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      return peak;
    },
  };
}

function descendants(pid: number): number[] {
  const children = readOr('', `/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function peakOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readOr('', `/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** A process may end between two looks. */
function readOr(otherwise: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
