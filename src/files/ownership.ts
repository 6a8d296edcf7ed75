import type { Stats } from 'node:fs';

/**
 * Who, besides `user` and root, decides what is in a file, in words such as `user 1001 owns it`; undefined where nobody
 * else does. An access control list shows up in the mode: its group bits are the most that any entry grants (acl(5)).
 * @param user undefined where the system has no user IDs: then nothing can be said
 * @param what how the words call it
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
