import { nameOf } from '../file-path.ts';
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
  const sets = groupBy(models, ({ path }) => path.replace(SPLIT_END, '-of-$1'));
  const paths = models.map(({ path }) => path);
  return [...sets]
    .map(([, files]) => ({
      siblings: files,
      size: totalSize(files),
      pattern: () => patternOf(files, paths),
    }))
    .sort((a, b) => a.size - b.size);
}

export function isProjector(path: string): boolean {
  return /mmproj/i.test(nameOf(path));
}

/** `-00001-of-00003.gguf`, as llama.cpp splits. */
const SPLIT_END = /-\d{5}-of-(\d{5}\.gguf)$/i;

/** `Q4_K_M`, `UD-IQ1_S`, `BF16`, `MXFP4_MOE`, … */
const QUANTISATION = /(?<![a-z0-9])(?:UD-)?(?:(?:IQ|TQ|Q)\d\w*|BF16|FP?(?:8|16|32)|MXFP4\w*)/gi;

/** The shortest that matches the files of this set and no others. */
function patternOf(files: readonly Sibling[], paths: readonly string[]): string {
  const [{ path } = { path: '' }] = files;
  const word = nameOf(path).match(QUANTISATION)?.at(-1);
  const words = word === undefined ? [] : [`*${word}*`, `*${word}.gguf`, `*-${word}.gguf`, `*${word}-*.gguf`];
  const matchesOnlyThese = (pattern: string): boolean => {
    const matches = matcher([pattern]);
    return paths.filter(matches).length === files.length && files.every((file) => matches(file.path));
  };
  return [...words, ...wholeNames(path)].find(matchesOnlyThese) ?? exactPattern(path);
}

function wholeNames(path: string): readonly string[] {
  const stem = path.replace(SPLIT_END, '');
  if (stem !== path) return [`${literalPattern(stem)}-0*-of-*.gguf`];
  const name = literalPattern(path);
  // Without a wildcard it is the end of a path, which other paths can have: a set of one character makes it the whole.
  return [name, name.replace(/\w/, '[$&]')];
}

/** For names that are alike where a pattern on a command line cannot say their characters: these are "no other of ASCII". */
function exactPattern(path: string): string {
  const [end = '', total = ''] = SPLIT_END.exec(path) ?? [];
  const name = path
    .slice(0, path.length - end.length)
    .replace(/[*?[\]]/g, '[$&]')
    .replace(/['",\s\p{C}]/gu, '[!!#-&(-+--~]');
  return end === '' ? name : `${name}-${'[0-9]'.repeat(5)}-of-${total}`;
}
