import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelcarError } from '../core/error.ts';
import type { FoundCredentials } from '../core/registry-credentials.ts';
import { findInAuthFile, parseAuthFile } from './auth-file.ts';
import { askHelper } from './credential-helper.ts';

/** As much of the environment as decides where credentials are. */
export interface CredentialPlaces {
  readonly home: string;
  /** Whose `/run/containers/<uid>` podman and skopeo use where there is no `XDG_RUNTIME_DIR`, as in containers. */
  readonly uid?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The first that has something for `host/repository`: the files in the order of podman and skopeo, then docker's. A
 * file that `REGISTRY_AUTH_FILE` names is the only one, and has to be there (containers-auth.json(5)).
 */
export async function findCredentials(
  host: string,
  repository: string,
  places: CredentialPlaces,
): Promise<FoundCredentials | undefined> {
  for (const path of authFiles(places)) {
    const content = await read(path, path === places.env.REGISTRY_AUTH_FILE);
    if (content === undefined) continue;
    const found = findInAuthFile(parseAuthFile(content, path), host, repository);
    if (found === undefined) continue;
    if (found.kind !== 'helper') return { credentials: found, origin: path };
    const asked = await askHelper(found.name, found.server);
    if (asked !== undefined) {
      return { credentials: asked, origin: `docker-credential-${found.name} (${path})` };
    }
  }
  return undefined;
}

function authFiles({ home, env, uid }: CredentialPlaces): readonly string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const runtime = env.XDG_RUNTIME_DIR
    ? join(env.XDG_RUNTIME_DIR, 'containers')
    : uid !== undefined && `/run/containers/${uid}`;
  return [
    ...(runtime ? [join(runtime, 'auth.json')] : []),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
    join(env.DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
  ];
}

async function read(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // A folder on the way that is a file, or that is not ours to look into, has no credentials for us either.
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES')) return undefined;
    throw new ModelcarError('USAGE', `cannot read the registry credentials in ${path}: ${message}`, {
      hint: 'Give the file that docker login, podman login or skopeo login writes, and make it readable.',
      cause,
    });
  }
}
