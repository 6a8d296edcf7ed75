/** CAs to trust besides Node's own. */
export interface TrustedCas {
  /** Each a certificate in PEM form. One that cannot be read counts for nothing. */
  readonly ca: readonly string[];
  /** Where they come from, for people: `/etc/ssl/certs/ca-certificates.crt`. */
  readonly origins: readonly string[];
  /** What should hold CAs and does not, for people: `/etc/corp.pem (permission denied)`. */
  readonly unusable: readonly string[];
}

/** What this machine knows of the certificates of one registry. */
export interface RegistryCertificates {
  /** Where they were found, or where the registry's certificates belong if there are none. */
  readonly folder: string;
  /** CAs that issue the registry's certificate, each in PEM form. */
  readonly ca: readonly string[];
  readonly client?: ClientCertificate;
  /** What is there and cannot be used, for people. Never a key. */
  readonly warnings: readonly string[];
  /** Where this user may not look: nothing may be there. Errors about trust name it. */
  readonly unusable?: readonly string[];
}

/** What a client shows to a registry that asks for a certificate (mutual TLS). */
export interface ClientCertificate {
  /** In PEM form; the certificates of intermediate CAs follow it. */
  readonly certificate: string;
  /** The private key in PEM form, without a passphrase. A secret. */
  readonly key: string;
}

/** Where the certificates of a registry come from, such as the `certs.d` folders of docker and podman. */
export type CertificateSource = (host: string) => Promise<RegistryCertificates | undefined>;

/** The PEM certificates in a text. Whatever stands between them is for people. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
