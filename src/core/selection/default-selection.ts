import { folderOf } from '../file-path.ts';
import type { ResolvedModel, Sibling } from '../model.ts';
import { type ReasonOf, secondCopies } from './second-copy.ts';
import { fileUse } from './serving-file.ts';
import { chooseFormat } from './weight-choice.ts';
import { weightFormat, weightName } from './weight-format.ts';

/**
 * What of a model is pushed when nobody says: one copy of its weights, and everything that serves them
 * (docs/selection.md has the rules).
 *
 * @param ignored what the caller leaves out in any case; leaving out never adds another file
 * @returns why a file is left out; undefined for one that is pushed
 * @throws ModelcarError as {@link chooseFormat} does
 */
export function defaultSelection(
  { id, siblings }: Pick<ResolvedModel, 'id' | 'siblings'>,
  ignored: (path: string) => boolean,
): ReasonOf {
  const copyFolder = copyFolders(siblings);
  const weights = siblings.filter(({ path }) => isWeight(path) && copyFolder(path) === undefined);
  const serving = siblings.filter(
    ({ path }) => weightFormat(path) === undefined && fileUse(path) === 'serving',
  );
  const format = chooseFormat({ id, weights, serving, ignored });
  const chosen = weights.map(({ path }) => path).filter((path) => weightFormat(path) === format);
  const chosenFolders = new Set(chosen.map(folderOf));
  const secondCopy = secondCopies(chosen, new Set(siblings.map(({ path }) => path)));
  return (path) => {
    const use = fileUse(path);
    if (use === 'hidden') return 'hidden files, such as .gitattributes';
    const folder = copyFolder(path);
    if (folder !== undefined) return folder;
    const own = weightFormat(path);
    if (own === undefined) return useReason(use, weights.length > 0);
    if (own === format) return secondCopy(path);
    return own === 'pickle' ? pickleReason(path, chosenFolders) : `weights in another format: ${own}`;
  };
}

/**
 * Why files lie in a folder that has the weights once more: where a publisher put the originals (Llama, gpt-oss), or
 * where a training left its states. No folder is that where there are no weights outside.
 */
function copyFolders(siblings: readonly Sibling[]): ReasonOf {
  const folder = /^(?:(original|metal)|checkpoint-\d+|global_step\d+)\//;
  const outside = siblings.some(({ path }) => isWeight(path) && !folder.test(path));
  return (path) => {
    const [found, published] = folder.exec(path) ?? [];
    if (found === undefined || !outside) return undefined;
    return published === undefined
      ? 'checkpoints of the training'
      : `${published}/, a second copy of the weights`;
  };
}

function isWeight(path: string): boolean {
  if (weightName(path) !== path || TRAINING_STATE.test(path) || fileUse(path) === 'hidden') return false;
  return weightFormat(path) !== undefined;
}

/** What transformers' Trainer leaves beside the weights. */
const TRAINING_STATE =
  /(?:^|\/)(?:training_args\.bin|(?:optimizer|scheduler|scaler)\.(?:pt|bin)|rng_state\w*\.pth)$/;

function useReason(use: 'serving' | 'media' | 'unknown', hasWeights: boolean): string | undefined {
  switch (use) {
    case 'serving':
      return undefined;
    case 'media':
      return 'pictures, sound, video and documents';
    case 'unknown':
      // Where we know none of the weights, these may be them.
      return hasWeights ? 'of no kind that serving needs' : undefined;
  }
}

function pickleReason(path: string, chosenFolders: ReadonlySet<string>): string {
  return chosenFolders.has(folderOf(path)) || TRAINING_STATE.test(path)
    ? 'pickles, which can run code when they are loaded'
    : 'pickles without other weights beside them: ask for them if the model needs them';
}
