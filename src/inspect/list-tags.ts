import { atOnce } from '../core/at-once.ts';
import type { Digest } from '../core/digest.ts';
import type { ImageReader } from '../core/ports.ts';
import { QUESTIONS_AT_ONCE } from './questions-at-once.ts';

export interface TagEntry {
  readonly tag: string;
  /** Undefined: it points at nothing that can be read, such as a manifest that was deleted. */
  readonly digest: Digest | undefined;
}

/**
 * The tags of a repository or layout, each with what it points at. In natural order: `v2` before `v10`.
 * @throws ModelcarError `NOT_FOUND` when there is no such repository or layout
 */
export async function listTags(reader: ImageReader, signal: AbortSignal): Promise<readonly TagEntry[]> {
  const tags = (await reader.listTags(signal)).toSorted(inNaturalOrder);
  return atOnce(tags, QUESTIONS_AT_ONCE, signal, async (tag, stop) => ({
    tag: reader.redact(tag),
    digest: await reader.resolveTag(tag, stop),
  }));
}

const collator = new Intl.Collator('en', { numeric: true });

/** Where that finds no difference, as between `v1` and `v01`, by code unit: the order is the same everywhere. */
function inNaturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
