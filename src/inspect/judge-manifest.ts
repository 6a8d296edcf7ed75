import type { Descriptor } from '../core/descriptor.ts';
import type { StoredManifest } from '../core/ports.ts';
import { type Complaints, compareManifest, comparePaths, MISSING } from './complaints.ts';
import { type ManifestDocument, parseManifest } from './wire.ts';

/** A manifest or index with what is wrong with it; without its content where that cannot be read or believed. */
export interface JudgedManifest {
  readonly document: ManifestDocument | undefined;
  readonly complaints: Complaints;
}

/** @param expected as far as it is known: a tag promises nothing */
export function judgeManifest(
  stored: StoredManifest | undefined,
  expected: Partial<Pick<Descriptor, 'digest' | 'size'>>,
): JudgedManifest {
  if (stored === undefined) return { document: undefined, complaints: [MISSING] };
  const complaints = compareManifest(stored, expected);
  // Another document than the one that was named can name anything, without end: do not follow it.
  if (complaints.length > 0) return { document: undefined, complaints };
  const document = parseManifest(stored.bytes);
  if (document === undefined)
    return { document, complaints: ['is neither an image manifest nor an index that we can read'] };
  return { document, complaints: document.kind === 'manifest' ? comparePaths(document) : [] };
}
