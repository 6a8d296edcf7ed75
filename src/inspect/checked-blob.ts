import type { Descriptor } from '../core/descriptor.ts';
import type { Digest } from '../core/digest.ts';
import type { Complaints } from './complaints.ts';

export interface CheckedBlob {
  readonly kind: 'manifest' | 'config' | 'layer';
  readonly digest: Digest;
  /** Bytes, as its descriptor promises. */
  readonly size: number;
  readonly problem: string | undefined;
}

export function checked(
  kind: CheckedBlob['kind'],
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  complaints: Complaints,
): CheckedBlob {
  return { kind, digest, size, problem: complaints.length > 0 ? complaints.join('; ') : undefined };
}
