import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ModelcarError } from '../index.ts';
import { type Environment, notEmpty } from './read-flags.ts';

/** What lies on this machine and is neither in the words of a command nor in the environment. */
export interface Surroundings {
  readonly home: string;
  readonly uid: number | undefined;
  /** The content of the file that `hf auth login` writes, if there is one. */
  readonly tokenFile?: string | undefined;
  /** The content of the file that `--ca-file` names. */
  readonly ca?: string | undefined;
}

/** @throws ModelcarError `USAGE` when there is no reading `caFile` */
export async function readSurroundings(caFile: string | undefined, env: Environment): Promise<Surroundings> {
  const home = homeFolder();
  return {
    home,
    uid: process.getuid?.(),
    tokenFile: await readTokenFile(env, home),
    ca: caFile === undefined ? await readCommonCaFile(env) : await readCaFile(caFile),
  };
}

/** A user that the machine has no entry for, as in a container, may have no home: then it is where nothing is found. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** Where `hf download` keeps what it has downloaded. */
export function hubCacheFolder(env: Environment, home: string): string {
  const folder = notEmpty(env.HF_HUB_CACHE) ?? notEmpty(env.HUGGINGFACE_HUB_CACHE);
  return expanded(folder ?? join(hubHome(env, home), 'hub'), env, home);
}

function hubHome(env: Environment, home: string): string {
  return notEmpty(env.HF_HOME) ?? join(notEmpty(env.XDG_CACHE_HOME) ?? join(home, '.cache'), 'huggingface');
}

/** `HF_TOKEN_PATH`, else `token` in `HF_HOME`. A file that is not there is no token. */
async function readTokenFile(env: Environment, home: string): Promise<string | undefined> {
  const folder = hubHome(env, home);
  try {
    return await readFile(expanded(notEmpty(env.HF_TOKEN_PATH) ?? join(folder, 'token'), env, home), 'utf8');
  } catch {
    return undefined;
  }
}

/** As `huggingface_hub` reads paths out of variables. */
function expanded(path: string, env: Environment, home: string): string {
  return path
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, bare) => env[braced ?? bare] ?? whole);
}

/**
 * What OpenSSL and Python's requests are told to trust. There it may be a folder, or a file that went long ago; it was
 * not said to us, so it is no error.
 */
async function readCommonCaFile(env: Environment): Promise<string | undefined> {
  for (const path of [notEmpty(env.SSL_CERT_FILE), notEmpty(env.REQUESTS_CA_BUNDLE)]) {
    const text = path === undefined ? '' : await readFile(path, 'utf8').catch(() => '');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  }
  return undefined;
}

async function readCaFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ModelcarError(
      'USAGE',
      `cannot read the certificates in ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { hint: 'Give --ca-file (CA_FILE) a PEM file.', cause },
    );
  }
}
