import type { Stats } from 'node:fs';

/**
 * Which users besides `user` and root can change a file, as a clause such as `user 1001 owns it`; undefined if none can.
 * The mode also covers access control lists: its group bits are the most that any entry grants (acl(5)).
 * @param user undefined where the system has no user IDs: then the result is undefined
 * @param what the file's name in the clause
 */
export function othersInControl(
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
  user: number | undefined,
  what: string,
): string | undefined {
  if (user === undefined) return undefined;
  if (uid !== user && uid !== 0) return `user ${uid} owns ${what}`;
  if ((mode & 0o022) === 0) return undefined;
  const who = mode & 0o002 ? 'every user' : 'its group';
  return `${who} can write to ${what} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
}
