import { abortScope } from '../core/abort-scope.ts';
import { atOnce } from '../core/at-once.ts';
import { ModelcarError } from '../core/error.ts';
import type { ResolvedModel } from '../core/model.ts';
import type { Branch } from '../core/ports.ts';
import { hasWeights } from '../core/selection/no-weights.ts';
import type { World } from './world.ts';

/** Enough for a publisher's quantisations. A branch takes two requests, or more if it has thousands of files. */
const MOST_BRANCHES = 20;
const AT_ONCE = 4;
const TIME_MS = 20_000;

/**
 * The other branches of a model that have weights, as far as the source answers in time. They are advice in an error, so
 * a failure only shortens the list.
 */
export async function branchesWithWeights(
  { id, commit }: ResolvedModel,
  { source, clock, signal }: Pick<World, 'source' | 'clock' | 'signal'>,
): Promise<readonly string[]> {
  const scope = abortScope(signal);
  let looked: readonly Branch[] = [];
  const found = new Set<Branch>();

  async function search(): Promise<void> {
    const branches = (await source.branches?.(id, scope.signal)) ?? [];
    looked = branches.filter((branch) => branch.commit !== commit).slice(0, MOST_BRANCHES);
    await atOnce(looked, AT_ONCE, scope.signal, async (branch, stop) => {
      const model = await source.resolve(id, branch.commit, stop).catch(ignored);
      if (model !== undefined && hasWeights(model.siblings)) found.add(branch);
    });
  }
  function ignored(error: unknown): undefined {
    if (!scope.signal.aborted && !(error instanceof ModelcarError)) throw error;
  }

  await Promise.all([
    search()
      .catch(ignored)
      .finally(() => scope.end()),
    clock.sleep(TIME_MS, scope.signal).then(() => scope.end(), ignored),
  ]);
  signal.throwIfAborted();
  return looked.filter((branch) => found.has(branch)).map(({ name }) => name);
}
