import { CA_CERTIFICATE, CERTIFICATE, KEY } from '../../test/support/test-certificate.ts';

/** What servers present, and the certificate that a client must trust for it. */
export interface Tls {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/** For `127.0.0.1`. ECDSA, as most of the web has it; the key is public, and protects nothing but test bytes. */
export const TLS: Tls = { key: `${KEY}\n`, cert: `${CERTIFICATE}\n`, ca: `${CA_CERTIFICATE}\n` };
