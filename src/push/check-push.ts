import { ModelcarError } from '../core/error.ts';
import { type PushPlan, type PushRequest, planPush } from './push.ts';
import type { World } from './world.ts';

/** A plan that the target was asked about. */
export interface CheckedPlan extends PushPlan {
  /** Why the target would not take the push; undefined: it would. */
  readonly refusal: ModelcarError | undefined;
}

/**
 * The plan of a push, and whether the target would take it. Stores nothing.
 * @throws ModelcarError as {@link planPush} does; a refusal of the target is in the result
 */
export async function checkPush(request: PushRequest, world: World): Promise<CheckedPlan> {
  const plan = await planPush(request, world);
  try {
    await world.target.checkAccess(world.signal);
    return { ...plan, refusal: undefined };
  } catch (error) {
    if (world.signal.aborted || !(error instanceof ModelcarError)) throw error;
    return { ...plan, refusal: error };
  }
}
