import { platform } from 'node:os';
import { delimiter } from 'node:path';
import tls, { rootCertificates } from 'node:tls';
import type { TrustedCas } from '../core/certificates.ts';
import { type Reading, readCaFile, readCaFolder } from './read-cas.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The CAs that the operating system trusts, so that a server that curl, docker and podman reach is reached here too. On
 * Linux these are the files and folders that programs in Go read (https://go.dev/src/crypto/x509/root_linux.go), or
 * `SSL_CERT_FILE` and `SSL_CERT_DIR` instead. On macOS and Windows it is the system's store, which Node reads from 22.15
 * on. `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` add to them. A file that cannot be used is no error: it is in `unusable`.
 *
 * @param env such as `process.env`
 */
export function systemCertificates(env: Environment): TrustedCas {
  return readSystem(env, platform() === 'linux' ? LINUX : { ...OTHER, store: STORE });
}

type Store = (type: 'system') => readonly string[];

/** Not on Linux: it reads the same files there, and takes ten times as long. */
const STORE = (tls as { readonly getCACertificates?: Store }).getCACertificates;

export interface SystemPlaces {
  /** Only the first that has a certificate is read. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Reads the system's own store. */
  readonly store?: Store | undefined;
}

const LINUX: SystemPlaces = {
  files: [
    '/etc/ssl/certs/ca-certificates.crt', // Debian, Arch
    '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL 6
    '/etc/ssl/ca-bundle.pem', // openSUSE
    '/etc/pki/tls/cacert.pem', // OpenELEC
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL 7 and later
    '/etc/ssl/cert.pem', // Alpine
  ],
  folders: ['/etc/ssl/certs', '/etc/pki/tls/certs'],
};

/** What macOS and the BSDs have. It lacks the CAs that were added to the keychain. */
const OTHER: SystemPlaces = { files: ['/etc/ssl/cert.pem'], folders: [] };

export function readSystem(env: Environment, places: SystemPlaces): TrustedCas {
  return merged([...readFiles(env, places), ...readFolders(env, places), ...readAdded(env)]);
}

/** A variable that names nothing usable does not take the system's own file away. */
function readFiles({ SSL_CERT_FILE }: Environment, { files, store }: SystemPlaces): readonly Reading[] {
  const readings: Reading[] = [];
  if (SSL_CERT_FILE) readings.push(readCaFile(SSL_CERT_FILE, 'named'));
  if (readings.some(isUsable)) return readings;
  if (store !== undefined) readings.push(readStore(store));
  for (const path of files) {
    readings.push(readCaFile(path));
    if (readings.some(isUsable)) break;
  }
  return readings;
}

function readFolders({ SSL_CERT_DIR }: Environment, { folders }: SystemPlaces): readonly Reading[] {
  if (!SSL_CERT_DIR) return folders.map((folder) => readCaFolder(folder));
  return SSL_CERT_DIR.split(delimiter).map((folder) => readCaFolder(folder, 'named'));
}

/** Python's requests takes a folder in them too. */
function readAdded({ REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE }: Environment): readonly Reading[] {
  return [REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE].flatMap((path) => {
    if (!path) return [];
    const asFile = readCaFile(path, 'named');
    return isUsable(asFile) ? [asFile] : [readCaFolder(path, 'named')].filter(isUsable).concat(asFile);
  });
}

function readStore(store: Store): Reading {
  const origin = "the system's store";
  try {
    return { origin, certificates: store('system') };
  } catch (error) {
    return { origin, certificates: [], problem: String(error) };
  }
}

function isUsable({ certificates }: Reading): boolean {
  return certificates.length > 0;
}

/** Most of the system's CAs are Node's too, which it trusts by itself: a store that has fewer is made faster. */
function merged(readings: readonly Reading[]): TrustedCas {
  const known = new Set(rootCertificates.map(withoutSpace));
  const found = new Set(readings.flatMap(({ certificates }) => certificates));
  const unusable = readings.flatMap(({ origin, problem }) =>
    problem === undefined ? [] : [`${origin} (${problem})`],
  );
  return {
    ca: [...found].filter((certificate) => !known.has(withoutSpace(certificate))),
    origins: [...new Set(readings.filter(isUsable).map(({ origin }) => origin))],
    unusable: [...new Set(unusable)],
  };
}

/** Lines may have another length. */
function withoutSpace(certificate: string): string {
  return certificate.replace(/\s+/g, '');
}
