import { join } from 'node:path';
import * as v from 'valibot';
import type { Descriptor } from '../core/descriptor.ts';
import { parseJson } from '../core/json.ts';
import { INDEX } from '../core/media-type.ts';
import { type LockWorld, withFileLock } from '../files/file-lock.ts';
import { readRegularFile } from '../files/read-regular-file.ts';
import { realFile } from '../files/real-file.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { unusableLayout } from './layout-file.ts';

/** What a tag is called in `index.json` (OCI image-spec, annotations.md). */
const REF_NAME = 'org.opencontainers.image.ref.name';

/** Some sixty thousand tags. The file is read whole. */
const INDEX_LIMIT = 16 * 1024 * 1024;

/** `index.json`, with everything in it that other tools wrote there. */
export interface LayoutIndex {
  readonly [member: string]: unknown;
  readonly manifests: readonly IndexEntry[];
}

interface IndexEntry {
  readonly [member: string]: unknown;
  readonly digest: string;
  readonly mediaType?: string | undefined;
  readonly annotations?: Annotations | undefined;
}

interface Annotations {
  readonly [name: string]: unknown;
  readonly [REF_NAME]?: string | null | undefined;
}

/** Go writes an empty list or map as `null`; `umoci init` does. */
const annotations = v.nullish(v.looseObject({ [REF_NAME]: v.nullish(v.string()) }));
const indexSchema = v.looseObject({
  manifests: v.nullable(
    v.array(v.looseObject({ digest: v.string(), mediaType: v.optional(v.string()), annotations })),
  ),
  annotations,
});

const EMPTY_INDEX: LayoutIndex = { schemaVersion: 2, mediaType: INDEX, manifests: [] };

function indexPathIn(folder: string): string {
  return join(folder, 'index.json');
}

/**
 * Where `index.json` is, if it is a link.
 * @throws ModelcarError `REJECTED` when another user may lead us somewhere else
 */
export function realIndexPath(folder: string, user: number | undefined): Promise<string> {
  const refuse = (why: string) => unusableLayout(`cannot use ${folder}: ${why}`);
  return realFile(indexPathIn(folder), { user, refuse });
}

/**
 * Undefined where there is none.
 * @throws ModelcarError `REJECTED` when there is an `index.json` that is not one: it is never overwritten
 */
export async function readIndex(folder: string): Promise<LayoutIndex | undefined> {
  const path = indexPathIn(folder);
  const refuse = (what: string) =>
    unusableLayout(`${path} is not the index of an OCI image layout: it is ${what}`);
  const bytes = await readRegularFile(path, { limit: INDEX_LIMIT, refuse });
  if (bytes === undefined) return undefined;
  const value = parseJson(bytes.toString());
  // Do not return the parsed output: valibot drops members such as `constructor`, which other tools may write.
  if (v.is(indexSchema, value)) return withoutNulls(value);
  throw unusableLayout(`${path} is not the index of an OCI image layout`);
}

function withoutNulls(index: v.InferOutput<typeof indexSchema>): LayoutIndex {
  return {
    ...withoutNullAnnotations(index),
    manifests: (index.manifests ?? []).map((entry) => withoutNullAnnotations(entry)),
  };
}

function withoutNullAnnotations<T extends { readonly annotations?: Annotations | null | undefined }>(
  node: T,
): T & { readonly annotations?: Annotations | undefined } {
  const { annotations, ...rest } = node;
  return (annotations === null ? rest : node) as T & { readonly annotations?: Annotations | undefined };
}

/**
 * Changes `index.json` under a lock, then reads it again. Other tools do not take this lock. skopeo reads the file when a
 * copy begins and writes it when the copy ends, so it may drop what we add meanwhile.
 * @returns the index afterwards
 */
export async function changeIndex(
  folder: string,
  world: LockWorld & { readonly user: number | undefined },
  edit: (index: LayoutIndex) => LayoutIndex,
): Promise<LayoutIndex> {
  const path = await realIndexPath(folder, world.user);
  return withFileLock(path, world, async () => {
    const index = edit((await readIndex(folder)) ?? EMPTY_INDEX);
    const bytes = Buffer.from(`${JSON.stringify(index)}\n`);
    if (bytes.length > INDEX_LIMIT) throw unusableLayout(`${path} would grow beyond ${INDEX_LIMIT} bytes`);
    await writeAtomically(path, bytes, 0o644, world.processes.self);
    return (await readIndex(folder)) ?? EMPTY_INDEX;
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
