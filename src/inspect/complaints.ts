import { type Descriptor, HF_PATH } from '../core/descriptor.ts';
import { sha256 } from '../core/digest.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import { type ImageManifest, parseDiffIds } from '../core/manifest.ts';
import { CONFIG, DOCKER_CONFIG, DOCKER_LAYER, LAYER } from '../core/media-type.ts';
import type { FoundBlob, StoredManifest } from '../core/ports.ts';

/** What is wrong, in words that follow the name of the thing; nothing where all is well. */
export type Complaints = readonly string[];

export const MISSING: string = 'is not there';
export const TOO_LARGE: string = `is larger than ${DOCUMENT_LIMIT / 2 ** 20} MiB`;

/**
 * @param stored at most one byte more than the size says
 * @param expected what is known in advance: nothing for a tag
 */
export function compareManifest(
  { bytes, digest }: StoredManifest,
  expected: Partial<Pick<Descriptor, 'digest' | 'size'>>,
): Complaints {
  if (bytes.length > DOCUMENT_LIMIT) return [TOO_LARGE];
  if (expected.size !== undefined && bytes.length > expected.size)
    return [`has more than the ${expected.size} bytes of its descriptor`];
  const got = sha256(bytes);
  const promised = expected.digest ?? digest;
  const complaints = [...sizes(expected.size, bytes.length)];
  if (promised !== undefined && got !== promised) complaints.push(`has bytes of the digest ${got}`);
  if (digest !== undefined && digest !== promised) complaints.push(`is called ${digest}`);
  return complaints;
}

export function compareBlob(expected: Descriptor, found: FoundBlob | undefined): Complaints {
  if (found === undefined) return [MISSING];
  const complaints = [...sizes(expected.size, found.size)];
  if (found.digest !== undefined && found.digest !== expected.digest)
    complaints.push(`has the digest ${found.digest}`);
  return complaints;
}

/** @param bytes one more than the size says, if there are so many */
export function compareConfig({ config, layers }: ImageManifest, bytes: Uint8Array | undefined): Complaints {
  if (bytes === undefined) return [MISSING];
  if (bytes.length > config.size) return [`has more than the ${config.size} bytes of the manifest`];
  const found = { size: bytes.length, digest: sha256(bytes) };
  const complaints = compareBlob(config, found);
  // The config of an artifact can be anything.
  if (complaints.length > 0 || (config.mediaType !== CONFIG && config.mediaType !== DOCKER_CONFIG))
    return complaints;
  const diffIds = parseDiffIds(bytes);
  return diffIds === undefined ? ['is not the config of an image'] : compareDiffIds(diffIds, layers);
}

/** OCI image-spec, config.md, "Layer DiffID": of a layer that is not compressed it is the digest. */
function compareDiffIds(diffIds: readonly string[], layers: readonly Descriptor[]): Complaints {
  if (diffIds.length !== layers.length) return [`has ${diffIds.length} diff IDs (expected ${layers.length})`];
  const wrong = layers.flatMap(({ mediaType, digest }, place) => {
    const uncompressed = mediaType === LAYER || mediaType === DOCKER_LAYER;
    if (!uncompressed || diffIds[place] === digest) return [];
    return [`has the diff ID ${cut(diffIds[place] ?? '')} for the uncompressed layer ${digest}`];
  });
  return firstOf(wrong);
}

/** A layer for each file: one that is there twice hides what it was. */
export function comparePaths({ layers }: ImageManifest): Complaints {
  const paths = layers.flatMap(({ annotations }) => annotations?.[HF_PATH] ?? []);
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const path of paths) (seen.has(path) ? twice : seen).add(path);
  return twice.size > 0 ? [`has more than one layer for ${firstOf([...twice].map(cut)).join(', ')}`] : [];
}

/** Ten are enough to read; a document of 4 MiB can have 50,000. */
function firstOf(words: readonly string[]): readonly string[] {
  return words.length > 10 ? [...words.slice(0, 10), `and ${words.length - 10} more`] : words;
}

/** A name in a document can be as long as the document. */
export function cut(name: string): string {
  return name.length > 300 ? `${name.slice(0, 300)}…` : name;
}

function sizes(expected: number | undefined, got: number | undefined): Complaints {
  if (expected === undefined || got === undefined || got === expected) return [];
  return [`has ${got} bytes, not ${expected}`];
}
