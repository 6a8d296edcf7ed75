import { groupBy } from '../group-by.ts';
import type { Sibling } from '../model.ts';
import { literalPattern, matcher } from './path-patterns.ts';
import { totalSize } from './sized-list.ts';

/** One quantisation: a file, or all files of a split set. */
export interface GgufChoice {
  readonly siblings: readonly Sibling[];
  readonly size: number;
  /** Matches this choice and no other. */
  pattern(): string;
}

/**
 * The quantisations among GGUF files, smallest first. The projector of a multimodal model (`mmproj`) is none of them:
 * llama.cpp reads it beside whichever is served.
 * https://github.com/ggml-org/llama.cpp/blob/master/docs/multimodal.md
 */
export function ggufChoices(siblings: readonly Sibling[]): readonly GgufChoice[] {
  const models = siblings.filter(({ path }) => !isProjector(path));
  const sets = groupBy(models, ({ path }) => path.replace(SPLIT_END, ''));
  const paths = models.map(({ path }) => path);
  return [...sets]
    .map(([stem, files]) => ({
      siblings: files,
      size: totalSize(files),
      pattern: () => patternOf(stem, files, paths),
    }))
    .sort((a, b) => a.size - b.size);
}

export function isProjector(path: string): boolean {
  return /mmproj[^/]*$/i.test(path);
}

/** `-00001-of-00003.gguf`, as llama.cpp splits; or the end of a file that is whole. */
const SPLIT_END = /(?:-\d{5}-of-\d{5})?\.gguf$/i;

/** `Q4_K_M`, `UD-IQ1_S`, `BF16`, `MXFP4_MOE`, … */
const QUANTISATION = /(?<![a-z0-9])(?:UD-)?(?:(?:IQ|TQ|Q)\d\w*|BF16|FP?(?:8|16|32)|MXFP4\w*)/gi;

/** The shortest that matches the files of this set and no others. */
function patternOf(stem: string, files: readonly Sibling[], paths: readonly string[]): string {
  const name = stem.slice(stem.lastIndexOf('/') + 1);
  const word = name.match(QUANTISATION)?.at(-1);
  const candidates =
    word === undefined ? [] : [`*${word}*`, `*${word}.gguf`, `*-${word}.gguf`, `*${word}-*.gguf`];
  const matchesOnlyThese = (pattern: string): boolean => {
    const matches = matcher([pattern]);
    return paths.filter(matches).length === files.length && files.every(({ path }) => matches(path));
  };
  const whole =
    files.length > 1
      ? `${literalPattern(stem)}-0*-of-*.gguf`
      : files.map(({ path }) => literalPattern(path)).join();
  return candidates.find(matchesOnlyThese) ?? whole;
}
