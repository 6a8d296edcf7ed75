import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../core/certificates.ts';
import { ModelcarError } from '../core/error.ts';

/**
 * The certificates in a PEM text; what stands between them is for people and does not count.
 * @param origin where the text is from, for errors
 * @throws ModelcarError `USAGE` where there is none, or one that cannot be read
 */
export function parseCaCertificates(text: string, origin: string): readonly string[] {
  const certificates = certificatesIn(text);
  if (certificates.length === 0) throw unusable(origin, 'there is no PEM certificate in it');
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw unusable(origin, `certificate ${index + 1} of ${certificates.length} cannot be read`, cause);
    }
  }
  return certificates;
}

function unusable(origin: string, reason: string, cause?: unknown): ModelcarError {
  return new ModelcarError('USAGE', `cannot use ${origin}: ${reason}`, {
    hint: 'Give a file of PEM certificates; openssl x509 -inform der makes one of a DER file.',
    cause,
  });
}
