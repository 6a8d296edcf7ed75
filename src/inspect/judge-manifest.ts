import { atOnce } from '../core/at-once.ts';
import type { Descriptor } from '../core/descriptor.ts';
import type { Digest } from '../core/digest.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import type { ImageReader, StoredManifest } from '../core/ports.ts';
import { type Complaints, compareManifest, comparePaths, MISSING } from './complaints.ts';
import { QUESTIONS_AT_ONCE } from './questions-at-once.ts';
import { type ManifestDocument, parseManifest } from './wire.ts';

/** A manifest or index with what is wrong with it; without its content where that cannot be read. */
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
  const document = stored.bytes.length > DOCUMENT_LIMIT ? undefined : parseManifest(stored.bytes);
  if (document?.kind === 'manifest')
    return { document, complaints: [...complaints, ...comparePaths(document)] };
  // What came cut or changed is told by its digest; that it cannot be read follows from it.
  if (document !== undefined || complaints.length > 0) return { document, complaints };
  return { document, complaints: ['is neither an image manifest nor an index that we can read'] };
}

/** What an index names, and the indexes in it, each once however often it is named. */
export async function judgeChildren(
  root: ManifestDocument,
  reader: ImageReader,
  signal: AbortSignal,
): Promise<ReadonlyMap<Descriptor, JudgedManifest>> {
  const seen = new Set<Digest>();
  const judged = new Map<Descriptor, JudgedManifest>();
  let parents: readonly (ManifestDocument | undefined)[] = [root];
  while (parents.length > 0) {
    const children = parents
      .flatMap(childrenOf)
      .filter(({ digest }) => !seen.has(digest) && seen.add(digest));
    const found = await atOnce(children, QUESTIONS_AT_ONCE, signal, async (child, stop) => {
      const { digest } = child;
      const stored = await reader.readManifest({ digest }, DOCUMENT_LIMIT + 1, stop);
      return [child, judgeManifest(stored, child)] as const;
    });
    for (const [child, judgement] of found) judged.set(child, judgement);
    parents = found.map(([, { document }]) => document);
  }
  return judged;
}

function childrenOf(document: ManifestDocument | undefined): readonly Descriptor[] {
  return document?.kind === 'index' ? document.manifests : [];
}
