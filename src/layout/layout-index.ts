import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import { INDEX } from '../core/media-type.ts';
import { nameRecord } from '../core/name-map.ts';
import { writeAtomically } from '../files/write-atomically.ts';

/** What a tag is called in `index.json` (OCI image-spec, annotations.md). */
const REF_NAME = 'org.opencontainers.image.ref.name';

/** `index.json`, with everything in it that other tools wrote there. */
export interface LayoutIndex {
  readonly [member: string]: unknown;
  readonly manifests: readonly IndexEntry[];
}

interface IndexEntry {
  readonly [member: string]: unknown;
  readonly digest: string;
  readonly mediaType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const indexSchema = v.looseObject({
  manifests: v.array(
    v.looseObject({
      digest: v.string(),
      mediaType: v.optional(v.string()),
      annotations: v.optional(nameRecord(v.string())),
    }),
  ),
});

export const EMPTY_INDEX: LayoutIndex = { schemaVersion: 2, mediaType: INDEX, manifests: [] };

/**
 * Undefined where there is none.
 * @throws ModelcarError `REJECTED` when there is an `index.json` that is not one: it is never overwritten
 */
export async function readIndex(folder: string): Promise<LayoutIndex | undefined> {
  const path = join(folder, 'index.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = v.safeParse(indexSchema, parseJson(text));
  if (parsed.success) return parsed.output;
  throw new ModelcarError('REJECTED', `${path} is not the index of an OCI image layout`, {
    hint: 'Give another folder, or move the file away.',
  });
}

/** The index with `tag` at this manifest and nowhere else. */
export function withTag(
  index: LayoutIndex,
  { mediaType, digest, size }: Descriptor,
  tag: string,
): LayoutIndex {
  const others = index.manifests.filter((entry) => entry.annotations?.[REF_NAME] !== tag);
  const entry = { mediaType, digest, size, annotations: { [REF_NAME]: tag } };
  return { ...index, manifests: [...others, entry] };
}

export function entryOf(tag: string, { manifests }: LayoutIndex): IndexEntry | undefined {
  return manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag);
}

export function tagsOf({ manifests }: LayoutIndex): readonly string[] {
  const names = manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []);
  return [...new Set(names)];
}

export async function writeIndex(folder: string, index: LayoutIndex): Promise<void> {
  await writeAtomically(join(folder, 'index.json'), Buffer.from(`${JSON.stringify(index)}\n`), 0o644);
}
