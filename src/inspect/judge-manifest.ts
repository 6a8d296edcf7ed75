import type { Descriptor } from '../core/descriptor.ts';
import { type ManifestDocument, parseManifest } from '../core/manifest.ts';
import type { StoredManifest } from '../core/ports.ts';
import { type Complaints, compareManifest, comparePaths, MISSING } from './complaints.ts';

/** A manifest or index with its problems. Its content is left out if we cannot parse it or its digest or size is wrong. */
export interface JudgedManifest {
  readonly document: ManifestDocument | undefined;
  readonly complaints: Complaints;
}

/** @param expected what is known in advance: nothing for a tag */
export function judgeManifest(
  stored: StoredManifest | undefined,
  expected: Partial<Pick<Descriptor, 'digest' | 'size'>>,
): JudgedManifest {
  if (stored === undefined) return { document: undefined, complaints: [MISSING] };
  const complaints = compareManifest(stored, expected);
  // Do not follow a document with the wrong digest or size: it can name new documents without end.
  if (complaints.length > 0) return { document: undefined, complaints };
  const document = parseManifest(stored.bytes);
  if (document === undefined)
    return { document, complaints: ['is neither an image manifest nor an index that we can read'] };
  return { document, complaints: document.kind === 'manifest' ? comparePaths(document) : [] };
}
