import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, HOST, places } from '../../test/support/credential-files.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { CredentialPlaces } from './auth-places.ts';
import { findCredentials } from './find-credentials.ts';

/** What the user learns: where the account is from, where the search was, and what the warnings say. */
const find = (where: CredentialPlaces) => findCredentials(HOST, 'acme/llama', where);

const LEGACY = { [HOST]: { username: 'legacy', password: 'secret' } };

describe('DOCKER_CONFIG', () => {
  test('that names a missing folder causes a warning, and no other folder of docker is read', async () => {
    const where = await places({ '.docker/config.json': account('home') }, { DOCKER_CONFIG: 'nodc' });
    const folder = join(where.home, 'nodc');
    expect(await find(where)).toEqual({
      lookedIn: expect.arrayContaining(['~/nodc (no such folder)']),
      warnings: [`DOCKER_CONFIG names a folder that does not exist: ${folder}`],
    });
  });

  test('that goes through a file names a missing folder too', async () => {
    const where = await places({ file: '' }, { DOCKER_CONFIG: 'file/dc' });
    expect((await find(where)).warnings?.join()).toContain('names a folder that does not exist');
  });

  test('that names a folder without a file in it is no problem: it may be empty on purpose', async () => {
    const where = await places({ 'dc/other.txt': '' }, { DOCKER_CONFIG: 'dc' });
    expect(await find(where)).toEqual({
      lookedIn: expect.arrayContaining(['~/dc/config.json (no such file)']),
    });
  });

  test.each(['dc/config.json', 'dc/.dockerconfigjson', 'my-login'])(
    'that names the file %s itself is read, with a warning that docker does not do this',
    async (path) => {
      const where = await places({ [path]: account('ada') }, { DOCKER_CONFIG: path });
      const file = join(where.home, path);
      expect(await find(where)).toMatchObject({
        credentials: { username: 'ada' },
        origin: file,
        warnings: [
          `DOCKER_CONFIG names a file, ${file}; docker itself expects the folder with config.json in it`,
        ],
      });
    },
  );

  test('that names neither a file nor a folder causes a warning', async () => {
    const { home } = await places({});
    expect((await find({ home, env: { DOCKER_CONFIG: '/dev/null' } })).warnings).toEqual([
      'cannot read the registry credentials in /dev/null/config.json: not a directory',
    ]);
  });
});

describe('a Kubernetes Secret that is mounted as a folder', () => {
  /** The files of a volume are links into the folder that `..data` links to. */
  async function mount(key: string, content: unknown): Promise<string> {
    const folder = await tempFolder();
    await mkdir(join(folder, '..2026_11_28'));
    await writeFile(join(folder, '..2026_11_28', key), JSON.stringify(content));
    await symlink('..2026_11_28', join(folder, '..data'));
    await symlink(`..data/${key}`, join(folder, key));
    return folder;
  }

  test.each([
    ['.dockerconfigjson', account('ada'), 'ada'],
    ['.dockercfg', LEGACY, 'legacy'],
  ])('is read at DOCKER_CONFIG by its key %s', async (key, content, username) => {
    const folder = await mount(key, content);
    const { home } = await places({});
    expect(await find({ home, env: { DOCKER_CONFIG: folder } })).toEqual({
      credentials: { kind: 'account', username, password: 'secret' },
      origin: join(folder, key),
    });
  });

  test.each(['.docker', '.config/containers'])('is read at ~/%s', async (path) => {
    const { home, env } = await places({ [`${path}/.dockerconfigjson`]: account('ada') });
    expect(await find({ home, env })).toMatchObject({ credentials: { username: 'ada' } });
  });

  test('is not read if the folder has the file that docker reads', async () => {
    const files = { 'dc/.dockerconfigjson': account('key'), 'dc/config.json': account('docker') };
    const where = await places(files, { DOCKER_CONFIG: 'dc' });
    expect(await find(where)).toMatchObject({ credentials: { username: 'docker' } });
  });

  test.each([
    ['.dockerconfigjson', account('ada'), 'ada'],
    ['.dockercfg', LEGACY, 'legacy'],
  ])('is read where REGISTRY_AUTH_FILE names the key %s', async (key, content, username) => {
    const folder = await mount(key, content);
    const { home } = await places({});
    const env = { REGISTRY_AUTH_FILE: join(folder, key) };
    expect(await find({ home, env })).toMatchObject({ credentials: { username } });
  });

  test.each(['.dockerconfigjson', 'config.json', 'auth.json'])(
    'is an error where REGISTRY_AUTH_FILE names the folder; the hint names %s in it',
    async (key) => {
      const folder = await mount(key, account('ada'));
      const { home } = await places({});
      expect(await failureOf(find({ home, env: { REGISTRY_AUTH_FILE: folder } }))).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(`the registry credentials in ${folder}: it is a folder`),
        hint: `Name the file in this folder: ${join(folder, key)}.`,
      });
    },
  );
});

describe('a usual file that exists and cannot be used', () => {
  test('causes a warning if a file is in place of its folder, and the search continues', async () => {
    const files = { run: 'a file', '.docker/config.json': account('last') };
    const where = await places(files, { XDG_RUNTIME_DIR: 'run' });
    const path = join(where.home, 'run/containers/auth.json');
    expect(await find(where)).toMatchObject({
      credentials: { username: 'last' },
      warnings: [`cannot read the registry credentials in ${path}: not a directory`],
    });
  });

  test('causes a warning if it links to a missing file', async () => {
    const where = await places({ '.docker/other': '' });
    await symlink('gone', join(where.home, '.docker/config.json'));
    expect(await find(where)).toMatchObject({
      lookedIn: expect.arrayContaining(['~/.docker/config.json (a link to a missing file)']),
      warnings: [expect.stringContaining('a link to a missing file')],
    });
  });

  test('causes one warning for all files with the same reason', async () => {
    const { home } = await places({ file: '' });
    const { warnings } = await find({ home: join(home, 'file'), env: {} });
    const paths = ['.config/containers/auth.json', '.docker/config.json', '.dockercfg'];
    expect(warnings).toEqual([
      `cannot read the registry credentials in ${paths.map((path) => join(home, 'file', path)).join(', ')}: not a directory`,
    ]);
  });

  test.each(['.docker/config.json', '.config/containers/auth.json', '.dockercfg'])(
    'is an error where %s is a folder',
    async (path) => {
      const where = await places({ [`${path}/x`]: '' });
      expect(await failureOf(find(where))).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(`${join(where.home, path)}: it is a folder`),
      });
    },
  );
});
