import { lstat, readlink, stat } from 'node:fs/promises';
import { isAbsolute, join, parse, resolve, sep } from 'node:path';

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The file that the links of a path point to, even if it does not exist yet. Read, lock and replace that file: a rename
 * onto the link would replace the link, and two links to one file would have two locks.
 *
 * Links of other users in folders such as /tmp are not followed. Most Linux systems have the same rule (proc_sys_fs(5),
 * `protected_symlinks`), but cannot apply it here, where we follow the links ourselves.
 *
 * @param user may have made the links, as root may; undefined where the system has no user IDs
 * @throws whatever `refuse` returns, where another user has made such a link
 */
export async function realFile(
  path: string,
  { user, refuse }: { readonly user: number | undefined; readonly refuse: (why: string) => Error },
): Promise<string> {
  const whole = isAbsolute(path) ? path : resolve('.') + sep + path;
  let real = parse(whole).root;
  let left = whole.slice(real.length).split(sep);
  for (let links = 0; left.length > 0; ) {
    const [name = '', ...rest] = left;
    const next = join(real, name);
    const found = await lstat(next).catch(() => undefined); // the caller meets the same error
    left = rest;
    if (!found?.isSymbolicLink()) {
      real = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return path;
    if (user !== undefined && found.uid !== user && found.uid !== 0 && (await isOpenToAll(real)))
      throw refuse(`user ${found.uid} made the link ${next}, in a folder that every user can write to`);
    const target = await readlink(next);
    if (isAbsolute(target)) real = parse(target).root;
    left = [...target.slice(isAbsolute(target) ? real.length : 0).split(sep), ...rest];
  }
  return real;
}

async function isOpenToAll(folder: string): Promise<boolean> {
  return ((await stat(folder)).mode & 0o002) !== 0;
}
