import { createSecureContext, type SecureContext } from 'node:tls';
import type { ClientCertificate } from '../core/certificates.ts';

/** The CAs and the client certificate of a TLS connection; empty if Node's defaults are enough. */
export interface Trust {
  readonly secureContext?: SecureContext;
}

/**
 * Trusts further CAs besides Node's own. The option `ca` would replace them, and what they are can be asked only from
 * Node 22.15 on (`tls.getCACertificates`); so they are added to the store of a context, which begins with all of them
 * but those of `NODE_EXTRA_CA_CERTS`. The store ignores a certificate that it cannot read.
 *
 * @param ca each a certificate in PEM form
 */
export function trustAlso(ca: readonly string[], client?: ClientCertificate): Trust {
  if (ca.length === 0 && client === undefined) return {};
  const made = MADE.get(ca) ?? new Map<ClientCertificate | undefined, Trust>();
  const trust = made.get(client) ?? { secureContext: createContext(ca, client) };
  MADE.set(ca, made.set(client, trust));
  return trust;
}

/** A store takes milliseconds and memory, so transports with the same list share one. */
const MADE = new WeakMap<readonly string[], Map<ClientCertificate | undefined, Trust>>();

function createContext(ca: readonly string[], client: ClientCertificate | undefined): SecureContext {
  const secureContext = createSecureContext(client && { cert: client.certificate, key: client.key });
  for (const certificate of ca) secureContext.context.addCACert(certificate);
  return secureContext;
}
