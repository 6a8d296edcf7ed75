import { randomUUID } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { Clock } from '../core/ports.ts';
import { type Processes, type ProcessMark, processMark } from './process-mark.ts';
import { readRegularFile } from './read-regular-file.ts';

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
  const { clock } = world;
  const lock = `${path}.lock`;
  const token = newToken(world);
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
    // Read first: if the lock changes hands in between, its age is that of the new one.
    const owner = await readOwner(path);
    const { mtimeMs } = await stat(path);
    const isAlive = owner && processes.isAlive(owner);
    if (isAlive === false) return true;
    return clock.date() - mtimeMs > (isAlive ? STALE_ALIVE_MS : STALE_MS);
  } catch {
    return false; // just released
  }
}

/** Undefined if the lock names no owner, or we cannot read it: then its age decides. */
async function readOwner(path: string): Promise<ProcessMark | undefined> {
  const holder = v.safeParse(content, parseJson((await readLock(path)) ?? ''));
  return holder.success ? holder.output.owner : undefined;
}

async function readLock(path: string): Promise<string | undefined> {
  const refuse = (what: string) => new Error(`${path} is ${what}`);
  const bytes = await readRegularFile(path, { limit: MAX_BYTES, refuse }).catch(() => undefined);
  return bytes?.toString();
}

const content = v.object({ owner: processMark });
const MAX_BYTES = 4096;

/**
 * Only the holder of the takeover lock removes a stale lock. It checks again first: another waiter may have replaced the
 * lock meanwhile. A takeover lock that a killed waiter left is itself stale, and is removed in the same way.
 * @returns false when another waiter has the takeover lock
 */
async function removeStale(lock: string, world: LockWorld): Promise<boolean> {
  const takeover = `${lock}.takeover`;
  const token = newToken(world);
  if (!(await create(takeover, token))) {
    if (await isStale(takeover, world)) await removeStale(takeover, world);
    return false;
  }
  try {
    if (await isStale(lock, world)) await rm(lock, { force: true });
    return true;
  } finally {
    await release(takeover, token);
  }
}

function newToken({ processes }: LockWorld): string {
  return JSON.stringify({ owner: processes.self, id: randomUUID() });
}

/** A holder that was too slow finds the lock of another there, or none. */
async function release(lock: string, token: string): Promise<void> {
  const holder = await readLock(lock);
  if (holder === token) await rm(lock, { force: true });
}
