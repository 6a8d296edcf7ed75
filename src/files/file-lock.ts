import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { Clock } from '../core/ports.ts';
import { type Processes, processMark } from './process-mark.ts';

/** Whoever holds it writes a few kilobytes; one this old belongs to a process that is gone, if we cannot see it. */
const STALE_MS = 5000;
/** The same of one that lives, or whose number another process has by now. */
const STALE_ALIVE_MS = 60_000;
/** Longer than that: a lock that was left behind costs a wait, not the records. */
const PATIENCE_MS = 15_000;
const POLL_MS = 20;

export interface LockWorld {
  readonly clock: Clock;
  readonly processes: Processes;
}

/**
 * Runs `work` while no other process that asks here does: a file that only one can create.
 * @throws ModelcarError `UNAVAILABLE` when other processes hold it for too long
 */
export async function withFileLock<T>(path: string, world: LockWorld, work: () => Promise<T>): Promise<T> {
  const { clock, processes } = world;
  const lock = `${path}.lock`;
  const token = JSON.stringify({ owner: processes.self, id: randomUUID() });
  const start = clock.now();
  while (!(await create(lock, token))) {
    if (clock.now() - start > PATIENCE_MS) {
      throw new ModelcarError('UNAVAILABLE', `another process has held ${lock} for ${PATIENCE_MS / 1000} s`, {
        hint: 'If no other push runs, remove that file.',
      });
    }
    if (!(await isStale(lock, world)) || !(await removeStale(lock, world))) await clock.sleep(POLL_MS);
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

async function isStale(path: string, { clock, processes }: LockWorld): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    const holder = v.safeParse(content, parseJson(await readFile(path, 'utf8')));
    const isAlive = holder.success ? processes.isAlive(holder.output.owner) : undefined;
    if (isAlive === false) return true;
    return clock.date() - mtimeMs > (isAlive ? STALE_ALIVE_MS : STALE_MS);
  } catch {
    return false; // just released
  }
}

const content = v.object({ owner: processMark });

/**
 * One waiter at a time, who looks once more: since the first look another may have removed the stale lock and made a
 * fresh one. False when another waiter is at it.
 */
async function removeStale(lock: string, world: LockWorld): Promise<boolean> {
  const takeover = `${lock}.takeover`;
  if (!(await create(takeover, ''))) {
    if (await isStale(takeover, world)) await rm(takeover, { force: true });
    return false;
  }
  try {
    if (await isStale(lock, world)) await rm(lock, { force: true });
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
