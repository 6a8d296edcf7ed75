import type { TrustedCas } from '../core/certificates.ts';
import type { ErrorCode } from '../core/error.ts';
import { presentable, type Redacting } from './presentable.ts';

/** How both sides of a connection verify each other. */
export interface Verification {
  /** Besides Node's own CAs. */
  readonly trusted: TrustedCas;
  /** The folder for certificates of this server, if there is one. */
  readonly folder: string | undefined;
  readonly hasClientCertificate: boolean;
  /** Whether a registry, or a server that it names, is asked: only there can the check be skipped. */
  readonly isRegistry: boolean;
}

const PLAIN: Verification = {
  trusted: { ca: [], origins: [], unusable: [] },
  folder: undefined,
  hasClientCertificate: false,
  isRegistry: false,
};

/** What stands in the way of a secure connection, and what to do about it. */
export interface TlsTrouble {
  readonly said: string;
  readonly hint: string;
  /** Default: `UNSUPPORTED`. */
  readonly errorCode?: ErrorCode;
}

const CLOCK = 'Have the certificate renewed, or set the clock of this machine.';
const VERSIONS = 'Check the host name, and which TLS versions and ciphers the server allows.';
const UNKNOWN_CA = 'its certificate is by a CA that is not known here';

/** Codes of Node (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const UNTRUSTED: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is by a CA that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
};

const OUT_OF_DATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

/** @returns undefined for an error that has nothing to do with TLS */
export function tlsTrouble(
  code: string,
  message: string,
  from: Redacting,
  verification: Verification = PLAIN,
): TlsTrouble | undefined {
  const untrusted = UNTRUSTED[code];
  if (untrusted !== undefined)
    return { said: `${untrusted} ${asked(verification)}`, hint: trustHint(verification) };
  const outOfDate = OUT_OF_DATE[code];
  if (outOfDate !== undefined) return { said: outOfDate, hint: CLOCK };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      said: `its certificate is for another name: ${presentable(message, from)}`,
      hint: 'Use a name that the certificate has, or have one made for this name.',
    };
  }
  if (/wrong version number|packet length too long|http request/.test(message)) {
    return {
      said: 'it answers without TLS',
      hint: 'Write http:// in front of a registry or an endpoint without TLS.',
    };
  }
  const [, alert] = /SSL|EPROTO/.test(code) ? (/\balert ([a-z ]*[a-z])/.exec(message) ?? []) : [];
  if (alert !== undefined) return alertTrouble(alert, verification);
  if (/CERT|TLS|SSL|EPROTO|ISSUER/.test(code))
    return { said: presentable(message, from), hint: trustHint(verification) };
  return undefined;
}

/** `its certificate is self-signed (trusted CAs: Node.js, /etc/ssl/certs/ca-certificates.crt)` */
function asked({ trusted: { origins, unusable } }: Verification): string {
  const not = unusable.length === 0 ? '' : `; not usable: ${unusable.join(', ')}`;
  return `(trusted CAs: ${['Node.js', ...origins].join(', ')}${not})`;
}

function trustHint({ folder, isRegistry }: Verification): string {
  const there = folder === undefined ? '' : `, as ${folder}/ca.crt`;
  const skip = isRegistry ? '; for the registry alone, --insecure skips the check' : '';
  return `Trust its CA with --ca-file${there}, or in the system's store${skip}.`;
}

/** Alerts about a client certificate (RFC 8446, section 6.2). */
const ABOUT_CLIENT =
  /^(bad certificate|unsupported certificate|certificate (revoked|expired|unknown|required)|unknown ca|access denied)$/;

/** The alert of the server before it closes the connection, in the words of OpenSSL. */
function alertTrouble(alert: string, { folder, hasClientCertificate }: Verification): TlsTrouble {
  const said = `it refused the connection (TLS alert: ${alert})`;
  const wanted = `Put client.cert and client.key into ${folder}`;
  if (!ABOUT_CLIENT.test(alert)) {
    // TLS 1.2 has no alert for a missing certificate.
    const isMissing = alert === 'handshake failure' && folder !== undefined && !hasClientCertificate;
    return {
      said,
      hint: isMissing
        ? `${wanted}, if it wants a client certificate; else check its TLS versions and ciphers.`
        : VERSIONS,
    };
  }
  if (hasClientCertificate) {
    return {
      said: `it does not accept our client certificate (TLS alert: ${alert})`,
      hint: `Check the CA and the expiry of the client certificate in ${folder}.`,
      errorCode: 'UNAUTHORIZED',
    };
  }
  return {
    said: `it wants a client certificate (TLS alert: ${alert})`,
    hint:
      folder === undefined
        ? "Reach it without one: only the registry's own host and port gets our client certificate."
        : `${wanted}.`,
    errorCode: 'UNAUTHORIZED',
  };
}
