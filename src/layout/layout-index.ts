import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import { INDEX } from '../core/media-type.ts';
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
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const indexSchema = v.looseObject({
  manifests: v.array(
    v.looseObject({ digest: v.string(), annotations: v.optional(v.record(v.string(), v.string())) }),
  ),
});

/** @throws ModelcarError `REJECTED` when there is an `index.json` that is not one: it is never overwritten */
export async function readIndex(folder: string): Promise<LayoutIndex> {
  const path = join(folder, 'index.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { schemaVersion: 2, mediaType: INDEX, manifests: [] };
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

export function digestOf(tag: string, { manifests }: LayoutIndex): string | undefined {
  return manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag)?.digest;
}

export async function writeIndex(folder: string, index: LayoutIndex): Promise<void> {
  await writeAtomically(join(folder, 'index.json'), Buffer.from(`${JSON.stringify(index)}\n`), 0o644);
}
