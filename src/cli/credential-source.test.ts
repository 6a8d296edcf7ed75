import { symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { credentialSource } from './credential-source.ts';

const PASSWORD = secret('registry password');

const account = (env: Record<string, string>) =>
  credentialSource(env, '/nonexistent', undefined)('ghcr.io', 'acme/llama');

/** A refusal before anything is asked. */
const refusal = (env: Record<string, string>) => failureOf((async () => credentialSource(env, '/', 0))());

describe('OCI_USERNAME and OCI_PASSWORD', () => {
  test('come before all files', async () => {
    expect(await account({ OCI_USERNAME: 'u', OCI_PASSWORD: PASSWORD })).toEqual({
      credentials: { kind: 'account', username: 'u', password: PASSWORD },
      origin: 'OCI_USERNAME',
      hint: expect.stringContaining('OCI_PASSWORD,'),
    });
  });

  test.each([
    ['pass\n', 'pass'],
    ['pass\r\n', 'pass'],
    ['pass\n\n', 'pass\n'],
    [' pass \r', ' pass \r'],
  ])('lose one line break at the end of the password and nothing else: %j', async (written, password) => {
    const found = await account({ OCI_USERNAME: 'u', OCI_PASSWORD: written });
    expect(found?.credentials).toMatchObject({ password });
  });

  test('are first in the list of sources if no file has an account', async () => {
    expect(await account({ OCI_USERNAME: '', OCI_PASSWORD: '\n' })).toMatchObject({
      lookedIn: expect.arrayContaining(['$OCI_USERNAME (not set)', '$REGISTRY_AUTH_FILE (not set)']),
    });
  });
});

describe('half an account is a usage error', () => {
  test.each([undefined, '', '\n', '\r\n'])(
    'a user without a password (%j), and says why',
    async (password) => {
      const env = { OCI_USERNAME: 'u', ...(password !== undefined && { OCI_PASSWORD: password }) };
      expect(await refusal(env)).toMatchObject({
        code: 'USAGE',
        message: 'OCI_USERNAME is set without OCI_PASSWORD',
        hint: expect.stringContaining('Check that the secret behind OCI_PASSWORD is defined for this CI job'),
      });
    },
  );

  test.each(['OCI_PASSWORD', 'OCI_PASSWORD_FILE'])('%s without a user', async (name) => {
    expect(await refusal({ OCI_USERNAME: ' ', [name]: PASSWORD })).toMatchObject({
      code: 'USAGE',
      message: `${name} is set without OCI_USERNAME`,
    });
  });

  test('a password and a file with a password', async () => {
    const env = { OCI_USERNAME: 'u', OCI_PASSWORD: PASSWORD, OCI_PASSWORD_FILE: '/run/secrets/p' };
    expect(await refusal(env)).toMatchObject({
      code: 'USAGE',
      message: 'OCI_PASSWORD and OCI_PASSWORD_FILE are both set',
    });
  });

  test.each(['OCI_USERNAME', 'OCI_PASSWORD', 'OCI_PASSWORD_FILE'])(
    '%s that a pipeline did not replace',
    async (name) => {
      const env = { OCI_USERNAME: 'u', OCI_PASSWORD: PASSWORD, [name]: '$(NO_SUCH_SECRET)' };
      expect(await refusal(env)).toMatchObject({
        code: 'USAGE',
        message: `${name} is $(NO_SUCH_SECRET): the pipeline has no such variable`,
      });
    },
  );
});

describe('OCI_PASSWORD_FILE', () => {
  async function fileWith(content: string): Promise<string> {
    const file = join(await tempFolder(), 'password');
    await writeFile(file, content);
    return file;
  }

  test('holds the password, with a line break at its end or without one', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const file = await fileWith(` ${PASSWORD} ${end}`);
      expect(await account({ OCI_USERNAME: 'u', OCI_PASSWORD: '', OCI_PASSWORD_FILE: file })).toEqual({
        credentials: { kind: 'account', username: 'u', password: ` ${PASSWORD} ` },
        origin: `OCI_USERNAME and OCI_PASSWORD_FILE (${file})`,
        hint: expect.stringContaining('OCI_PASSWORD_FILE'),
      });
    }
  });

  test('is read each time that the registry wants an account, so a new password counts', async () => {
    const folder = await tempFolder();
    const link = join(folder, 'password');
    await writeFile(join(folder, 'old'), `${PASSWORD}-old`);
    await writeFile(join(folder, 'new'), `${PASSWORD}-new`);
    await symlink('old', link);
    const find = credentialSource({ OCI_USERNAME: 'u', OCI_PASSWORD_FILE: link }, '/', undefined);
    const passwordNow = async () => (await find('r.test', 'acme/llama'))?.credentials;
    expect(await passwordNow()).toMatchObject({ password: `${PASSWORD}-old` });
    await unlink(link);
    await symlink('new', link);
    expect(await passwordNow()).toMatchObject({ password: `${PASSWORD}-new` });
  });

  test('is not read before the registry wants an account', async () => {
    const env = { OCI_USERNAME: 'u', OCI_PASSWORD_FILE: '/nonexistent/password' };
    expect(credentialSource(env, '/', undefined)).toBeTypeOf('function');
  });

  test.each<[fact: string, file: () => Promise<string>, why: string]>([
    ['does not exist', async () => '/nonexistent/password', 'no such file'],
    ['is a folder', tempFolder, 'it is a folder'],
    ['is empty', () => fileWith('\n'), 'it is empty'],
  ])('that %s is a usage error that names it', async (_, make, why) => {
    const file = await make();
    const error = await failureOf(account({ OCI_USERNAME: 'u', OCI_PASSWORD_FILE: file }));
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('OCI_PASSWORD_FILE') });
    expect(error.message).toContain(`cannot read the password in ${file}: ${why}`);
  });
});
