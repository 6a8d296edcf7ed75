import { ModelcarError } from '../error.ts';
import { formatModelId, type ResolvedModel, type Sibling } from '../model.ts';
import { type FileKind, fileKind } from './file-kind.ts';
import { onOneLine } from './sized-list.ts';

/** Whether any file may hold weights. A file of unknown kind may. */
export function hasWeights(siblings: readonly Pick<Sibling, 'path'>[]): boolean {
  return siblings.some(({ path }) => WEIGHTS.has(fileKind(path)));
}

const WEIGHTS: ReadonlySet<FileKind> = new Set(['weights', 'pickle', 'data', 'other']);

/**
 * Whether a model has only cards and measurements, as the main branch of a repository with weights on other branches. A
 * config, a tokenizer or code may be all that a repository is for, so these count as content.
 */
export function lacksWeights(
  { id, siblings }: Pick<ResolvedModel, 'id' | 'siblings'>,
  { allow, ignore }: { readonly allow: readonly string[]; readonly ignore: readonly string[] },
): boolean {
  if (id.type === 'dataset' || allow.length + ignore.length > 0 || siblings.length === 0) return false;
  return siblings.every(({ path }) => SERVES_NOTHING.has(fileKind(path)));
}

const SERVES_NOTHING: ReadonlySet<FileKind> = new Set(['hidden', 'media', 'card', 'text']);

/** @param branches the known branches with weights */
export function noWeightsError(
  { id, revision }: Pick<ResolvedModel, 'id' | 'revision'>,
  branches: readonly string[],
): ModelcarError {
  const shown = branches.slice(0, 20).map((branch) => `  ${onOneLine(branch)}`);
  const more = branches.length > shown.length ? [`  and ${branches.length - shown.length} more`] : [];
  const first = `${formatModelId(id)} has no weights at ${onOneLine(revision)}`;
  const found = branches.length === 0 ? [first] : [`${first}; these branches have some:`, ...shown, ...more];
  return new ModelcarError('USAGE', found.join('\n'), {
    hint:
      branches.length === 0
        ? "Choose another revision, or push all files with --allow-patterns '*'."
        : `Choose one of them: ${formatModelId(id)}@${onOneLine(branches[0] ?? '')}`,
  });
}
