import * as v from 'valibot';
import type { Descriptor } from './descriptor.ts';
import { type Digest, isDigest } from './digest.ts';
import { parseJson } from './json.ts';
import { nameRecord } from './name-map.ts';

/** OCI documents, and Docker's of the same shape. Any client may have pushed them, so nothing is trusted. */
export type ManifestDocument = ImageManifest | ImageIndex;

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string | undefined;
  readonly manifests: readonly Descriptor[];
}

/** Report the first problem only: a hostile document may have a million. */
const FIRST_ISSUE = { abortEarly: true } as const;

/** RFC 6838, section 4.2: 127 characters for a type, and for a subtype. */
const mediaType = v.pipe(v.string(), v.maxLength(255));
const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const descriptor = v.pipe(
  v.object({
    mediaType,
    digest,
    size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    annotations: v.optional(nameRecord(v.string())),
  }),
  v.transform(
    ({ annotations, ...rest }): Descriptor => (annotations === undefined ? rest : { ...rest, annotations }),
  ),
);
const common = { schemaVersion: v.literal(2), mediaType: v.optional(mediaType) };
// A document that is both is read as one by some and as the other by others (CVE-2021-41190).
const manifest = v.object({
  ...common,
  config: descriptor,
  layers: v.array(descriptor),
  manifests: v.optional(v.never()),
});
const index = v.object({
  ...common,
  manifests: v.array(descriptor),
  config: v.optional(v.never()),
  layers: v.optional(v.never()),
});

/** Undefined where it is neither, or both; digests other than sha256 are not read. */
export function parseManifest(bytes: Uint8Array): ManifestDocument | undefined {
  const value = parseJson(Buffer.from(bytes).toString('utf8'));
  const image = v.safeParse(manifest, value, FIRST_ISSUE);
  if (image.success) {
    const { mediaType, config, layers } = image.output;
    return { kind: 'manifest', mediaType, config, layers };
  }
  const list = v.safeParse(index, value, FIRST_ISSUE);
  if (!list.success) return undefined;
  return { kind: 'index', mediaType: list.output.mediaType, manifests: list.output.manifests };
}

const config = v.object({ rootfs: v.object({ diff_ids: v.array(v.string()) }) });

/** The diff IDs of an image config (OCI image-spec, config.md); undefined where it is none. */
export function parseDiffIds(bytes: Uint8Array): readonly string[] | undefined {
  const parsed = v.safeParse(config, parseJson(Buffer.from(bytes).toString('utf8')), FIRST_ISSUE);
  return parsed.success ? parsed.output.rootfs.diff_ids : undefined;
}
