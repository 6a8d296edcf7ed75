import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import { nameMap } from '../core/name-map.ts';
import type { RegistryCredentials } from '../core/registry-credentials.ts';

/**
 * `config.json` of docker and `auth.json` of podman, skopeo and buildah: what is in them for one registry.
 * Formats: https://docs.docker.com/reference/cli/docker/login/ and containers-auth.json(5).
 */
export type Found = RegistryCredentials | NamedHelper;

/** `docker-credential-<name>`, to be asked for `server`. */
export interface NamedHelper {
  readonly kind: 'helper';
  readonly name: string;
  readonly server: string;
  /** Whether the file says that this helper has the registry's account, not only that it may have any. */
  readonly expected: boolean;
}

export interface AuthFile {
  readonly auths: ReadonlyMap<string, AuthEntry>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

interface AuthEntry {
  readonly auth?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly identitytoken?: string | undefined;
  readonly registrytoken?: string | undefined;
}

/** Go, which both are written in, reads a `null` as nothing. */
const text = v.nullish(v.string(), '');
const entrySchema = v.object({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const fileSchema = v.object({
  auths: v.nullish(nameMap(v.nullish(entrySchema, {})), {}),
  credHelpers: v.nullish(nameMap(text), {}),
  credsStore: text,
});

/**
 * @param origin the file or the variable it came from
 * @throws ModelcarError `USAGE`, naming the origin and never what is in it
 */
export function parseAuthFile(content: string, origin: string): AuthFile {
  return toAuthFile(parseContent(content), origin);
}

/** `.dockercfg`, which docker wrote before 1.7: what is `auths` today is all there is. The same errors. */
export function parseLegacyAuthFile(content: string, origin: string): AuthFile {
  const auths = parseContent(content) ?? undefined;
  return toAuthFile(auths === undefined || Array.isArray(auths) ? undefined : { auths }, origin);
}

/** Editors of Windows may begin a file with a byte order mark. */
function parseContent(content: string): unknown {
  return parseJson(content.replace(/^\ufeff/, ''));
}

function toAuthFile(json: unknown, origin: string): AuthFile {
  // valibot takes a list for an object without entries.
  const parsed = v.safeParse(fileSchema, Array.isArray(json) ? undefined : json);
  if (!parsed.success) {
    throw new ModelcarError(
      'USAGE',
      `cannot read the registry credentials in ${origin}: not the JSON of docker or podman`,
      {
        hint: 'Mend the file, or log in again with docker login or podman login.',
      },
    );
  }
  const { auths, credHelpers, credsStore } = parsed.output;
  return { auths, credHelpers, credsStore: credsStore || undefined };
}

/** What a file's keys call Docker Hub. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const DOCKER_HUB: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The credentials for `host/repository`: a helper named for the host, else the entry with the longest matching path,
 * of two for the whole host the one with the very key that a login writes today, else a helper for all hosts. An entry
 * without content only marks that a helper has them.
 */
export function findInAuthFile(file: AuthFile, host: string, repository: string): Found | undefined {
  const server = DOCKER_HUB.has(host) ? DOCKER_HUB_KEY : host;
  const helper = [server, host, ...(DOCKER_HUB.has(host) ? DOCKER_HUB : [])]
    .map((key) => file.credHelpers.get(key))
    .find(Boolean);
  if (helper !== undefined) return { kind: 'helper', name: helper, server, expected: true };
  const entries = [...file.auths]
    .map(([key, entry]) => ({
      length: matchedLength(key, host, repository),
      exact: Number(key === host || key === server),
      found: accountIn(entry),
    }))
    .filter(({ length }) => length > 0);
  const best = entries
    .filter(({ found }) => found !== undefined)
    .sort((a, b) => b.length - a.length || b.exact - a.exact)[0]?.found;
  if (best !== undefined || file.credsStore === undefined) return best;
  return { kind: 'helper', name: file.credsStore, server, expected: entries.length > 0 };
}

/**
 * How much of `host/repository` the key names, whole components only; 0 for another registry. A key with a scheme is
 * docker's: what follows its host is an API path, not a repository.
 */
function matchedLength(key: string, host: string, repository: string): number {
  const url = /^https?:\/\/([^/]*)/.exec(key);
  const name = url ? (url[1] ?? '') : withoutEnd(key, '/');
  const [keyHost = '', ...path] = name.split('/');
  const sameHost = keyHost === host || (DOCKER_HUB.has(keyHost) && DOCKER_HUB.has(host));
  const prefix = path.join('/');
  if (!sameHost || !(prefix === '' || `${repository}/`.startsWith(`${prefix}/`))) return 0;
  return 1 + prefix.length;
}

/** A loop, because `/x+$/` takes quadratic time over a run that is not at the end. */
function withoutEnd(text: string, char: string): string {
  let end = text.length;
  while (text[end - 1] === char) end -= 1;
  return text.slice(0, end);
}

function accountIn({
  auth,
  username,
  password,
  identitytoken,
  registrytoken,
}: AuthEntry): RegistryCredentials | undefined {
  const decoded = auth ? withoutEnd(Buffer.from(auth, 'base64').toString('utf8'), '\0') : '';
  const colon = decoded.indexOf(':');
  const user = colon === -1 ? (username ?? '') : decoded.slice(0, colon);
  if (registrytoken) return { kind: 'bearer', token: registrytoken };
  if (identitytoken) return { kind: 'identity', username: user, identityToken: identitytoken };
  if (colon !== -1) return { kind: 'account', username: user, password: decoded.slice(colon + 1) };
  return username ? { kind: 'account', username, password: password ?? '' } : undefined;
}
