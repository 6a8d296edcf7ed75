import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { certificatesIn } from './core/certificates.ts';

/**
 * The certificates of `NODE_EXTRA_CA_CERTS`, which Node trusts by itself only where no others are added. As with Node,
 * a file that cannot be used counts for nothing.
 */
export function extraCaCertificates(): readonly string[] {
  try {
    return env.NODE_EXTRA_CA_CERTS ? certificatesIn(readFileSync(env.NODE_EXTRA_CA_CERTS, 'utf8')) : [];
  } catch {
    return [];
  }
}
