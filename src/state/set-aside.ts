import { chmod, open, rename, rm } from 'node:fs/promises';

/** Moves a file out of the way, to a name beside it where nothing is yet, for its owner alone. Returns that name. */
export async function setAside(path: string, date: number): Promise<string> {
  await chmod(path, 0o600);
  const aside = await freeName(`${path}.damaged-${new Date(date).toISOString().replaceAll(/[:.]/g, '-')}`);
  try {
    await rename(path, aside);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  return aside;
}

/** The name is taken by an empty file of ours, so that the rename replaces nothing of anybody else. */
async function freeName(name: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    try {
      await (await open(candidate, 'wx', 0o600)).close();
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
