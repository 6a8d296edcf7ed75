import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import type { RegistryCredentials } from '../core/registry-credentials.ts';

const TIMEOUT_MS = 30_000;

const answerSchema = v.object({ Username: v.string(), Secret: v.string() });

/** What helpers print, on stdout, when they simply have nothing. */
const NOTHING = /credentials not found|no credentials server URL|no credentials username/i;

/**
 * Asks `docker-credential-<name> get` (https://github.com/docker/docker-credential-helpers): the server goes to its
 * stdin, JSON comes back; no shell in between. What it writes to stderr is for the user, so it goes there.
 *
 * @returns undefined when the helper has nothing for this server
 * @throws ModelcarError `UNAUTHORIZED` when it is not installed, fails, hangs, or answers with something else
 */
export async function askHelper(name: string, server: string): Promise<RegistryCredentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw failed(name, server, 'that is not the name of a helper');
  const { code, stdout } = await run(name, server);
  if (code !== 0) {
    if (NOTHING.test(stdout)) return undefined;
    // A helper says on stdout what went wrong; but one that fails late may have its answer there.
    const words = /"Secret"/i.test(stdout) ? '' : stdout.trim().slice(0, 200);
    throw failed(name, server, words || `exit code ${code}`);
  }
  const parsed = v.safeParse(answerSchema, parseJson(stdout));
  if (!parsed.success) throw failed(name, server, 'its answer is not the JSON of a credential helper');
  const { Username: username, Secret: secret } = parsed.output;
  if (username === '<token>') return { kind: 'identity', username, identityToken: secret };
  return { kind: 'account', username, password: secret };
}

async function run(name: string, server: string): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(`docker-credential-${name}`, ['get'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    shell: false,
  });
  return new Promise((resolve, reject) => {
    const output = text(child.stdout);
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(failed(name, server, error.code === 'ENOENT' ? 'it is not installed' : error.message));
    });
    child.once('exit', (_, signal) => {
      if (signal === null) return;
      reject(failed(name, server, `ended by ${signal}, or no answer for ${TIMEOUT_MS / 1000} s`));
      // A wrapper's own child may outlive it and hold the output open.
      child.stdout.destroy();
    });
    child.once('close', (code) => {
      output.then((stdout) => resolve({ code, stdout }), reject);
    });
    // A helper that does not read its input has its answer ready all the same.
    child.stdin.on('error', () => undefined);
    child.stdin.end(server);
  });
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
