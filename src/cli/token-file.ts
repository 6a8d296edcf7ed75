import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './options.ts';

/** What `hf auth login` wrote: `HF_TOKEN_PATH`, else `token` in `HF_HOME`. A file that is not there is no token. */
export async function readTokenFile(env: Environment): Promise<string | undefined> {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const home = env.HF_HOME || join(cache, 'huggingface');
  try {
    return await readFile(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8');
  } catch {
    return undefined;
  }
}
