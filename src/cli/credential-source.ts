import { readFile } from 'node:fs/promises';
import { type CredentialSource, findCredentials, ModelcarError, systemWords } from '../index.ts';
import { type Environment, notEmpty, refuseMacro, usage } from './read-flags.ts';

/**
 * The account of the variables, else that of the files of docker and podman.
 * @throws ModelcarError `USAGE` when the variables are half an account
 */
export function credentialSource(env: Environment, home: string, uid: number | undefined): CredentialSource {
  for (const name of ['OCI_USERNAME', 'OCI_PASSWORD', 'OCI_PASSWORD_FILE']) refuseMacro(name, env[name]);
  const username = notEmpty(env.OCI_USERNAME);
  const password = withoutLineBreak(env.OCI_PASSWORD ?? '');
  const file = notEmpty(env.OCI_PASSWORD_FILE);
  if (password !== '' && file !== undefined)
    throw usage('OCI_PASSWORD and OCI_PASSWORD_FILE are both set', 'Set only one of them.');
  if (username === undefined) {
    const given = file === undefined ? 'OCI_PASSWORD' : 'OCI_PASSWORD_FILE';
    if (password !== '' || file !== undefined)
      throw usage(`${given} is set without OCI_USERNAME`, 'Set both, or neither.');
    return async (host, repository, signal) => {
      const found = await findCredentials(host, repository, { home, env, uid }, signal);
      if (found.credentials !== undefined) return found;
      return { ...found, lookedIn: ['$OCI_USERNAME (not set)', ...found.lookedIn] };
    };
  }
  if (file !== undefined) return withPasswordFile(username, file);
  if (password === '') {
    throw usage(
      'OCI_USERNAME is set without OCI_PASSWORD',
      'Check that the secret behind OCI_PASSWORD is defined for this CI job, or set OCI_PASSWORD_FILE, or unset OCI_USERNAME.',
    );
  }
  return async () => ({
    credentials: { kind: 'account', username, password },
    origin: 'OCI_USERNAME',
    hint: refusedHint('OCI_PASSWORD'),
  });
}

/** Reads the file each time that the registry wants an account: mounted files are replaced at run time. */
function withPasswordFile(username: string, file: string): CredentialSource {
  return async () => {
    const password = withoutLineBreak(await readPasswordFile(file));
    if (password === '') throw unreadable(file, 'it is empty');
    const origin = `OCI_USERNAME and OCI_PASSWORD_FILE (${file})`;
    return {
      credentials: { kind: 'account', username, password },
      origin,
      hint: refusedHint('OCI_PASSWORD_FILE'),
    };
  };
}

/** A new login has no effect while the variables are set: they come first. */
function refusedHint(variable: string): string {
  return `Check ${variable}, or unset it and OCI_USERNAME to use the account of docker, podman or skopeo.`;
}

async function readPasswordFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, systemWords(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): ModelcarError {
  return new ModelcarError('USAGE', `cannot read the password in ${file}: ${why}`, {
    hint: 'Set OCI_PASSWORD_FILE to a readable file that holds only the password.',
    cause,
  });
}

/** Secrets from files often end with a line break. Remove only that. */
function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
