/** CAs to trust besides Node's own. */
export interface TrustedCas {
  /** In PEM form, one certificate each. The TLS library ignores those that it cannot read. */
  readonly ca: readonly string[];
  /** Their sources, for messages: `/etc/ssl/certs/ca-certificates.crt`. */
  readonly origins: readonly string[];
  /** Sources without usable CAs, for messages: `/etc/corp.pem (permission denied)`. */
  readonly unusable: readonly string[];
}

/** The certificates that this machine has for one registry. */
export interface RegistryCertificates {
  /** The folder that has them; if none does, the folder where they belong. */
  readonly folder: string;
  /** CAs that issue the registry's certificate, each in PEM form. */
  readonly ca: readonly string[];
  readonly client?: ClientCertificate;
  /** Files that exist and cannot be used, for messages. Never a key. */
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

/** The PEM certificates in a text. Text between them is a comment. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
