import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';

/** Whoever holds it writes a few kilobytes; one this old belongs to a process that is gone. */
const STALE_MS = 5000;
/** Longer than that: a lock that was left behind costs a wait, not the records. */
const PATIENCE_MS = 15_000;
const POLL_MS = 20;

/**
 * Runs `work` while no other process that asks here does: a file that only one can create.
 * @throws ModelcarError `UNAVAILABLE` when other processes hold it for too long
 */
export async function withFileLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const token = randomUUID();
  const start = clock.now();
  while (!(await create(lock, token))) {
    if (clock.now() - start > PATIENCE_MS) {
      throw new ModelcarError('UNAVAILABLE', `another process has held ${lock} for ${PATIENCE_MS / 1000} s`, {
        hint: 'If no other push runs, remove that file.',
      });
    }
    if (!(await isStale(lock, clock)) || !(await removeStale(lock, clock))) await clock.sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await release(lock, token);
  }
}

async function create(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(token);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string, clock: Clock): Promise<boolean> {
  try {
    return clock.date() - (await stat(path)).mtimeMs > STALE_MS;
  } catch {
    return false; // just released
  }
}

/**
 * One waiter at a time, who looks once more: since the first look another may have removed the stale lock and made a
 * fresh one. False when another waiter is at it.
 */
async function removeStale(lock: string, clock: Clock): Promise<boolean> {
  const takeover = `${lock}.takeover`;
  if (!(await create(takeover, ''))) {
    if (await isStale(takeover, clock)) await rm(takeover, { force: true });
    return false;
  }
  try {
    if (await isStale(lock, clock)) await rm(lock, { force: true });
    return true;
  } finally {
    await rm(takeover, { force: true });
  }
}

/** A holder that was too slow finds the lock of another there, or none. */
async function release(lock: string, token: string): Promise<void> {
  const holder = await readFile(lock, 'utf8').catch(() => undefined);
  if (holder === token) await rm(lock, { force: true });
}
