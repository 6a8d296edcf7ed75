import { platform } from 'node:os';
import { delimiter } from 'node:path';
import tls, { rootCertificates } from 'node:tls';
import type { TrustedCas } from '../core/certificates.ts';
import { type Reading, readCaFile, readCaFolder } from './read-cas.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The CAs that the operating system trusts (docs/certificates.md). On Linux, the files and folders that programs in Go
 * read (https://go.dev/src/crypto/x509/root_linux.go); elsewhere the system's store, which Node reads from 22.15 on.
 * Never throws: sources that it cannot use are in `unusable`.
 *
 * @param env such as `process.env`
 */
export function systemCertificates(env: Environment): TrustedCas {
  return readSystem(env, platform() === 'linux' ? LINUX : { ...OTHER, store: STORE });
}

type Store = (type: 'system') => readonly string[];

/** Not for Linux: there Node reads the same files, and takes ten times as long. */
const STORE = (tls as { readonly getCACertificates?: Store }).getCACertificates;

export interface SystemPlaces {
  /** Only the first with a certificate counts. */
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

/** The file of macOS and the BSDs. It lacks the CAs that users add to the keychain. */
const OTHER: SystemPlaces = { files: ['/etc/ssl/cert.pem'], folders: [] };

export function readSystem(env: Environment, places: SystemPlaces): TrustedCas {
  return merged([...readFiles(env, places), ...readFolders(env, places), ...readAdded(env)]);
}

/** If a variable names nothing usable, the system's own files still count. */
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

/** Python's requests also accepts a folder. */
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

/** Leave out Node's own CAs, which are most of the system's: a smaller store takes less time to make. */
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

/** Ignores line lengths. */
function withoutSpace(certificate: string): string {
  return certificate.replace(/\s+/g, '');
}
