import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { askHelper } from './credential-helper.ts';

const SERVER = 'r.test:5000';

/** Puts `docker-credential-fake` in front of all other programs; `$HERE` is its folder, which is returned. */
async function install(script: string): Promise<string> {
  const folder = await tempFolder();
  const program = `#!/bin/sh\nHERE='${folder}'\n${script}\n`;
  await writeFile(join(folder, 'docker-credential-fake'), program, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  return folder;
}

/** A script that prints the text as it is. */
function prints(text: string): string {
  return `cat <<'END'\n${text}\nEND`;
}

const answer = (account: Record<string, string>): string =>
  prints(JSON.stringify({ ServerURL: SERVER, ...account }));

afterEach(() => {
  vi.unstubAllEnvs();
});

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

describe('the error names the server, the helper and the reason:', () => {
  async function reasonOf(name: string): Promise<string> {
    const error = await failureOf(askHelper(name, SERVER));
    expect(error.code).toBe('UNAUTHORIZED');
    const start = `cannot get credentials for ${SERVER} from docker-credential-${name}: `;
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
    onTestFinished(async () => {
      process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')));
    });
    expect(await reasonOf('fake')).toContain('SIGKILL');
  });

  test('it is not installed', async () => {
    expect(await reasonOf('no-such-helper')).toBe('it is not installed');
  });

  test('it may not be run', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'docker-credential-fake'), '', { mode: 0o644 });
    vi.stubEnv('PATH', folder);
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
