import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, HOST, places, withHelpers } from '../../test/support/credential-files.ts';
import { secret } from '../../test/support/secrets.ts';
import type { CredentialPlaces } from './auth-places.ts';
import { findCredentials } from './find-credentials.ts';

const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const NOTHING = "echo 'credentials not found in native keychain'; exit 1";

async function lookedIn(where: CredentialPlaces, host = HOST): Promise<readonly string[]> {
  const found = await findCredentials(host, 'acme/llama', where);
  return found.credentials === undefined ? found.lookedIn : expect.fail('something was found');
}

describe('a search that finds nothing names', () => {
  test('all files and variables in order, with a tilde for the home folder', async () => {
    const { home } = await places({ '.docker/config.json': account('ada', 'other.test'), '.dockercfg': ' ' });
    expect(await lookedIn({ home, env: {}, uid: 4_000_000 })).toEqual([
      '$REGISTRY_AUTH_FILE (not set)',
      '$DOCKER_AUTH_CONFIG (not set)',
      '/run/containers/4000000/auth.json (no such file)',
      '~/.config/containers/auth.json (no such file)',
      `~/.docker/config.json (no entry for ${HOST})`,
      '~/.dockercfg (empty)',
    ]);
  });

  test('only the file that REGISTRY_AUTH_FILE names', async () => {
    const where = await places(
      { 'mine.json': account('ada', 'other.test') },
      { REGISTRY_AUTH_FILE: 'mine.json' },
    );
    expect(await lookedIn(where)).toEqual([`~/mine.json (no entry for ${HOST})`]);
  });

  test('DOCKER_AUTH_CONFIG by its name, without its content', async () => {
    const { home } = await places({});
    const content = { auths: { 'other.test': { username: 'ada', password: secret('registry password') } } };
    const found = await lookedIn({ home, env: { DOCKER_AUTH_CONFIG: JSON.stringify(content) } });
    expect(found[1]).toBe(`DOCKER_AUTH_CONFIG (no entry for ${HOST})`);
    expect(found.join()).not.toContain(secret('registry password'));
  });

  test('a helper that has nothing, beside the file that names it', async () => {
    const where = await places({ '.docker/config.json': { credsStore: 'fake' } });
    expect(await lookedIn(await withHelpers(where, { fake: NOTHING }))).toContain(
      `~/.docker/config.json (docker-credential-fake has nothing for ${HOST})`,
    );
  });

  test('a helper for all registries that is not installed', async () => {
    const where = await places({ '.docker/config.json': { credsStore: 'no-such-helper' } });
    expect(await lookedIn(where)).toContain(
      '~/.docker/config.json (docker-credential-no-such-helper is not installed)',
    );
  });
});

describe('the working directory supplies no credentials', () => {
  test.each(['', '.', 'home'])('where the home is %j', async (home) => {
    const found = await lookedIn({ home, env: {} });
    expect(found).toEqual([
      '$REGISTRY_AUTH_FILE (not set)',
      '$DOCKER_AUTH_CONFIG (not set)',
      '~ (no home folder)',
    ]);
  });

  test.each([
    ['XDG_RUNTIME_DIR', '/run/containers/4000000/auth.json'],
    ['XDG_CONFIG_HOME', '~/.config/containers/auth.json'],
  ])('by a relative %s, which counts as unset', async (name, path) => {
    const { home } = await places({});
    const found = await lookedIn({ home, uid: 4_000_000, env: { [name]: 'relative' } });
    expect(found).toContain(`$${name} (not an absolute path)`);
    expect(found).toContain(`${path} (no such file)`);
  });
});

describe('the helper of a cloud', () => {
  const GIVES = `printf '{"Username":"AWS","Secret":"%s"}' "$(cat)"`;

  test('is asked for a registry of this cloud without an account in any file', async () => {
    const where = await withHelpers(await places({}), { 'ecr-login': GIVES });
    expect(await findCredentials(ECR, 'acme/llama', where)).toEqual({
      credentials: { kind: 'account', username: 'AWS', password: ECR },
      origin: `docker-credential-ecr-login (on PATH, because nothing is configured for ${ECR})`,
    });
  });

  test('is asked even if REGISTRY_AUTH_FILE names a file without this registry', async () => {
    const named = await places({ 'mine.json': account('ada') }, { REGISTRY_AUTH_FILE: 'mine.json' });
    const found = await findCredentials(ECR, 'acme/llama', await withHelpers(named, { 'ecr-login': GIVES }));
    expect(found.credentials).toMatchObject({ username: 'AWS' });
  });

  test.each([
    ['an account', account('ada', ECR), 'ada'],
    ['a helper for all registries', { credsStore: 'mine' }, 'from-mine'],
  ])('is not asked where a file has %s', async (_, config, user) => {
    const mine = `printf '{"Username":"from-mine","Secret":"s"}'`;
    const where = await withHelpers(await places({ '.docker/config.json': config }), {
      'ecr-login': GIVES,
      mine,
    });
    expect(await findCredentials(ECR, 'acme/llama', where)).toMatchObject({
      credentials: { username: user },
    });
  });

  test.each([`${ECR}.evil.test`, HOST])('is not started for %s', async (host) => {
    const where = await withHelpers(await places({}), { 'ecr-login': GIVES });
    expect((await lookedIn(where, host)).join()).not.toContain('ecr-login');
  });

  test.each<[fact: string, script: string, why: string]>([
    ['has nothing', NOTHING, `has nothing for ${ECR}`],
    ['is not set up', 'echo "no\nregion for $AWS_SECRET_ACCESS_KEY"; exit 1', 'no region for …'],
    ['answers with something else', 'echo hello', 'its answer is not the JSON of a credential helper'],
  ])('that %s leaves the push anonymous, and is named with its words', async (_, script, why) => {
    const where = await withHelpers(await places({}), { 'ecr-login': script });
    const env = { ...where.env, AWS_SECRET_ACCESS_KEY: secret('aws key') };
    expect((await lookedIn({ ...where, env }, ECR)).at(-1)).toBe(`docker-credential-ecr-login (${why})`);
  });

  test('is followed by the next one of the same cloud', async () => {
    const where = await withHelpers(await places({}), { gcloud: GIVES });
    expect(await findCredentials('eu.gcr.io', 'acme/llama', where)).toMatchObject({
      origin: 'docker-credential-gcloud (on PATH, because nothing is configured for eu.gcr.io)',
    });
  });

  test('that is not on PATH is named as such', async () => {
    const { home } = await places({});
    expect((await lookedIn({ home, env: { PATH: home } }, 'eu.gcr.io')).slice(-2)).toEqual([
      'docker-credential-gcr (not on PATH)',
      'docker-credential-gcloud (not on PATH)',
    ]);
  });

  test('is not asked again if a file named it and it had no account', async () => {
    const config = { credHelpers: { [ECR]: 'ecr-login' } };
    const where = await withHelpers(await places({ '.docker/config.json': config }), {
      'ecr-login': NOTHING,
    });
    const found = await lookedIn(where, ECR);
    expect(found.filter((place) => place.includes('ecr-login'))).toHaveLength(1);
  });

  test('is stopped by the signal', async () => {
    const where = await withHelpers(await places({}), { 'ecr-login': 'exec sleep 50' });
    const reason = new Error('Ctrl-C');
    const found = findCredentials(ECR, 'acme/llama', where, AbortSignal.abort(reason));
    await expect(found).rejects.toBe(reason);
  });
});

test('a found account has the full path of its file', async () => {
  const where = await places({ '.docker/config.json': account('ada') });
  const found = await findCredentials(HOST, 'acme/llama', where);
  expect(found).toMatchObject({ origin: join(where.home, '.docker/config.json') });
});
