import { readFile } from 'node:fs/promises';

/** The content of a file of `certs.d`. One that cannot be read is a warning, which names it. */
export async function readText(path: string, warnings: string[]): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    warnings.push(`cannot read ${path}: ${code === 'EACCES' ? 'permission denied' : code}`);
    return undefined;
  }
}
