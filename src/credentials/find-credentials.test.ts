import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, HOST, places, withHelpers } from '../../test/support/credential-files.ts';
import { failureOf } from '../../test/support/rejection.ts';
import type { CredentialPlaces } from './auth-places.ts';
import { findCredentials } from './find-credentials.ts';

async function userFor(where: CredentialPlaces): Promise<string | undefined> {
  const found = await findCredentials(HOST, 'acme/llama', where);
  return found.credentials?.kind === 'account' ? found.credentials.username : undefined;
}

const EVERYWHERE = { XDG_RUNTIME_DIR: 'run', XDG_CONFIG_HOME: 'conf', DOCKER_CONFIG: 'dock' };
const IN_ORDER = ['run/containers/auth.json', 'conf/containers/auth.json', 'dock/config.json'];

describe('without a file that is named', () => {
  test.each(IN_ORDER.map((path, at) => [path, IN_ORDER.slice(at)] as const))(
    '%s is read before those that follow it',
    async (first, rest) => {
      const files = Object.fromEntries(rest.map((path) => [path, account(path)]));
      expect(await userFor(await places(files, EVERYWHERE))).toBe(first);
    },
  );

  test.each(['.config/containers/auth.json', '.docker/config.json'])(
    '%s of the home is read where no variable says otherwise',
    async (path) => {
      const variables = { XDG_RUNTIME_DIR: '', XDG_CONFIG_HOME: '', DOCKER_CONFIG: '' };
      expect(await userFor(await places({ [path]: account(path) }))).toBe(path);
      expect(await userFor(await places({ [path]: account(path) }, variables))).toBe(path);
    },
  );

  test.each(['.config/containers/auth.json', '.docker/config.json'])(
    '%s of the home is not read where the variables name other folders',
    async (path) => {
      expect(await userFor(await places({ [path]: account(path) }, EVERYWHERE))).toBeUndefined();
    },
  );

  test.each<[fact: string, first: unknown]>([
    ['is of another host', account('first', 'other.test')],
    ['is of another namespace', account('first', `${HOST}/other`)],
    ['only marks that somebody has them', { auths: { [HOST]: {} } }],
    ['holds no login', {}],
  ])('a file that %s leaves it to the next', async (_, first) => {
    const files = { [IN_ORDER[0] ?? '']: first, [IN_ORDER[2] ?? '']: account('last') };
    expect(await userFor(await places(files, EVERYWHERE))).toBe('last');
  });

  test('a broken file is an error even where the next would do', async () => {
    const where = await places(
      { 'run/containers/auth.json': '{', 'dock/config.json': account('a') },
      EVERYWHERE,
    );
    expect(await failureOf(userFor(where))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(join(where.home, 'run/containers/auth.json')),
    });
  });

  test('a folder where the file should be is an error that names it', async () => {
    const where = await places({ 'dock/config.json/x': '' }, EVERYWHERE);
    expect(await failureOf(userFor(where))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(join(where.home, 'dock/config.json')),
    });
  });

  test('without any file there is no error and no warning', async () => {
    const found = await findCredentials(HOST, 'acme/llama', await places({}));
    expect(found).toEqual({ lookedIn: expect.any(Array) });
  });

  test('what is found says which file it is from', async () => {
    const where = await places({ 'dock/config.json': account('ada') }, EVERYWHERE);
    expect(await findCredentials(HOST, 'acme/llama', where)).toEqual({
      credentials: { kind: 'account', username: 'ada', password: 'secret' },
      origin: join(where.home, 'dock/config.json'),
    });
  });
});

describe('a file that REGISTRY_AUTH_FILE names', () => {
  const others = Object.fromEntries(IN_ORDER.map((path) => [path, account(path)]));
  const env = { ...EVERYWHERE, REGISTRY_AUTH_FILE: 'mine.json' };

  test('is read', async () => {
    expect(await userFor(await places({ ...others, 'mine.json': account('mine') }, env))).toBe('mine');
  });

  test('is the only one', async () => {
    const files = { ...others, 'mine.json': account('mine', 'other.test') };
    expect(await userFor(await places(files, env))).toBeUndefined();
  });

  test.each<[fact: string, files: Record<string, string>]>([
    ['is not there', {}],
    ['is a folder', { 'mine.json/x': '' }],
    ['is empty', { 'mine.json': '' }],
  ])('and that %s is an error that names it', async (_, files) => {
    const where = await places({ ...others, ...files }, env);
    expect(await failureOf(userFor(where))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(join(where.home, 'mine.json')),
    });
  });

  test('is not meant by an empty variable', async () => {
    const where = await places(others, { ...EVERYWHERE, REGISTRY_AUTH_FILE: '' });
    expect(await userFor(where)).toBe(IN_ORDER[0]);
  });
});

describe('a helper that a file names', () => {
  /** A home with these files, and the helper on the PATH. */
  const install = async (script: string, known: Readonly<Record<string, unknown>>) =>
    withHelpers(await places(known, EVERYWHERE), { fake: script });

  const files = { 'conf/containers/auth.json': { credHelpers: { [HOST]: 'fake' } } };

  test('is asked, and is what the origin names beside the file', async () => {
    const where = await install(`printf '{"Username":"%s","Secret":"secret"}' "$(cat)"`, files);
    expect(await findCredentials(HOST, 'acme/llama', where)).toEqual({
      credentials: { kind: 'account', username: HOST, password: 'secret' },
      origin: `docker-credential-fake (${join(where.home, 'conf/containers/auth.json')})`,
    });
  });

  test('leaves it to the next file where it has nothing', async () => {
    const nothing = "echo 'credentials not found in native keychain'; exit 1";
    const where = await install(nothing, { ...files, 'dock/config.json': account('last') });
    expect(await userFor(where)).toBe('last');
  });

  test('is not passed over where it fails', async () => {
    const locked = "echo 'the keychain is locked'; exit 1";
    const where = await install(locked, { ...files, 'dock/config.json': account('last') });
    expect(await failureOf(userFor(where))).toMatchObject({
      code: 'UNAUTHORIZED',
      message: `cannot get credentials for ${HOST} from docker-credential-fake, which ${join(where.home, 'conf/containers/auth.json')} names: the keychain is locked`,
    });
  });

  test('is stopped by the signal', async () => {
    const where = await install('exec sleep 50', files);
    const reason = new Error('Ctrl-C');
    const found = findCredentials(HOST, 'acme/llama', where, AbortSignal.abort(reason));
    await expect(found).rejects.toBe(reason);
  });

  test('is not started for another host', async () => {
    const where = await places(files, EVERYWHERE);
    expect((await findCredentials('other.test', 'acme/llama', where)).credentials).toBeUndefined();
  });
});

describe('a helper for all registries that is not installed, as Docker Desktop names one', () => {
  const docker = (auths: unknown) => ({ 'dock/config.json': { auths, credsStore: 'desktop' } });

  test('is not needed if the file has the account itself', async () => {
    const auth = Buffer.from('ada:secret').toString('base64');
    expect(await userFor(await places(docker({ [HOST]: { auth } }), EVERYWHERE))).toBe('ada');
  });

  test('is an error if the file says that the helper has the account', async () => {
    const where = await places(docker({ [HOST]: {} }), EVERYWHERE);
    const error = await failureOf(userFor(where));
    const file = join(where.home, 'dock/config.json');
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      message: `cannot get credentials for ${HOST} from docker-credential-desktop, which ${file} names: it is not installed`,
      hint: expect.stringContaining(`remove it from ${file}`),
    });
  });

  test('causes a warning if the file has no login at this registry, and the search continues', async () => {
    const files = { ...docker({ 'other.test': {} }), '.dockercfg': { [HOST]: { username: 'old' } } };
    const where = await places(files, EVERYWHERE);
    expect(await findCredentials(HOST, 'acme/llama', where)).toMatchObject({
      credentials: { username: 'old' },
      warnings: [
        `${join(where.home, 'dock/config.json')} names docker-credential-desktop for all registries (credsStore), which is not installed; remove that line, or log in again`,
      ],
    });
  });

  test('that is installed and fails is an error', async () => {
    const where = await places(docker({}), EVERYWHERE);
    const locked = await withHelpers(where, { desktop: "echo 'the keychain is locked'; exit 1" });
    expect((await failureOf(userFor(locked))).message).toContain('the keychain is locked');
  });
});

describe('DOCKER_AUTH_CONFIG', () => {
  const everywhere = Object.fromEntries(IN_ORDER.map((path) => [path, account(path)]));

  /** The variable holds the content itself, so it is not a path of the home. */
  async function withContent(content: unknown, files = {}, env = {}): Promise<CredentialPlaces> {
    const where = await places(files, env);
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    return { ...where, env: { ...where.env, DOCKER_AUTH_CONFIG: text } };
  }

  test('is read before the files, and named as where the account is from', async () => {
    const auth = Buffer.from('ada:secret').toString('base64');
    const where = await withContent({ auths: { [HOST]: { auth } } }, everywhere, EVERYWHERE);
    expect(await findCredentials(HOST, 'acme/llama', where)).toEqual({
      credentials: { kind: 'account', username: 'ada', password: 'secret' },
      origin: 'DOCKER_AUTH_CONFIG',
    });
  });

  test.each([
    ['is of another host', account('variable', 'other.test')],
    ['is empty', ''],
    ['is blank', ' \n'],
  ])('that %s leaves it to the files', async (_, content) => {
    expect(await userFor(await withContent(content, everywhere, EVERYWHERE))).toBe(IN_ORDER[0]);
  });

  test('does not count where REGISTRY_AUTH_FILE names a file', async () => {
    const files = { 'mine.json': account('mine') };
    const env = { REGISTRY_AUTH_FILE: 'mine.json' };
    expect(await userFor(await withContent(account('variable'), files, env))).toBe('mine');
  });

  test('that is broken is an error that names it and shows nothing of it', async () => {
    const error = await failureOf(
      userFor(await withContent('{"auths":{"r.test":{"auth":"c2VjcmV0', everywhere)),
    );
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('DOCKER_AUTH_CONFIG'),
    });
    expect(error.message).not.toContain('c2VjcmV0');
  });
});

test.each(['', ' \n', '\ufeff'])('an empty file is passed over, as docker does: %j', async (content) => {
  const files = { '.config/containers/auth.json': content, '.docker/config.json': account('docker') };
  expect(await userFor(await places(files))).toBe('docker');
  expect(
    await userFor(await places({ '.docker/config.json': content, '.dockercfg': content })),
  ).toBeUndefined();
});

describe('the .dockercfg of old dockers', () => {
  const auth = Buffer.from('old:secret').toString('base64');
  const legacy = { [`https://${HOST}/v1/`]: { auth, email: 'ada@example.com' } };

  test('is read', async () => {
    expect(await userFor(await places({ '.dockercfg': legacy }))).toBe('old');
  });

  test('is read last', async () => {
    const files = { '.dockercfg': legacy, '.docker/config.json': account('new') };
    expect(await userFor(await places(files))).toBe('new');
  });

  test.each(['{', '[]', '"x"', 'null'])('with %s in it is an error that names it', async (content) => {
    const where = await places({ '.dockercfg': content });
    expect(await failureOf(userFor(where))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(join(where.home, '.dockercfg')),
    });
  });
});
