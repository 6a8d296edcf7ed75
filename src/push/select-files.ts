import { formatModelId, type ResolvedModel } from '../core/model.ts';
import { hasWeights, lacksWeights, noWeightsError } from '../core/selection/no-weights.ts';
import {
  evidenceNeeded,
  type Selection,
  type SelectionRequest,
  selectSiblings,
} from '../core/selection/selection.ts';
import { onOneLine } from '../core/selection/sized-list.ts';
import { branchesWithWeights } from './branches-with-weights.ts';
import { gatherEvidence } from './gather-evidence.ts';
import type { PlanWarning } from './plan-warning.ts';
import type { World } from './world.ts';

type SelectedFiles = Omit<Selection, 'warnings'> & { readonly warnings: readonly PlanWarning[] };

/**
 * Selects the files of a model to push: reads evidence where names and sizes do not decide, then applies the rules.
 * @throws ModelcarError as {@link selectSiblings}, {@link gatherEvidence} and {@link noWeightsError} do
 */
export async function selectFiles(
  model: ResolvedModel,
  request: SelectionRequest,
  world: World,
): Promise<SelectedFiles> {
  const weightless = model.id.type === 'model' && !hasWeights(model.siblings);
  const branches = weightless ? await branchesWithWeights(model, world) : [];
  if (lacksWeights(model, request)) throw noWeightsError(model, branches);
  const { evidence, warnings } = await gatherEvidence(model, evidenceNeeded(model, request), world);
  const selection = selectSiblings(model, request, evidence);
  const all = [...warnings, ...selection.warnings];
  // Replaces the warning of the selection, which knows no other revisions.
  return weightless
    ? {
        ...selection,
        warnings: [noWeights(model, branches), ...all.filter(({ code }) => code !== NO_WEIGHTS)],
      }
    : { ...selection, warnings: all };
}

const NO_WEIGHTS = 'no-weights';

function noWeights({ id, revision }: ResolvedModel, branches: readonly string[]): PlanWarning {
  const elsewhere = branches.length === 0 ? '' : `; branches that have some: ${branches.join(', ')}`;
  const message = `${formatModelId(id)} has no weights at ${revision}${elsewhere}`;
  return { code: NO_WEIGHTS, message: onOneLine(message) };
}
