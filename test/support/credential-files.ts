import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { CredentialPlaces } from '../../src/credentials/auth-places.ts';
import { tempFolder } from './temp-folder.ts';

/** The registry that the files are about. */
export const HOST = 'r.test';

/** A home with these files, whose paths are relative to it; so are the values of the variables. */
export async function places(
  files: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<CredentialPlaces> {
  const home = await tempFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const absolute = Object.entries(env).map(([name, path]) => [name, path && join(home, path)]);
  return { home, env: Object.fromEntries(absolute) };
}

/** A file that says of its user where it lies. */
export function account(username: string, host: string = HOST): unknown {
  return { auths: { [host]: { username, password: 'secret' } } };
}

/** The same places with programs first on the PATH: `docker-credential-<name>` for each script. */
export async function withHelpers(
  where: CredentialPlaces,
  scripts: Readonly<Record<string, string>>,
): Promise<CredentialPlaces> {
  const folder = await tempFolder();
  for (const [name, script] of Object.entries(scripts)) {
    const program = join(folder, `docker-credential-${name}`);
    await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return { ...where, env: { ...where.env, PATH: `${folder}${delimiter}${process.env.PATH}` } };
}
