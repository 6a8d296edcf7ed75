import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type ClientCertificate, certificatesIn } from '../core/certificates.ts';
import { ModelcarError } from '../core/error.ts';
import { readText } from './read-text.ts';

/** Paths. */
export interface ClientFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * A client certificate with its key. Warns if this user may not read one of them, as with root's docker: the registry may
 * not ask for it.
 * @throws ModelcarError `USAGE` when the two cannot be used
 */
export function readClient(files: ClientFiles, warnings: string[]): ClientCertificate | undefined {
  const certificate = readText(files.certificate, warnings);
  const key = certificate === undefined ? undefined : readText(files.key, warnings);
  if (certificate === undefined || key === undefined) return undefined;
  if (!parseCertificate(certificate, files.certificate).checkPrivateKey(parseKey(key, files.key)))
    throw unusable(files.key, `it is not the key of ${files.certificate}`);
  requireUsable(certificate, key, files.certificate);
  return { certificate, key };
}

function parseCertificate(text: string, path: string): X509Certificate {
  const [first] = certificatesIn(text);
  if (first === undefined) throw unusable(path, 'it has no PEM certificate');
  try {
    return new X509Certificate(first);
  } catch {
    throw unusable(path, 'its first certificate cannot be read');
  }
}

/** Drops the cause: no text about a key may reach a message. */
function parseKey(text: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(text)) throw unusable(path, 'it has a passphrase');
  try {
    return createPrivateKey(text);
  } catch {
    throw unusable(path, 'it has no PEM private key');
  }
}

/** OpenSSL has further demands, such as the length of the key. */
function requireUsable(cert: string, key: string, path: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function unusable(path: string, reason: string): ModelcarError {
  return new ModelcarError('USAGE', `cannot use ${path}: ${reason}`, {
    hint: 'Use a PEM certificate and its PEM key without a passphrase; openssl pkey removes one.',
  });
}
