import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelcarError } from '../core/error.ts';
import type { FoundCredentials } from '../core/registry-credentials.ts';
import { findInAuthFile, parseAuthFile, parseLegacyAuthFile } from './auth-file.ts';
import { askHelper } from './credential-helper.ts';

/** Where to look for credentials. */
export interface CredentialPlaces {
  readonly home: string;
  /** Whose `/run/containers/<uid>` podman and skopeo use where there is no `XDG_RUNTIME_DIR`, as in containers. */
  readonly uid?: number | undefined;
  /**
   * Such as `process.env`. Credential helpers are looked for on its `PATH` and run with it, without the tokens of the Hub,
   * `OCI_PASSWORD` and `DOCKER_AUTH_CONFIG`.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The first that has something for `host/repository`: `DOCKER_AUTH_CONFIG`, which is the content of a file
 * (docker CLI 28), the files in the order of podman and skopeo, then docker's. A file that `REGISTRY_AUTH_FILE` names
 * is the only one, and has to be there (containers-auth.json(5)).
 *
 * @param signal stops a running credential helper
 */
export async function findCredentials(
  host: string,
  repository: string,
  places: CredentialPlaces,
  signal?: AbortSignal,
): Promise<FoundCredentials | undefined> {
  for (const { origin, parse, content } of authTexts(places)) {
    const text = await content();
    if (text === undefined) continue;
    const found = findInAuthFile(parse(text, origin), host, repository);
    if (found === undefined) continue;
    if (found.kind !== 'helper') return { credentials: found, origin };
    const asked = await askHelper(found.name, found.server, { env: places.env, signal });
    if (asked !== undefined) {
      return { credentials: asked, origin: `docker-credential-${found.name} (${origin})` };
    }
  }
  return undefined;
}

interface AuthText {
  /** For people: a path, or a variable. */
  readonly origin: string;
  readonly content: () => Promise<string | undefined>;
  readonly parse: typeof parseAuthFile;
}

function authTexts({ home, env, uid }: CredentialPlaces): readonly AuthText[] {
  const file = (path: string, parse = parseAuthFile): AuthText => ({
    origin: path,
    content: () => read(path, path === env.REGISTRY_AUTH_FILE),
    parse,
  });
  if (env.REGISTRY_AUTH_FILE) return [file(env.REGISTRY_AUTH_FILE)];
  const inline = env.DOCKER_AUTH_CONFIG?.trim();
  const runtime = env.XDG_RUNTIME_DIR
    ? join(env.XDG_RUNTIME_DIR, 'containers')
    : uid !== undefined && `/run/containers/${uid}`;
  return [
    ...(inline ? [{ origin: 'DOCKER_AUTH_CONFIG', content: async () => inline, parse: parseAuthFile }] : []),
    ...(runtime ? [file(join(runtime, 'auth.json'))] : []),
    file(join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json')),
    file(join(env.DOCKER_CONFIG || join(home, '.docker'), 'config.json')),
    file(join(home, '.dockercfg'), parseLegacyAuthFile),
  ];
}

async function read(path: string, required: boolean): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    // Docker takes an empty file for one without entries; podman refuses it in REGISTRY_AUTH_FILE.
    return required || text.trim() !== '' ? text : undefined;
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
