import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { RegistryCredentials } from '../core/registry-credentials.ts';
import { type HelperOptions, type HelperOutput, runHelper } from './run-helper.ts';

export type HelperAnswer =
  | { readonly kind: 'found'; readonly credentials: RegistryCredentials }
  /** The helper has nothing for this server. */
  | { readonly kind: 'nothing' }
  | HelperFailure;

export interface HelperFailure {
  readonly kind: 'bad name' | 'not installed' | 'no answer' | 'failed';
  readonly reason: string;
}

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });

/** Helpers print this on stdout when they have no account. */
const NOTHING = /credentials not found|no credentials server URL|no credentials username/i;

/** Variables with our secrets, or those of the Hub's tools. No registry helper needs them. */
const OUR_SECRETS = /^((HF|HUGGING_?FACE(HUB)?)_(\w+_)?TOKEN|OCI_PASSWORD|DOCKER_AUTH_CONFIG)$/i;

/** Variables whose value a helper may have and must not show. */
const SECRETS = /SECRET|TOKEN|PASSWORD|KEY/i;

/**
 * Asks `docker-credential-<name> get` (https://github.com/docker/docker-credential-helpers): it reads the server from
 * stdin and prints JSON. It gets the environment without our own secrets, but with those of AWS or GitHub: it may need them.
 *
 * @throws the reason of the signal when it was aborted
 */
export async function askHelper(
  name: string,
  server: string,
  { env, ...options }: HelperOptions,
): Promise<HelperAnswer> {
  if (!/^[\w.-]+$/.test(name)) return { kind: 'bad name', reason: 'that is not the name of a helper' };
  try {
    const output = await runHelper(programOf(name), server, (text) => parseAnswer(text) !== undefined, {
      ...options,
      env: Object.fromEntries(Object.entries(env).filter(([variable]) => !OUR_SECRETS.test(variable))),
    });
    return readOutput(output, env);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'not installed', reason: 'it is not installed' };
    return { kind: code === 'ETIMEDOUT' ? 'no answer' : 'failed', reason: message };
  }
}

/** @param origin the file that names the helper */
export function helperError(
  name: string,
  server: string,
  origin: string,
  { kind, reason }: HelperFailure,
): ModelcarError {
  const hints = {
    'bad name': `Correct the name in ${origin}.`,
    'not installed': `Install ${programOf(name)}, or remove it from ${origin} and log in again; or set OCI_USERNAME and OCI_PASSWORD.`,
    'no answer': `Run ${programOf(name)} get to see what it waits for; or set OCI_USERNAME and OCI_PASSWORD.`,
    failed: 'Log in again; or set OCI_USERNAME and OCI_PASSWORD.',
  };
  return new ModelcarError(
    'UNAUTHORIZED',
    `cannot get credentials for ${server} from ${programOf(name)}, which ${origin} names: ${reason}`,
    { hint: hints[kind] },
  );
}

export function programOf(name: string): string {
  return `docker-credential-${name}`;
}

function readOutput({ exitCode, stdout }: HelperOutput, env: HelperOptions['env']): HelperAnswer {
  if (exitCode !== 0) {
    if (NOTHING.test(stdout)) return { kind: 'nothing' };
    // A helper says on stdout what went wrong; but one that fails late may have its answer there.
    const words = /"Secret"/i.test(stdout) ? '' : withoutSecrets(stdout, env).trim().slice(0, 200);
    return { kind: 'failed', reason: words || `exit code ${exitCode}` };
  }
  const answer = parseAnswer(stdout);
  if (answer === undefined)
    return { kind: 'failed', reason: 'its answer is not the JSON of a credential helper' };
  const { Username: username, Secret: secret } = answer;
  if (username === '<token>') {
    return { kind: 'found', credentials: { kind: 'identity', username, identityToken: secret } };
  }
  return { kind: 'found', credentials: { kind: 'account', username, password: secret } };
}

function parseAnswer(stdout: string): v.InferOutput<typeof answerSchema> | undefined {
  const parsed = v.safeParse(answerSchema, parseJson(stdout));
  return parsed.success ? parsed.output : undefined;
}

/** A helper may repeat the keys that it was given. The longest go first, because one may begin with another. */
function withoutSecrets(words: string, env: HelperOptions['env']): string {
  return Object.entries(env)
    .flatMap(([name, value = '']) => (SECRETS.test(name) && value.length >= 8 ? [value] : []))
    .sort((a, b) => b.length - a.length)
    .reduce((text, value) => text.replaceAll(value, '…'), words);
}
