import { createSecureContext, type SecureContext } from 'node:tls';

/** What a TLS connection verifies the other side with; nothing where Node's own defaults do. */
export interface Trust {
  readonly secureContext?: SecureContext;
}

/**
 * Trusts further CAs besides Node's own. The option `ca` would replace them, and what they are can be asked only from
 * Node 22.15 on (`tls.getCACertificates`); so they are added to the store of a context, which begins with all of them
 * but those of `NODE_EXTRA_CA_CERTS`.
 *
 * @param ca each a certificate in PEM form
 */
export function trustAlso(ca: readonly string[]): Trust {
  if (ca.length === 0) return {};
  const made = MADE.get(ca);
  if (made !== undefined) return made;
  const secureContext = createSecureContext();
  for (const certificate of ca) secureContext.context.addCACert(certificate);
  MADE.set(ca, { secureContext });
  return { secureContext };
}

/** A store of 150 certificates takes a fifth of a second to make: what has the same list shares it. */
const MADE = new WeakMap<readonly string[], Trust>();
