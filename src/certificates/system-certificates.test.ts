import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../test/real/run-command.ts';
import { asOtherUser } from '../../test/support/as-other-user.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { CA_CERTIFICATE, CERTIFICATE, SELF_SIGNED_CERTIFICATE } from '../../test/support/test-certificate.ts';
import { readSystem, type SystemPlaces, systemCertificates } from './system-certificates.ts';

let folder: string;

beforeEach(async () => {
  folder = await tempFolder();
});

/** Writes a file into the folder of this test. */
async function file(name: string, ...certificates: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, certificates.join('\n'));
  return path;
}

function on(places: Partial<SystemPlaces>): SystemPlaces {
  return { files: [], folders: [], ...places };
}

describe('the CAs of the operating system', () => {
  test('are those of the first bundle that has any, and it is named', async () => {
    const [debian, fedora] = [
      await file('debian.crt', CA_CERTIFICATE),
      await file('fedora.crt', CERTIFICATE),
    ];
    const files = [join(folder, 'missing.crt'), debian, fedora];
    expect(readSystem({}, on({ files }))).toEqual({
      ca: [CA_CERTIFICATE],
      origins: [debian],
      unusable: [],
    });
  });

  test('include those that only a folder has, and none of them twice', async () => {
    const bundle = await file('bundle.crt', CA_CERTIFICATE);
    await mkdir(join(folder, 'certs'));
    await file('certs/again.pem', CA_CERTIFICATE);
    await file('certs/ours.pem', SELF_SIGNED_CERTIFICATE);
    await symlink('ours.pem', join(folder, 'certs/0a1b2c3d.0'));
    await file('certs/README', 'no certificate');
    const { ca, origins } = readSystem({}, on({ files: [bundle], folders: [join(folder, 'certs')] }));
    expect(ca).toEqual([CA_CERTIFICATE, SELF_SIGNED_CERTIFICATE]);
    expect(origins).toEqual([bundle, join(folder, 'certs')]);
  });

  test('leave out those that Node trusts by itself', async () => {
    const [node = ''] = rootCertificates;
    const lines = node.replace(/\n/g, '').replace('CERTIFICATE-----', 'CERTIFICATE-----\n');
    const files = [await file('bundle.crt', lines.replace('-----END', '\n-----END'), CA_CERTIFICATE)];
    expect(readSystem({}, on({ files })).ca).toEqual([CA_CERTIFICATE]);
  });

  test('are read on this machine, if it has any', async () => {
    const { origins } = systemCertificates({});
    expect(systemCertificates({ SSL_CERT_FILE: join(folder, 'missing') }).origins).toEqual(origins);
  });

  test('come from the store of a system that has one', () => {
    expect(readSystem({}, on({ store: () => [CA_CERTIFICATE] }))).toMatchObject({
      ca: [CA_CERTIFICATE],
      origins: ["the system's store"],
    });
  });

  test('are ignored if the store of the system fails, and an error can name it', async () => {
    const files = [await file('cert.pem', CA_CERTIFICATE)];
    const store = () => {
      throw new Error('keychain is locked');
    };
    expect(readSystem({}, on({ files, store }))).toEqual({
      ca: [CA_CERTIFICATE],
      origins: files,
      unusable: ["the system's store (Error: keychain is locked)"],
    });
  });
});

describe('a variable that names CAs', () => {
  test('SSL_CERT_FILE replaces the bundle', async () => {
    const files = [await file('bundle.crt', CA_CERTIFICATE)];
    const named = await file('named.pem', SELF_SIGNED_CERTIFICATE);
    expect(readSystem({ SSL_CERT_FILE: named }, on({ files }))).toEqual({
      ca: [SELF_SIGNED_CERTIFICATE],
      origins: [named],
      unusable: [],
    });
  });

  test('SSL_CERT_DIR replaces the folders, and may name several', async () => {
    for (const name of ['system', 'one', 'two']) await mkdir(join(folder, name));
    await file('system/a.pem', CERTIFICATE);
    await file('one/a.pem', CA_CERTIFICATE);
    await file('two/a.pem', SELF_SIGNED_CERTIFICATE);
    const env = { SSL_CERT_DIR: `${join(folder, 'one')}:${join(folder, 'two')}` };
    const { ca } = readSystem(env, on({ folders: [join(folder, 'system')] }));
    expect(ca).toEqual([CA_CERTIFICATE, SELF_SIGNED_CERTIFICATE]);
  });

  test.each(['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])('%s adds a file, or a folder', async (name) => {
    const files = [await file('bundle.crt', CA_CERTIFICATE)];
    const named = await file('named.pem', SELF_SIGNED_CERTIFICATE);
    const both = [CA_CERTIFICATE, SELF_SIGNED_CERTIFICATE];
    expect(readSystem({ [name]: named }, on({ files })).ca).toEqual(both);
    expect(readSystem({ [name]: folder }, on({ files }))).toEqual({
      ca: both,
      origins: [...files, folder],
      unusable: [`${folder} (a folder)`],
    });
  });

  test('leaves the system’s bundle in place if it names nothing usable, and an error can name it', async () => {
    const files = [await file('bundle.crt', CA_CERTIFICATE)];
    const garbage = await file('garbage.pem', 'garbage');
    for (const [path, why] of [
      [garbage, 'no PEM certificate in it'],
      [folder, 'a folder'],
      [join(folder, 'gone.pem'), 'no such file'],
      ['/dev/null', 'not a regular file'],
    ]) {
      const found = readSystem({ SSL_CERT_FILE: path }, on({ files }));
      expect(found).toEqual({ ca: [CA_CERTIFICATE], origins: files, unusable: [`${path} (${why})`] });
    }
  });

  test('and is empty counts as unset', async () => {
    const files = [await file('bundle.crt', CA_CERTIFICATE)];
    const env = { SSL_CERT_FILE: '', SSL_CERT_DIR: '', REQUESTS_CA_BUNDLE: '', CURL_CA_BUNDLE: '' };
    expect(readSystem(env, on({ files }))).toEqual(readSystem({}, on({ files })));
  });

  test('does not block on a pipe without a writer', async () => {
    const pipe = join(folder, 'pipe');
    await runCommand('mkfifo', [pipe]);
    expect(readSystem({ SSL_CERT_FILE: pipe }, on({})).unusable).toEqual([`${pipe} (not a regular file)`]);
  });
});

test('an unreadable bundle is reported as unusable, and is not an error', async () => {
  const bundle = await file('bundle.crt', CA_CERTIFICATE);
  await chmod(bundle, 0o000);
  expect(await asOtherUser(folder, () => readSystem({}, on({ files: [bundle] })))).toEqual({
    ca: [],
    origins: [],
    unusable: [`${bundle} (permission denied)`],
  });
});
