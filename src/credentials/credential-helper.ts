import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { RegistryCredentials } from '../core/registry-credentials.ts';
import { type HelperOptions, type HelperOutput, runHelper } from './run-helper.ts';

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });

/** What helpers print, on stdout, when they simply have nothing. */
const NOTHING = /credentials not found|no credentials server URL|no credentials username/i;

/** Variables with our secrets, or those of the Hub's tools. No registry helper needs them. */
const OUR_SECRETS = /^((HF|HUGGING_?FACE(HUB)?)_(\w+_)?TOKEN|OCI_PASSWORD|DOCKER_AUTH_CONFIG)$/i;

/**
 * Asks `docker-credential-<name> get` (https://github.com/docker/docker-credential-helpers): it reads the server from
 * stdin and prints JSON. It gets the environment without our own secrets, but with those of AWS or GitHub: it may need them.
 *
 * @returns undefined when the helper has nothing for this server
 * @throws ModelcarError `UNAUTHORIZED` when it is not installed, fails, hangs, or answers with something else; the reason
 *   of the signal when it was aborted
 */
export async function askHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<RegistryCredentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw failed(name, server, 'that is not the name of a helper');
  const { exitCode, stdout } = await run(name, server, options);
  if (exitCode !== 0) {
    if (NOTHING.test(stdout)) return undefined;
    // A helper says on stdout what went wrong; but one that fails late may have its answer there.
    const words = /"Secret"/i.test(stdout) ? '' : stdout.trim().slice(0, 200);
    throw failed(name, server, words || `exit code ${exitCode}`);
  }
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw failed(name, server, 'its answer is not the JSON of a credential helper');
  const { Username: username, Secret: secret } = answer;
  if (username === '<token>') return { kind: 'identity', username, identityToken: secret };
  return { kind: 'account', username, password: secret };
}

async function run(name: string, server: string, { env, ...options }: HelperOptions): Promise<HelperOutput> {
  try {
    return await runHelper(`docker-credential-${name}`, server, (text) => parseAnswer(text) !== undefined, {
      ...options,
      env: withoutOurSecrets(env),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw failed(name, server, code === 'ENOENT' ? 'it is not installed' : message);
  }
}

function parseAnswer(stdout: string): v.InferOutput<typeof answerSchema> | undefined {
  const parsed = v.safeParse(answerSchema, parseJson(stdout));
  return parsed.success ? parsed.output : undefined;
}

function withoutOurSecrets(env: HelperOptions['env']): HelperOptions['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OUR_SECRETS.test(name)));
}

function failed(name: string, server: string, reason: string): ModelcarError {
  return new ModelcarError(
    'UNAUTHORIZED',
    `cannot get credentials for ${server} from docker-credential-${name}: ${reason}`,
    {
      hint: 'Install the helper or log in again; or set OCI_USERNAME and OCI_PASSWORD.',
    },
  );
}
