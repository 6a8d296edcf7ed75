import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { othersInControl } from '../files/ownership.ts';
import { realFile } from '../files/real-file.ts';

/*
 * The state file decides which layers at the registry are not checked again. So it is as trusted as the code: only this
 * user and root may write it.
 */

/**
 * Checks an open state file. `stats` must come from its handle: the file at the path may be another one by now.
 * @throws Error that says what is wrong and how to fix it
 */
export function requireOwnFile(path: string, stats: Stats, user: number | undefined): void {
  const reason = othersInControl(stats, user, 'it');
  if (reason === undefined) return;
  const fix = isOwn(stats, user)
    ? `delete it, or run chmod go-w ${path} if no other user has changed it`
    : 'use a file of your own';
  throw new Error(`${reason}; ${fix}`);
}

/**
 * The state file itself where `path` is a link to it. Checks the folders of both: users who can write to the one with the
 * link can point it at another file.
 * @throws Error that says what is wrong and how to fix it
 */
export async function ownRealFile(path: string, user: number | undefined): Promise<string> {
  await requireOwnFolder(path, user);
  const refuse = (why: string) => new Error(`${why}; use a file of your own`);
  const real = await realFile(path, { user, refuse });
  await requireOwnFolder(real, user);
  return real;
}

/**
 * Checks the folder of a state file, if it exists: users who can write to it can replace the file. In a sticky folder, such
 * as /tmp, only the owner of a file can.
 */
async function requireOwnFolder(path: string, user: number | undefined): Promise<void> {
  const folder = dirname(path);
  const stats = await stat(folder).catch(() => undefined);
  // Opening the file reports a path that is no folder.
  if (!stats?.isDirectory()) return;
  const others = othersInControl(stats, user, `the folder ${folder}`);
  if (others === undefined) return;
  if (!isOwn(stats, user)) throw new Error(`${others}; use a folder of your own`);
  if ((stats.mode & STICKY) === 0)
    throw new Error(`${others}; use a folder of your own, or run chmod go-w ${folder}`);
}

const STICKY = 0o1000;

function isOwn({ uid }: Stats, user: number | undefined): boolean {
  return uid === user || uid === 0;
}
