import type { Descriptor } from '../core/descriptor.ts';
import type { Digest } from '../core/digest.ts';
import type { Complaints } from './complaints.ts';

export interface CheckedBlob {
  readonly kind: 'manifest' | 'config' | 'layer';
  readonly digest: Digest;
  /** Bytes, as its descriptor promises. */
  readonly size: number;
  /** The model's file in this layer, as the manifest names it; at most 300 characters of it. */
  readonly file: string | undefined;
  readonly problem: string | undefined;
}

export function checked(
  kind: CheckedBlob['kind'],
  { digest, size, file }: Pick<Descriptor, 'digest' | 'size'> & { readonly file?: string | undefined },
  complaints: Complaints,
): CheckedBlob {
  return { kind, digest, size, file, problem: complaints.length > 0 ? complaints.join('; ') : undefined };
}
