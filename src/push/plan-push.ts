import type { Digest } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import type { TagOutlook } from '../core/tag-decision.ts';
import { lookAtPlannedTags, type PushPlan, type PushRequest, planImage } from './push.ts';
import type { World } from './world.ts';

/** A plan that the target was asked about. */
export interface CheckedPlan extends PushPlan {
  /** Those of its tags that exist. Empty if the target refuses the push. */
  readonly tagsFound: readonly FoundTag[];
  /** Why the target would refuse the push; undefined: it would accept it. */
  readonly refusal: ModelcarError | undefined;
}

export interface FoundTag {
  readonly tag: string;
  /** What it points at now. */
  readonly digest: Digest;
  readonly outlook: TagOutlook;
}

/**
 * The plan of a push, and whether the target would accept it: the account may push, and the default tag may be set.
 * Stores nothing.
 * @throws ModelcarError as {@link planImage} does; a refusal of the target is in the result
 */
export async function planPush(request: PushRequest, world: World): Promise<CheckedPlan> {
  const plan = await planImage(request, world);
  try {
    await world.target.checkAccess(world.signal);
    const { seen } = await lookAtPlannedTags(plan, request, world);
    const tagsFound = seen.flatMap(({ tag, digest, outlook }) => (digest ? [{ tag, digest, outlook }] : []));
    return { ...plan, tagsFound, refusal: undefined };
  } catch (error) {
    if (world.signal.aborted || !(error instanceof ModelcarError)) throw error;
    return { ...plan, tagsFound: [], refusal: error };
  }
}
