import { presentable, type Redacting } from './presentable.ts';

/** What stands in the way of a secure connection, and what to do about it. */
export interface TlsTrouble {
  readonly said: string;
  readonly hint: string;
}

const TRUST =
  "Trust its CA with --ca-file; --insecure skips the check, but only for the registry's own host and port.";
const CLOCK = 'Have the certificate renewed, or set the clock of this machine.';

/** Codes of Node (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE: Readonly<Record<string, TlsTrouble>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: { said: 'its certificate is self-signed', hint: TRUST },
  SELF_SIGNED_CERT_IN_CHAIN: { said: 'its certificate is by a CA that is not trusted here', hint: TRUST },
  UNABLE_TO_GET_ISSUER_CERT: { said: 'its certificate is by a CA that is not known here', hint: TRUST },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    said: 'its certificate is by a CA that is not known here',
    hint: TRUST,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { said: 'its certificate is by a CA that is not known here', hint: TRUST },
  CERT_HAS_EXPIRED: { said: 'its certificate has expired', hint: CLOCK },
  CERT_NOT_YET_VALID: { said: 'its certificate is not valid yet', hint: CLOCK },
};

/** @returns undefined for an error that has nothing to do with TLS */
export function tlsTrouble(code: string, message: string, from: Redacting): TlsTrouble | undefined {
  const known = CERTIFICATE[code];
  if (known !== undefined) return known;
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
  if (/CERT|TLS|SSL|EPROTO|ISSUER/.test(code)) return { said: presentable(message, from), hint: TRUST };
  return undefined;
}
