import type { Digest } from './digest.ts';

/** A pointer at content by media type, digest and size in bytes (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Layer annotations, with the keys of the Python tool's 1.x line: what either tool has pushed, the other can
 * recognise. `HF_PATH` is the file's path in the model, `HF_SHA256` the hash of an LFS file's content.
 */
export const HF_PATH = 'io.github.codanael.modelcar.hf-path';
export const HF_SHA256 = 'io.github.codanael.modelcar.hf-sha256';
