import { open, rm, stat } from 'node:fs/promises';
import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';

/** Whoever holds it writes a few kilobytes; one this old belongs to a process that is gone. */
const STALE_MS = 30_000;
const PATIENCE_MS = 10_000;
const POLL_MS = 20;

/**
 * Runs `work` while no other process that asks here does: a file that only one can create.
 * @throws ModelcarError `UNAVAILABLE` when another process holds it for too long
 */
export async function withFileLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const start = clock.now();
  while (!(await create(lock))) {
    if (await isStale(lock, clock)) await rm(lock, { force: true });
    else if (clock.now() - start > PATIENCE_MS) {
      throw new ModelcarError('UNAVAILABLE', `another process has held ${lock} for ${PATIENCE_MS / 1000} s`, {
        hint: 'If no other push runs, remove that file.',
      });
    } else await clock.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function create(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock: string, clock: Clock): Promise<boolean> {
  try {
    return clock.date() - (await stat(lock)).mtimeMs > STALE_MS;
  } catch {
    return false; // just released
  }
}
