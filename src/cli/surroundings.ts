import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ModelcarError, systemCertificates, systemWords, type TrustedCas } from '../index.ts';
import { type Environment, notEmpty } from './read-flags.ts';

/** What lies on this machine and is neither in the words of a command nor in the environment. */
export interface Surroundings {
  readonly home: string;
  readonly uid: number | undefined;
  /** The file that `hf auth login` writes, if there is one. */
  readonly tokenFile?: TokenFile | undefined;
  /** Problems that do not stop the command. */
  readonly warnings?: readonly string[];
  /** The content of the file that `--ca-file` names. */
  readonly ca?: string | undefined;
  /** The name of that file. */
  readonly caFile?: string | undefined;
  /** The CAs that the operating system trusts. */
  readonly systemCa?: TrustedCas | undefined;
}

export interface TokenFile {
  /** For messages: with `~` for the home folder. */
  readonly name: string;
  readonly content: string;
  /** What is in it now; undefined where it cannot be read any more. */
  readAgain(): Promise<string | undefined>;
}

/** @throws ModelcarError `USAGE` when there is no reading `caFile` */
export async function readSurroundings(caFile: string | undefined, env: Environment): Promise<Surroundings> {
  const home = homeFolder();
  return {
    home,
    uid: process.getuid?.(),
    ...(await readTokenFile(env, home)),
    ca: caFile === undefined ? undefined : await readCaFile(caFile),
    caFile,
    systemCa: systemCertificates(env),
  };
}

/**
 * `HOME`, else the home that the system has for the user, else `/`. An empty or relative `HOME` counts as unset, so that
 * the working directory supplies no credentials.
 */
export function homeFolder(): string {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find();
      if (isAbsolute(home)) return home;
    } catch {}
  }
  return '/';
}

/** The value of an XDG variable; their specification says to ignore relative paths. */
export function absolutePath(value: string | undefined): string | undefined {
  const path = notEmpty(value);
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

/** Where `hf download` keeps what it has downloaded. */
export function hubCacheFolder(env: Environment, home: string): string {
  const folder = notEmpty(env.HF_HUB_CACHE) ?? notEmpty(env.HUGGINGFACE_HUB_CACHE);
  return expanded(folder ?? join(hubHome(env, home), 'hub'), env, home);
}

function hubHome(env: Environment, home: string): string {
  const cache = absolutePath(expanded(env.XDG_CACHE_HOME ?? '', env, home)) ?? join(home, '.cache');
  return notEmpty(env.HF_HOME) ?? join(cache, 'huggingface');
}

/** The variable that holds a token, if any. It wins over the file. */
export function tokenVariable(env: Environment): string | undefined {
  return ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'].find((name) => notEmpty(env[name]) !== undefined);
}

/** `HF_TOKEN_PATH`, else `token` in `HF_HOME`. Warns of an unreadable file: a public model needs no token. */
async function readTokenFile(
  env: Environment,
  home: string,
): Promise<Pick<Surroundings, 'tokenFile' | 'warnings'>> {
  if (tokenVariable(env) !== undefined || isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return {};
  const named = notEmpty(env.HF_TOKEN_PATH);
  const path = expanded(named ?? join(hubHome(env, home), 'token'), env, home);
  const name = path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  try {
    const content = await readFile(path, 'utf8');
    const readAgain = () => readFile(path, 'utf8').catch(() => undefined);
    return { tokenFile: { name, content, readAgain } };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code === 'ENOENT' || code === 'ENOTDIR') && named === undefined) return {};
    return {
      warnings: [`cannot read the Hub token in ${name}: ${systemWords(error)}; continuing without it`],
    };
  }
}

/** As `huggingface_hub` reads paths out of variables. */
function expanded(path: string, env: Environment, home: string): string {
  return path
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, bare) => env[braced ?? bare] ?? whole);
}

async function readCaFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ModelcarError('USAGE', `cannot read the certificates in ${path}: ${systemWords(cause)}`, {
      hint: 'Give --ca-file (CA_FILE) a PEM file.',
      cause,
    });
  }
}

/** The words that huggingface_hub takes for true; everything else is a no there. */
export function isTrue(text: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(text?.trim() ?? '');
}
