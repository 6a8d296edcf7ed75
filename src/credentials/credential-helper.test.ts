import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { askHelper as ask, helperError } from './credential-helper.ts';
import type { HelperOptions } from './run-helper.ts';

const SERVER = 'r.test:5000';

/** Makes `docker-credential-fake`; `$HERE` is its folder, which is returned. */
async function install(script: string): Promise<string> {
  const folder = await tempFolder();
  const program = `#!/bin/sh\nHERE='${folder}'\n${script}\n`;
  await writeFile(join(folder, 'docker-credential-fake'), program, { mode: 0o755 });
  path = `${folder}${delimiter}${process.env.PATH}`;
  return folder;
}

let path = process.env.PATH;

const ORIGIN = '/home/ada/.docker/config.json';

/** Asks with the helper of this test first on the PATH: its credentials, or the error where a file names it. */
async function askHelper(name: string, server: string, options: Partial<HelperOptions> = {}) {
  const answer = await ask(name, server, { ...options, env: { ...options.env, PATH: path } });
  if (answer.kind === 'found') return answer.credentials;
  if (answer.kind === 'nothing') return undefined;
  throw helperError(name, server, ORIGIN, answer);
}

/** Kills the process whose id a helper wrote down, unless it has ended. */
function endAfterTest(folder: string): void {
  onTestFinished(async () => {
    try {
      process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ESRCH' });
    }
  });
}

/** A script that prints the text as it is. */
function prints(text: string): string {
  return `cat <<'END'\n${text}\nEND`;
}

const answer = (account: Record<string, string>): string =>
  prints(JSON.stringify({ ServerURL: SERVER, ...account }));

describe('a helper', () => {
  test('gives a user and a password', async () => {
    await install(answer({ Username: 'ada', Secret: 'pa:ss "wörd"' }));
    expect(await askHelper('fake', SERVER)).toEqual({
      kind: 'account',
      username: 'ada',
      password: 'pa:ss "wörd"',
    });
  });

  test('gives an identity token where the user is <token>', async () => {
    await install(answer({ Username: '<token>', Secret: 'id' }));
    expect(await askHelper('fake', SERVER)).toEqual({
      kind: 'identity',
      username: '<token>',
      identityToken: 'id',
    });
  });

  test('hears get as its only argument, and on stdin the server and nothing else', async () => {
    const record = 'printf "%s\\n" "$#" "$@" > "$HERE/arguments"; cat > "$HERE/input"';
    const folder = await install(`${record}\n${answer({ Username: 'ada', Secret: 's' })}`);
    await askHelper('fake', 'https://index.docker.io/v1/');
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe('1\nget\n');
    expect(await readFile(join(folder, 'input'), 'utf8')).toBe('https://index.docker.io/v1/');
  });

  test('is no shell: what a server is called is never run', async () => {
    const folder = await install(`cat > "$HERE/input"\n${answer({ Username: 'ada', Secret: 's' })}`);
    const server = `r.test; touch '${folder}/ran' $(touch '${folder}/ran')`;
    await askHelper('fake', server);
    expect(await readFile(join(folder, 'input'), 'utf8')).toBe(server);
    await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT');
  });

  test('need not read its input', async () => {
    await install(`exec <&-\n${answer({ Username: 'ada', Secret: 's' })}`);
    // More than a pipe holds: writing it all is not possible.
    expect(await askHelper('fake', 'r'.repeat(1_000_000))).toMatchObject({ username: 'ada' });
  });

  test.each([
    'credentials not found in native keychain',
    'no credentials server URL',
    'no credentials username',
  ])('has nothing where it fails with: %s', async (words) => {
    await install(`echo '${words}'; exit 1`);
    expect(await askHelper('fake', SERVER)).toBeUndefined();
  });
});

describe('a helper whose own child keeps its output open', () => {
  const HELD = 'sleep 50 & echo $! > "$HERE/pid"';

  test('is done when it has answered and exited', async () => {
    const folder = await install(`${HELD}\n${answer({ Username: 'ada', Secret: 's' })}`);
    endAfterTest(folder);
    expect(await askHelper('fake', SERVER)).toMatchObject({ username: 'ada' });
  });

  test('may let the child print the answer after its own exit', async () => {
    const late = `(sleep 0.2; ${answer({ Username: 'ada', Secret: 's' })}\n) &`;
    endAfterTest(await install(`${HELD}\n${late}`));
    expect(await askHelper('fake', SERVER)).toMatchObject({ username: 'ada' });
  });

  test('is given up a second after its exit if it has not answered', async () => {
    endAfterTest(await install(`${HELD}\nprintf '{"Username":'`));
    expect((await failureOf(askHelper('fake', SERVER))).message).toContain('is not the JSON');
  });
});

describe('the environment of a helper', () => {
  async function environment(env: Readonly<Record<string, string>>): Promise<string> {
    const folder = await install(`env > "$HERE/env"\n${answer({ Username: 'ada', Secret: 's' })}`);
    await askHelper('fake', SERVER, { env });
    return readFile(join(folder, 'env'), 'utf8');
  }

  test.each([
    'HF_TOKEN',
    'HUGGING_FACE_HUB_TOKEN',
    'HUGGINGFACEHUB_API_TOKEN',
    'HF_API_TOKEN',
    'OCI_PASSWORD',
    'DOCKER_AUTH_CONFIG',
  ])('does not contain our secret %s', async (name) => {
    expect(await environment({ [name]: secret('variable') })).not.toContain(name);
  });

  test.each(['AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'HTTPS_PROXY', 'HF_TOKEN_PATH', 'HOME'])(
    'has %s, which it may need',
    async (name) => {
      expect(await environment({ [name]: 'value' })).toContain(`${name}=value\n`);
    },
  );
});

describe('a helper that is stopped', () => {
  /** A process that has ended, and whose parent has waited for it, no longer exists. */
  const hasEnded = async (folder: string) => {
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => isThere(pid), { timeout: 5_000 }).toBe(false);
  };

  test("by an abort ends with the signal's reason, even while its child keeps its output open", async () => {
    const folder = await install('sleep 50 & echo $! > "$HERE/child"; echo $$ > "$HERE/pid"; exec sleep 51');
    const controller = new AbortController();
    const asked = askHelper('fake', SERVER, { signal: controller.signal });
    const reason = new Error('Ctrl-C');
    const failed = expect(asked).rejects.toBe(reason);
    await expect.poll(() => readFile(join(folder, 'pid'), 'utf8').catch(() => '')).toMatch(/\d\n/);
    controller.abort(reason);
    await failed;
    await hasEnded(folder);
    process.kill(Number(await readFile(join(folder, 'child'), 'utf8')));
  });

  test('by an abort ends although it ignores SIGTERM', async () => {
    const folder = await install('trap "" TERM; echo $$ > "$HERE/pid"; while :; do sleep 0.1; done');
    const controller = new AbortController();
    const asked = askHelper('fake', SERVER, { signal: controller.signal });
    const failed = expect(asked).rejects.toThrow('Ctrl-C');
    await expect.poll(() => readFile(join(folder, 'pid'), 'utf8').catch(() => '')).toMatch(/\d\n/);
    controller.abort(new Error('Ctrl-C'));
    await failed;
    await hasEnded(folder);
  });

  test('before it started never starts', async () => {
    const folder = await install('touch "$HERE/ran"');
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(askHelper('fake', SERVER, { signal })).rejects.toThrow('Ctrl-C');
    await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT');
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the error names the server, the helper, the file and the reason:', () => {
  async function reasonOf(name: string, options: Partial<HelperOptions> = {}): Promise<string> {
    const error = await failureOf(askHelper(name, SERVER, options));
    expect(error.code).toBe('UNAUTHORIZED');
    const start = `cannot get credentials for ${SERVER} from docker-credential-${name}, which ${ORIGIN} names: `;
    expect(error.message.startsWith(start), error.message).toBe(true);
    expect(inspect(error, { depth: Infinity })).not.toContain('hunter2');
    return error.message.slice(start.length);
  }

  test('what a failing helper says', async () => {
    await install("echo '  the keychain is locked  '; exit 1");
    expect(await reasonOf('fake')).toBe('the keychain is locked');
  });

  test('the start of what a failing helper has much to say about', async () => {
    await install('printf "%0999d" 0; exit 1');
    expect(await reasonOf('fake')).toBe('0'.repeat(200));
  });

  test('what a failing helper says, without the secrets that it got', async () => {
    await install('echo "cannot sign with $AWS_SECRET_ACCESS_KEY"; exit 1');
    const env = { AWS_ACCESS_KEY_ID: secret('aws'), AWS_SECRET_ACCESS_KEY: secret('aws key') };
    expect(await reasonOf('fake', { env })).toBe('cannot sign with …');
  });

  test('the exit code of a helper that says nothing', async () => {
    await install('exit 42');
    expect(await reasonOf('fake')).toBe('exit code 42');
  });

  test('the exit code, and no secret, of a helper that fails after its answer', async () => {
    await install(`${answer({ Username: 'ada', Secret: 'hunter2' })}\nexit 3`);
    expect(await reasonOf('fake')).toBe('exit code 3');
  });

  test('the signal that ended it', async () => {
    await install('kill -KILL $$');
    expect(await reasonOf('fake')).toContain('SIGKILL');
  });

  test('the signal that ended it, while a process that it started still holds its output', async () => {
    const folder = await install('sleep 50 & echo $! > "$HERE/pid"; kill -KILL $$');
    endAfterTest(folder);
    expect(await reasonOf('fake')).toContain('SIGKILL');
  });

  test('no answer in time', async () => {
    endAfterTest(await install('echo $$ > "$HERE/pid"; exec sleep 50'));
    expect(await reasonOf('fake', { timeoutMs: 500 })).toBe('no answer for 0.5 s');
  });

  test('output without end, of which one mebibyte is read', async () => {
    const folder = await install('echo $$ > "$HERE/pid"; exec yes hunter2 2>&-');
    expect(await reasonOf('fake')).toBe('it prints more than 1 MiB');
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => isThere(pid), { timeout: 5_000 }).toBe(false);
  });

  test('it is not installed', async () => {
    expect(await reasonOf('no-such-helper')).toBe('it is not installed');
  });

  test('it may not be run', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'docker-credential-fake'), '', { mode: 0o644 });
    path = folder;
    expect(await reasonOf('fake')).toContain('EACCES');
  });

  test.each<[fact: string, output: string]>([
    ['nothing', ''],
    ['words', 'hunter2'],
    ['JSON cut short', '{"Username":"ada","Secret":"hunter2'],
    ['a list', '["hunter2"]'],
    ['no user', '{"Secret":"hunter2"}'],
    ['no secret', '{"Username":"hunter2"}'],
    ['a number for a secret', '{"Username":"hunter2","Secret":7}'],
  ])('an answer that is no JSON of a helper: %s', async (_, output) => {
    await install(prints(output));
    expect(await reasonOf('fake')).toBe('its answer is not the JSON of a credential helper');
  });

  test.each(['', '../fake', 'a/b', '/bin/sh', 'a b', 'fake;id', '$(id)', 'fake\n', 'fake\0'])(
    'a name that no helper has: %j',
    async (name) => {
      await install(answer({ Username: 'ada', Secret: 's' }));
      expect(await reasonOf(name)).toBe('that is not the name of a helper');
    },
  );
});

describe('the hint says', () => {
  const hintOf = async (name: string, options: Partial<HelperOptions> = {}) =>
    (await failureOf(askHelper(name, SERVER, options))).hint;

  test('which file to change if the helper is not installed', async () => {
    expect(await hintOf('no-such-helper')).toContain(
      `Install docker-credential-no-such-helper, or remove it from ${ORIGIN} and log in again`,
    );
  });

  test('to run the helper if it does not answer', async () => {
    endAfterTest(await install('echo $$ > "$HERE/pid"; exec sleep 50'));
    expect(await hintOf('fake', { timeoutMs: 500 })).toMatch(/^Run docker-credential-fake get to see what/);
  });

  test('to log in again if the helper fails', async () => {
    await install('echo locked; exit 1');
    expect(await hintOf('fake')).toMatch(/^Log in again;/);
  });

  test('which file has the invalid name of a helper', async () => {
    expect(await hintOf('../fake')).toBe(`Correct the name in ${ORIGIN}.`);
  });
});
