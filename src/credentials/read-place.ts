import { lstat, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ModelcarError } from '../core/error.ts';
import { systemWords } from '../core/system-words.ts';
import { type AuthFile, parseAuthFile, parseLegacyAuthFile } from './auth-file.ts';
import type { AuthPlace } from './auth-places.ts';

/** The content of one source; `name` is a path or a variable. */
export type Reading =
  | { readonly kind: 'read'; readonly name: string; readonly file: AuthFile; readonly warning?: string }
  | { readonly kind: 'absent'; readonly name: string; readonly why: string; readonly warning?: string }
  /** It exists, and this user cannot read it. */
  | { readonly kind: 'unusable'; readonly name: string; readonly why: string };

/** The keys of a Kubernetes Secret of type `dockerconfigjson` or `dockercfg`, and so its file names in a volume. */
const KUBERNETES_KEYS = ['.dockerconfigjson', '.dockercfg'];

/** @throws ModelcarError `USAGE` when the file is damaged or a folder, or when the user named it and it cannot be read */
export async function readPlace(place: AuthPlace): Promise<Reading> {
  switch (place.kind) {
    case 'nowhere':
      return { kind: 'absent', name: place.name, why: place.why };
    case 'text':
      return { kind: 'read', name: place.name, file: parseAuthFile(place.text, place.name) };
    case 'file':
      return { kind: 'read', name: place.path, file: parse(await readNamedFile(place.path), place.path) };
    case 'folder':
      return place.by === 'named' ? readNamedFolder(place) : readFolder(place);
  }
}

type Folder = Extract<AuthPlace, { kind: 'folder' }>;

async function readFolder({ folder, file, by }: Folder): Promise<Reading> {
  for (const name of new Set([file, ...KUBERNETES_KEYS])) {
    const path = join(folder, name);
    try {
      const text = await readFile(path, 'utf8');
      // Docker takes an empty file for one without entries; podman refuses it in REGISTRY_AUTH_FILE.
      if (text.trim() === '') return { kind: 'absent', name: path, why: 'empty' };
      return { kind: 'read', name: path, file: parse(text, path) };
    } catch (error) {
      const why = whyUnusable(error, path);
      if (why === DENIED && by === 'named') throw cannotRead(path, error);
      if (why !== undefined) return { kind: by === 'guessed' ? 'absent' : 'unusable', name: path, why };
      if (await isLink(path)) return { kind: 'unusable', name: path, why: 'a link to a missing file' };
    }
  }
  return { kind: 'absent', name: join(folder, file), why: 'no such file' };
}

/** Docker treats a missing folder as empty, so warn instead of failing: it may be a typo. */
async function readNamedFolder(place: Folder): Promise<Reading> {
  const { folder, file } = place;
  const stats = await stat(folder).catch((cause) => {
    if (['ENOENT', 'ENOTDIR'].includes(cause.code)) return undefined;
    throw cannotRead(folder, cause);
  });
  if (stats === undefined) {
    const warning = `DOCKER_CONFIG names a folder that does not exist: ${folder}`;
    return { kind: 'absent', name: folder, why: 'no such folder', warning };
  }
  if (stats.isFile()) {
    const warning = `DOCKER_CONFIG names a file, ${folder}; docker itself expects the folder with ${file} in it`;
    return { kind: 'read', name: folder, file: parse(await readNamedFile(folder), folder), warning };
  }
  return readFolder(place);
}

async function readNamedFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const inside = (cause as NodeJS.ErrnoException).code === 'EISDIR' ? await authFileIn(path) : undefined;
    throw cannotRead(path, cause, inside && `Name the file in this folder: ${inside}.`);
  }
}

async function authFileIn(folder: string): Promise<string | undefined> {
  for (const name of ['auth.json', 'config.json', ...KUBERNETES_KEYS]) {
    const path = join(folder, name);
    if (await stat(path).catch(() => undefined)) return path;
  }
  return undefined;
}

function parse(text: string, path: string): AuthFile {
  return basename(path) === '.dockercfg' ? parseLegacyAuthFile(text, path) : parseAuthFile(text, path);
}

const DENIED = 'permission denied';

/** Undefined where there is no file. @throws ModelcarError `USAGE` for any other failure, such as a folder in its place */
function whyUnusable(error: unknown, path: string): string | undefined {
  if (error instanceof ModelcarError) throw error;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return undefined;
    case 'ENOTDIR':
      return 'not a directory';
    case 'EACCES':
    case 'EPERM':
      return DENIED;
    default:
      throw cannotRead(path, error);
  }
}

async function isLink(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isSymbolicLink() ?? false;
}

function cannotRead(path: string, cause: unknown, hint?: string): ModelcarError {
  return new ModelcarError(
    'USAGE',
    `cannot read the registry credentials in ${path}: ${systemWords(cause)}`,
    {
      hint:
        hint ?? 'Give the file that docker login, podman login or skopeo login writes, and make it readable.',
      cause,
    },
  );
}
