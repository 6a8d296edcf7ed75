import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../test/real/run-command.ts';
import { asOtherUser } from '../../test/support/as-other-user.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import {
  CA_CERTIFICATE,
  CERTIFICATE,
  KEY,
  SELF_SIGNED_CERTIFICATE,
} from '../../test/support/test-certificate.ts';
import { withRegistryCas } from '../read-options.ts';
import { findIn, findRegistryCertificates } from './registry-certificates.ts';

const HOST = 'registry.test:5000';
/** What stands around a PEM block is for people: here it marks the key for the search for secrets. */
const MARKED_KEY = `${secret('client key')}\n${KEY}\n`;
const OTHER_KEY = `${secret('other key')}
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFKXHu0WLMYnlSdGHW1ZrGRJSjbNTM9XyqyTuInKjJ+f
-----END PRIVATE KEY-----`;

let home: string;

beforeEach(async () => {
  home = await tempFolder();
});

/** Writes files into a folder of the registry. */
async function folderWith(path: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(home, path, HOST);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

function find(env: Readonly<Record<string, string>> = {}) {
  return findRegistryCertificates(HOST, { home, env });
}

const PODMAN = '.config/containers/certs.d';

describe('the certificates of a registry', () => {
  test('are every .crt as a CA, and the .cert with its .key as the client certificate', async () => {
    const folder = await folderWith(PODMAN, {
      'ca.crt': CA_CERTIFICATE,
      'second.crt': `# ours\n${SELF_SIGNED_CERTIFICATE}`,
      'client.cert': CERTIFICATE,
      'client.key': MARKED_KEY,
      README: 'not for us',
    });
    expect(await find()).toEqual({
      folder,
      ca: [CA_CERTIFICATE, SELF_SIGNED_CERTIFICATE],
      client: { certificate: CERTIFICATE, key: MARKED_KEY },
      warnings: [],
    });
  });

  test.each([PODMAN, '.docker/certs.d', '.config/docker/certs.d'])('are found in ~/%s', async (path) => {
    const folder = await folderWith(path, { 'ca.crt': CA_CERTIFICATE });
    expect(await find()).toEqual({ folder, ca: [CA_CERTIFICATE], warnings: [] });
  });

  test('of rootless docker are found below XDG_CONFIG_HOME, unless that is relative', async () => {
    const folder = await folderWith('elsewhere/docker/certs.d', { 'ca.crt': CA_CERTIFICATE });
    expect((await find({ XDG_CONFIG_HOME: join(home, 'elsewhere') })).folder).toBe(folder);
    expect((await find({ XDG_CONFIG_HOME: 'elsewhere' })).ca).toEqual([]);
  });

  test('come from the first folder that has any, and from no other', async () => {
    const [first, second, third] = ['first', 'second', 'third'].map((name) => join(home, name));
    await folderWith('first', { README: 'empty' });
    const folder = await folderWith('second', { 'ca.crt': CA_CERTIFICATE });
    await folderWith('third', { 'ca.crt': SELF_SIGNED_CERTIFICATE, 'client.cert': CERTIFICATE });
    const folders = [first ?? '', second ?? '', third ?? ''];
    expect(await findIn(folders, HOST)).toEqual({ folder, ca: [CA_CERTIFICATE], warnings: [] });
  });

  test('are for its port only', async () => {
    await folderWith(PODMAN, { 'ca.crt': CA_CERTIFICATE });
    expect((await findRegistryCertificates('registry.test', { home, env: {} })).ca).toEqual([]);
  });

  test('belong into the folder of podman if there are none', async () => {
    expect(await find()).toEqual({ folder: join(home, PODMAN, HOST), ca: [], warnings: [] });
  });

  test('may be several client certificates: the first is used, and a warning says so', async () => {
    const folder = await folderWith(PODMAN, {
      'b.cert': SELF_SIGNED_CERTIFICATE,
      'b.key': MARKED_KEY,
      'a.cert': CERTIFICATE,
      'a.key': MARKED_KEY,
    });
    const { client, warnings } = await find();
    expect(client?.certificate).toBe(CERTIFICATE);
    expect(warnings).toEqual([`using only ${folder}/a.cert of the client certificates in ${folder}`]);
  });
});

describe('a client certificate that cannot be used is a usage error that names the file:', () => {
  test.each([
    ['no key', { 'client.cert': CERTIFICATE }, 'client.cert: its key client.key is missing'],
    [
      'no certificate',
      { 'client.key': MARKED_KEY },
      'client.key: its client certificate client.cert is missing',
    ],
    [
      'the key of another',
      { 'client.cert': CERTIFICATE, 'client.key': OTHER_KEY },
      'client.key: it is not the key of ',
    ],
    [
      'a key with a passphrase',
      { 'client.cert': CERTIFICATE, 'client.key': MARKED_KEY.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') },
      'client.key: it has a passphrase',
    ],
    [
      'a key that is none',
      { 'client.cert': CERTIFICATE, 'client.key': secret('client key') },
      'client.key: it has no PEM private key',
    ],
    [
      'a certificate that is none',
      { 'client.cert': 'DER', 'client.key': MARKED_KEY },
      'client.cert: it has no PEM certificate',
    ],
    [
      'a certificate that is broken',
      { 'client.cert': CERTIFICATE.replace('MII', 'AAA'), 'client.key': MARKED_KEY },
      'client.cert: its first certificate cannot be read',
    ],
  ])('%s', async (_, files, said) => {
    const folder = await folderWith(PODMAN, files);
    expect(await failureOf(find())).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`cannot use ${folder}/${said}`),
    });
  });
});

describe('a warning names', () => {
  test('a CA file that is not PEM, and the others are used', async () => {
    const folder = await folderWith(PODMAN, { 'a.crt': '0\u0082', 'b.crt': CA_CERTIFICATE });
    const { ca, warnings } = await find();
    expect([ca, warnings]).toEqual([[CA_CERTIFICATE], [`${folder}/a.crt has no PEM certificate`]]);
  });

  test('a folder in place of a file', async () => {
    const folder = await folderWith(PODMAN, { 'b.crt': CA_CERTIFICATE });
    await mkdir(join(folder, 'a.crt'));
    const { ca, warnings } = await find();
    expect([ca, warnings]).toEqual([[CA_CERTIFICATE], [`cannot read ${folder}/a.crt: a folder`]]);
  });

  test('a pipe in place of a file, without waiting', async () => {
    const folder = await folderWith(PODMAN, { 'b.crt': CA_CERTIFICATE });
    await runCommand('mkfifo', [join(folder, 'a.crt')]);
    const { ca, warnings } = await find();
    expect([ca, warnings]).toEqual([[CA_CERTIFICATE], [`cannot read ${folder}/a.crt: not a regular file`]]);
  });

  test('a key that only root may read, and the CAs are used', async () => {
    const folder = await folderWith(PODMAN, {
      'ca.crt': CA_CERTIFICATE,
      'client.cert': CERTIFICATE,
      'client.key': MARKED_KEY,
    });
    await chmod(join(folder, 'client.key'), 0o000);
    const warnings = [`cannot read ${folder}/client.key: permission denied`];
    expect(await asOtherUser(home, () => find())).toEqual({ folder, ca: [CA_CERTIFICATE], warnings });
  });

  test('a folder that may not be read, and the next one is used', async () => {
    const closed = await folderWith(PODMAN, { 'ca.crt': SELF_SIGNED_CERTIFICATE });
    await chmod(closed, 0o000);
    const folder = await folderWith('.docker/certs.d', { 'ca.crt': CA_CERTIFICATE });
    const found = await asOtherUser(home, () => find());
    await chmod(closed, 0o700);
    const warnings = [`cannot look for certificates in ${closed}: permission denied`];
    expect(found).toEqual({ folder, ca: [CA_CERTIFICATE], warnings });
  });
});

test('a folder of root that may hold nothing for this registry is no warning, but errors about trust name it', async () => {
  const closed = await folderWith(PODMAN, {});
  await chmod(dirname(closed), 0o000);
  const found = await asOtherUser(home, () => find());
  await chmod(dirname(closed), 0o700);
  expect(found).toMatchObject({ warnings: [], unusable: [`${closed} (permission denied)`] });
  const trusted = withRegistryCas({ ca: [], origins: [], unusable: ['/etc/corp.pem (empty)'] }, found);
  expect(trusted.unusable).toEqual(['/etc/corp.pem (empty)', `${closed} (permission denied)`]);
});
