import { readdir, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { certificatesIn, type RegistryCertificates } from '../core/certificates.ts';
import { ModelcarError } from '../core/error.ts';
import { systemWords } from '../core/system-words.ts';
import { type ClientFiles, readClient } from './client-certificate.ts';
import { readText } from './read-text.ts';

/** Where to look for the certificates of registries. */
export interface CertificatePlaces {
  readonly home: string;
  /** Such as `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The certificates that docker and podman use for a registry, from the first folder `certs.d/<host[:port]>` that has any:
 * every `*.crt` is a CA, the first `*.cert` with its `*.key` the client certificate (containers-certs.d(5)).
 *
 * @param host as in references, with its port
 * @throws ModelcarError `USAGE` when a client certificate has no key, or the two do not belong together
 */
export async function findRegistryCertificates(
  host: string,
  places: CertificatePlaces,
): Promise<RegistryCertificates> {
  return findIn(certificateFolders(places), platform() === 'win32' ? host.replaceAll(':', '') : host);
}

/** First podman's and skopeo's, in their order. Then docker's: root's daemon, Docker Desktop, rootless. */
function certificateFolders({ home, env }: CertificatePlaces): readonly string[] {
  const config = env.XDG_CONFIG_HOME;
  return [
    join(home, '.config', 'containers', 'certs.d'),
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
    join(home, '.docker', 'certs.d'),
    join(config && isAbsolute(config) ? config : join(home, '.config'), 'docker', 'certs.d'),
  ];
}

export async function findIn(folders: readonly string[], host: string): Promise<RegistryCertificates> {
  const warnings: string[] = [];
  const closed: string[] = [];
  const withClosed = (found: RegistryCertificates): RegistryCertificates =>
    closed.length === 0 ? found : { ...found, unusable: closed };
  for (const folder of folders.map((each) => join(each, host))) {
    const names = await namesIn(folder, warnings, closed);
    if (names.length > 0) return withClosed(readFolder(folder, names, warnings));
  }
  return withClosed({ folder: join(folders[0] ?? '', host), ca: [], warnings });
}

/** The files that mean something, in alphabetical order. */
async function namesIn(folder: string, warnings: string[], closed: string[]): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /\.(crt|cert|key)$/.test(name)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    // Docker has made /etc/docker for root alone, and then each push of another user would warn.
    if (code === 'EACCES' && !(await isVisible(folder))) closed.push(`${folder} (permission denied)`);
    else warnings.push(`cannot look for certificates in ${folder}: ${systemWords(error)}`);
    return [];
  }
}

function isVisible(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function readFolder(folder: string, names: readonly string[], warnings: string[]): RegistryCertificates {
  const pairs = pairsIn(folder, names);
  const ca: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.crt'))) {
    const path = join(folder, name);
    const text = readText(path, warnings);
    const found = certificatesIn(text ?? '');
    if (text !== undefined && found.length === 0) warnings.push(`${path} has no PEM certificate`);
    ca.push(...found);
  }
  const [first, ...others] = pairs;
  if (others.length > 0)
    warnings.push(`using only ${first?.certificate} of the client certificates in ${folder}`);
  const client = first && readClient(first, warnings);
  return { folder, ca, ...(client && { client }), warnings };
}

/** Docker and podman also refuse one without the other. */
function pairsIn(folder: string, names: readonly string[]): readonly ClientFiles[] {
  for (const name of names) {
    const [, base, kind] = /^(.*)\.(cert|key)$/.exec(name) ?? [];
    const other = `${base}.${kind === 'cert' ? 'key' : 'cert'}`;
    if (kind === undefined || names.includes(other)) continue;
    const what = kind === 'cert' ? 'key' : 'client certificate';
    throw new ModelcarError('USAGE', `cannot use ${join(folder, name)}: its ${what} ${other} is missing`, {
      hint: `Put ${other} beside it, or rename the certificate of a CA to .crt.`,
    });
  }
  const certificates = names.filter((name) => name.endsWith('.cert'));
  return certificates.map((name) => ({
    certificate: join(folder, name),
    key: join(folder, name.replace(/\.cert$/, '.key')),
  }));
}
