import type { Digest } from '../core/digest.ts';
import { isPassingError, ModelcarError } from '../core/error.ts';
import type { Document } from '../core/image.ts';
import type { LookAtTag, SeenTag } from './look-at-tags.ts';
import type { World } from './world.ts';

/** A tag that pointed at another image before. */
export interface MovedTag {
  readonly tag: string;
  /** The digest that it pointed at. */
  readonly previous: Digest;
}

/** Look again before moving a tag if the first look is older: another push may have moved it. */
const FRESH_MS = 10_000;

/**
 * Points the tags at a manifest that the target has. After a refused tag, sets the others before it throws.
 * @throws ModelcarError of the target; for a refusal also with the image by digest, and the image that the tag points at
 */
export async function setTags(
  manifest: Document,
  tags: readonly SeenTag[],
  look: LookAtTag,
  world: World,
): Promise<readonly MovedTag[]> {
  const moved: MovedTag[] = [];
  const refusals: ModelcarError[] = [];
  for (const tag of tags) {
    try {
      moved.push(...(await setTag(manifest, tag, look, world)));
    } catch (error) {
      world.signal.throwIfAborted();
      if (!isRefusal(error)) throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first === undefined) return moved;
  const { code, hint } = first;
  const message = refusals.map((refusal) => refusal.message).join('\n');
  throw new ModelcarError(code, message, { cause: first, ...(hint !== undefined && { hint }) });
}

/** @returns the tag if it moved */
async function setTag(
  manifest: Document,
  seen: SeenTag,
  look: LookAtTag,
  world: World,
): Promise<readonly MovedTag[]> {
  const { target, clock, signal, onEvent } = world;
  const { tag } = seen;
  const { digest } = manifest.descriptor;
  const event = { type: 'tag-pushed', tag, reference: target.formatReference({ tag }), digest } as const;
  try {
    const { digest: previous } = clock.now() - seen.at > FRESH_MS ? await look(seen, signal) : seen;
    if (previous === digest) {
      onEvent({ ...event, outcome: 'existed' });
      return [];
    }
    await target.tagManifest(manifest, tag, signal);
    onEvent({ ...event, ...(previous === undefined ? { outcome: 'set' } : { outcome: 'moved', previous }) });
    return previous === undefined ? [] : [{ tag, previous }];
  } catch (error) {
    throw await explained(error, tag, digest, world);
  }
}

/**
 * Adds to a refusal where the image is. The target has just accepted the manifest by digest, so the refusal of an existing
 * tag is about the tag, not the account.
 */
async function explained(
  error: unknown,
  tag: string,
  digest: Digest,
  { target, signal }: World,
): Promise<unknown> {
  if (signal.aborted || !isRefusal(error)) return error;
  const current = await target.resolveTag(tag, signal).catch(() => undefined);
  const kept = `the layers and the manifest are kept as ${target.formatReference({ digest })}`;
  const { code, message, hint } = error;
  if (current === undefined) {
    return new ModelcarError(code, `${message}; ${kept}`, {
      ...(hint !== undefined && { hint }),
      cause: error,
    });
  }
  return new ModelcarError('REJECTED', `${message}; the tag stays at ${current}, and ${kept}`, {
    hint: 'Choose another tag.',
    cause: error,
  });
}

/** Whether the target refused this tag, so that the other tags may still be set. */
function isRefusal(error: unknown): error is ModelcarError {
  return error instanceof ModelcarError && error.code !== 'CONTENT_MISMATCH' && !isPassingError(error);
}
