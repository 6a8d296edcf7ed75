import { atOnce } from '../core/at-once.ts';
import { type Digest, sha256 } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import { parseManifest } from '../core/manifest.ts';
import { smallAtOnce } from '../core/small-layer.ts';
import {
  compareImages,
  comparePaths,
  decideTag,
  HEAD_LIMIT,
  type Likeness,
  type StoredImage,
  type TagKind,
  type TagOutlook,
  type WantedImage,
} from '../core/tag-decision.ts';
import type { World } from './world.ts';

/** A tag of the push, as it was at the target. */
export interface SeenTag {
  readonly tag: string;
  readonly kind: TagKind;
  /** The image that it points at; undefined if the tag is free or cannot be read. */
  readonly digest: Digest | undefined;
  readonly outlook: TagOutlook;
  /** The time of the look, by the clock of the push. */
  readonly at: number;
}

/**
 * Looks at one tag.
 * @throws ModelcarError `REJECTED` when the push would move the default tag to other files
 */
export type LookAtTag = (name: Pick<SeenTag, 'tag' | 'kind'>, signal: AbortSignal) => Promise<SeenTag>;

export interface TagLookOptions {
  readonly wanted: WantedImage;
  /** Whether the default tag may move to other files. */
  readonly moveTag: boolean;
}

/** Looks at all tags of a push before its first byte, and reports those that exist. */
export async function lookAtTags(
  names: readonly Pick<SeenTag, 'tag' | 'kind'>[],
  look: LookAtTag,
  { target, signal, onEvent }: Pick<World, 'target' | 'signal' | 'onEvent'>,
): Promise<readonly SeenTag[]> {
  const seen = await atOnce(names, smallAtOnce(1), signal, look);
  for (const { tag, digest, outlook } of seen) {
    const reference = target.formatReference({ tag });
    if (digest !== undefined) onEvent({ type: 'tag-found', tag, reference, digest, outlook });
  }
  return seen;
}

/** If the target does not answer, warns and lets the push continue. */
export function createTagLook(
  { wanted, moveTag }: TagLookOptions,
  { target, clock, onEvent }: Pick<World, 'target' | 'clock' | 'onEvent'>,
): LookAtTag {
  // Several tags often point at one image.
  const images = new Map<Digest, Promise<StoredImage>>();

  async function readImage(digest: Digest, signal: AbortSignal): Promise<StoredImage> {
    const found = await target.readManifest({ digest }, DOCUMENT_LIMIT + 1, signal);
    const { bytes } = found ?? {};
    if (bytes === undefined || (bytes.length <= DOCUMENT_LIMIT && sha256(bytes) !== digest)) {
      const what = bytes === undefined ? 'nothing' : 'other bytes';
      const reference = target.formatReference({ digest });
      throw new ModelcarError('CONTENT_MISMATCH', `cannot read ${reference}: the target returned ${what}`);
    }
    return { digest, document: parseManifest(bytes) };
  }

  async function judge(digest: Digest, kind: TagKind, signal: AbortSignal): Promise<Likeness> {
    const image = images.get(digest) ?? readImage(digest, signal);
    images.set(digest, image);
    const likeness = compareImages(await image, wanted);
    // The paths only matter for the default tag; for a chosen tag, spare the request.
    if (kind === 'chosen' || likeness.kind === 'other-files') return likeness;
    const { digest: layer } = likeness.witness.layer;
    return comparePaths(likeness, await target.readBlob(layer, HEAD_LIMIT, signal));
  }

  return async ({ tag, kind }, signal) => {
    const reference = target.formatReference({ tag });
    const at = clock.now();
    const reading = <T>(work: Promise<T>): Promise<T | undefined> =>
      work.catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof ModelcarError)) throw error;
        const message = `this push may move ${reference}, whose image it cannot read: ${error.message}`;
        onEvent({ type: 'warning', message });
        return undefined;
      });

    const digest = await reading(target.resolveTag(tag, signal));
    const likeness = digest && (await reading(judge(digest, kind, signal)));
    if (digest === undefined || likeness === undefined) return { tag, kind, digest, outlook: 'may-move', at };
    const decision = decideTag(likeness, kind, moveTag);
    if (decision.kind === 'refused') throw otherFiles(reference, digest, decision.why);
    return { tag, kind, digest, outlook: decision.outlook, at };
  };
}

function otherFiles(reference: string, digest: Digest, why: string): ModelcarError {
  return new ModelcarError('REJECTED', `cannot tag ${reference}: it points at ${digest}, which ${why}`, {
    hint: 'Choose a tag for this image (--target-tag), or move this one (--move-tag).',
  });
}
