import { isAbsolute, join } from 'node:path';

/** Where to look for credentials. */
export interface CredentialPlaces {
  /** Not used unless it is an absolute path: a working directory must not supply credentials. */
  readonly home: string;
  /** Whose `/run/containers/<uid>` podman and skopeo use where there is no `XDG_RUNTIME_DIR`, as in containers. */
  readonly uid?: number | undefined;
  /**
   * Such as `process.env`. Credential helpers are looked for on its `PATH` and run with it, without the tokens of the Hub,
   * `OCI_PASSWORD` and `DOCKER_AUTH_CONFIG`.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type AuthPlace =
  /** A variable that names no file. */
  | { readonly kind: 'nowhere'; readonly name: string; readonly why: string }
  /** A variable whose value is the content of a file. */
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  /** The one file that the user named. */
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'folder';
      readonly folder: string;
      readonly file: string;
      /**
       * `named`: the user named it, only for credentials. `guessed`: a system path that this user may not be allowed to
       * read, such as `/run/containers` after root has run podman.
       */
      readonly by: 'named' | 'usual' | 'guessed';
    };

/**
 * All sources in order: `DOCKER_AUTH_CONFIG`, which holds the content of a file (docker CLI 28), the files of podman and
 * skopeo, then docker's. `REGISTRY_AUTH_FILE` replaces all of them (containers-auth.json(5)).
 */
export function authPlaces({ home, env, uid }: CredentialPlaces): readonly AuthPlace[] {
  const { REGISTRY_AUTH_FILE, DOCKER_AUTH_CONFIG, DOCKER_CONFIG } = env;
  if (REGISTRY_AUTH_FILE) return [{ kind: 'file', path: REGISTRY_AUTH_FILE }];
  const homes = isAbsolute(home) ? [home] : [];
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const config = absolute(env.XDG_CONFIG_HOME);
  const configs = config ? [config] : homes.map((folder) => join(folder, '.config'));
  return [
    { kind: 'nowhere', name: '$REGISTRY_AUTH_FILE', why: 'not set' },
    DOCKER_AUTH_CONFIG?.trim()
      ? { kind: 'text', name: 'DOCKER_AUTH_CONFIG', text: DOCKER_AUTH_CONFIG }
      : { kind: 'nowhere', name: '$DOCKER_AUTH_CONFIG', why: 'not set' },
    ...relative('XDG_RUNTIME_DIR', env),
    ...(runtime ? [inFolder(join(runtime, 'containers'), 'auth.json')] : []),
    ...(runtime || uid === undefined ? [] : [inFolder(`/run/containers/${uid}`, 'auth.json', 'guessed')]),
    ...relative('XDG_CONFIG_HOME', env),
    ...configs.map((folder) => inFolder(join(folder, 'containers'), 'auth.json')),
    ...(DOCKER_CONFIG
      ? [inFolder(DOCKER_CONFIG, 'config.json', 'named')]
      : homes.map((folder) => inFolder(join(folder, '.docker'), 'config.json'))),
    ...homes.map((folder) => inFolder(folder, '.dockercfg')),
    ...(homes.length > 0 ? [] : [{ kind: 'nowhere', name: '~', why: 'no home folder' } as const]),
  ];
}

type Folder = Extract<AuthPlace, { kind: 'folder' }>;

function inFolder(folder: string, file: string, by: Folder['by'] = 'usual'): Folder {
  return { kind: 'folder', folder, file, by };
}

/** The XDG Base Directory Specification has relative paths ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function relative(name: string, env: CredentialPlaces['env']): readonly AuthPlace[] {
  if (!env[name] || absolute(env[name])) return [];
  return [{ kind: 'nowhere', name: `$${name}`, why: 'not an absolute path' }];
}
