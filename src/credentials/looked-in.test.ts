import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, HOST, places, withHelpers } from '../../test/support/credential-files.ts';
import { secret } from '../../test/support/secrets.ts';
import type { CredentialPlaces } from './auth-places.ts';
import { findCredentials } from './find-credentials.ts';

const NOTHING = "echo 'credentials not found in native keychain'; exit 1";

async function lookedIn(where: CredentialPlaces, host = HOST): Promise<readonly string[]> {
  const found = await findCredentials(host, 'acme/llama', where);
  return found.credentials === undefined ? found.lookedIn : expect.fail('something was found');
}

describe('a search that finds nothing names', () => {
  test('all places in their order, those below the home with a tilde', async () => {
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

  test('the content of DOCKER_AUTH_CONFIG by the variable, and shows nothing of it', async () => {
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

test('what was found names its file by the whole path', async () => {
  const where = await places({ '.docker/config.json': account('ada') });
  const found = await findCredentials(HOST, 'acme/llama', where);
  expect(found).toMatchObject({ origin: join(where.home, '.docker/config.json') });
});
