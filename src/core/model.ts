import { ModelcarError } from './error.ts';
import { quoted } from './quoted.ts';

/** A repository on the Hub. Models have no prefix in URLs, datasets have `datasets/`. */
export interface ModelId {
  readonly type: 'model' | 'dataset';
  /** `org/name`, or a single segment for the Hub's oldest models (`gpt2`). */
  readonly name: string;
}

/** 40 lower-case hex characters: a revision that can no longer move. */
export type Commit = string;

/**
 * The Hub's identifier of a file's content: `sha256` of the bytes for files in LFS or Xet storage, the git blob
 * `sha1` (over `blob <size>\0` and the bytes) for the others.
 */
export interface Oid {
  readonly algorithm: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** A file listed in a model. */
export interface Sibling {
  /** Path in the model, `/` between components, exactly as the Hub lists it. */
  readonly path: string;
  /** Length of the content in bytes (never of an LFS pointer). */
  readonly size: number;
  readonly oid: Oid;
}

/** A model at one commit, with everything in it. Plain data: it can cross a thread or be written down. */
export interface ResolvedModel {
  readonly id: ModelId;
  /** What the user asked for: a branch, a tag, a commit. */
  readonly revision: string;
  readonly commit: Commit;
  readonly siblings: readonly Sibling[];
}

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$/;
const COMMIT = /^[0-9a-f]{40}$/;

export function isCommit(text: string): boolean {
  return COMMIT.test(text);
}

/** @throws ModelcarError `USAGE` unless `text` is `org/name`, `name` or `datasets/org/name` */
export function parseModelId(text: string): ModelId {
  const dataset = text.startsWith('datasets/');
  const name = dataset ? text.slice('datasets/'.length) : text;
  const segments = name.split('/');
  if (segments.length > 2 || segments.some((segment) => !SEGMENT.test(segment) || segment.includes('..'))) {
    throw new ModelcarError('USAGE', `${quoted(text)} is not the name of a model`, {
      hint: 'Write org/model, or datasets/org/name for a dataset, without the address of the Hub.',
    });
  }
  return { type: dataset ? 'dataset' : 'model', name };
}

/** The inverse of {@link parseModelId}. */
export function formatModelId(id: ModelId): string {
  return id.type === 'dataset' ? `datasets/${id.name}` : id.name;
}

/** @throws ModelcarError `USAGE` when `text` cannot be the name of a branch, a tag or a commit */
export function parseRevision(text: string): string {
  // git-check-ref-format(1): no control characters, space, ~ ^ : ? * [ \, no "..", none that ends in "/" or ".".
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  if (text === '' || !text.isWellFormed() || /[\x00-\x20\x7f~^:?*[\\]|\.\.|^\/|[/.]$/.test(text)) {
    throw new ModelcarError('USAGE', `${quoted(text)} is not a revision`, {
      hint: 'Give a branch, a tag or a 40-character commit.',
    });
  }
  return text;
}
