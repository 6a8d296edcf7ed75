import { ModelcarError } from '../error.ts';
import { folderOf, nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import { formatModelId, type ModelId, type Sibling } from '../model.ts';
import { type GgufChoice, ggufChoices, isProjector } from './gguf.ts';
import { literalPattern } from './path-patterns.ts';
import { onOneLine, type SizedRow, totalSize, withRows } from './sized-list.ts';
import { type WeightFormat, weightFormat } from './weight-format.ts';

export interface WeightsToChooseFrom {
  readonly id: ModelId;
  /** All weights that count, in whatever format. */
  readonly weights: readonly Sibling[];
  /** What serves them, for patterns that keep it. */
  readonly serving: readonly Sibling[];
  readonly ignored: (path: string) => boolean;
}

/**
 * The one format of weights to push: safetensors, else GGUF, else the only one there is; undefined where there are no
 * weights.
 * @throws ModelcarError `USAGE` when only the caller can choose; its message lists the choices, a line each
 */
export function chooseFormat(from: WeightsToChooseFrom): WeightFormat | undefined {
  const has = (format: WeightFormat): boolean =>
    from.weights.some(({ path }) => weightFormat(path) === format);
  if (has('safetensors')) {
    const pickles = picklesAlone(from);
    if (pickles.length > 0) throw picklesBeside(from, pickles);
    return 'safetensors';
  }
  const left = from.weights.filter(({ path }) => !from.ignored(path));
  const formats: ByFormat = groupBy(left, ({ path }) => weightFormat(path));
  if (has('GGUF')) {
    const gguf = formats.get('GGUF') ?? [];
    const choices = ggufChoices(gguf);
    if (choices.length > 1) throw severalQuantisations(from, choices, gguf);
    return 'GGUF';
  }
  const [only] = formats.keys();
  if (formats.size > 1) throw severalFormats(from, formats);
  if (only === 'pickle') throw onlyPickles(from, left);
  return only;
}

type ByFormat = ReadonlyMap<WeightFormat | undefined, readonly Sibling[]>;

function severalQuantisations(
  { id, serving }: WeightsToChooseFrom,
  choices: readonly GgufChoice[],
  gguf: readonly Sibling[],
): ModelcarError {
  const rows = choices.map(({ size, siblings, pattern }) => ({
    size,
    // Only what is shown needs its pattern.
    get text() {
      return pattern() + (siblings.length > 1 ? `  (${siblings.length} files)` : '');
    },
  }));
  // Look choices up by name: matching 100,000 patterns against all paths would take hours.
  const usual = choices.find(({ siblings }) => siblings[0]?.path.includes('Q4_K_M'));
  const example = usual ?? choices[0];
  const projector = gguf.some(({ path }) => isProjector(path)) ? ['*mmproj*'] : [];
  const patterns = [example?.pattern() ?? '*.gguf', ...projector, ...kindsOf(serving)];
  const first = `${formatModelId(id)} has ${choices.length} quantisations (GGUF), and one is enough to serve it:`;
  return new ModelcarError('USAGE', withRows(first, rows), {
    hint: `Choose one, with what goes with it: ${option(patterns)}`,
  });
}

function severalFormats({ id, serving }: WeightsToChooseFrom, formats: ByFormat): ModelcarError {
  const rows = [...formats].map(([format, siblings]) => ({
    size: totalSize(siblings),
    text: `${format}: ${patternsOf(siblings).join(',')}`,
  }));
  const [safest = []] = [...formats]
    .filter(([format]) => format !== 'pickle')
    .map(([, siblings]) => siblings);
  const first = `the weights of ${formatModelId(id)} are in several formats, and none of them is safetensors:`;
  return new ModelcarError('USAGE', withRows(first, rows), {
    hint: `Choose one, with what goes with it: ${option([...patternsOf(safest), ...kindsOf(serving)])}`,
  });
}

function onlyPickles({ id, serving }: WeightsToChooseFrom, pickles: readonly Sibling[]): ModelcarError {
  const first = `the only weights of ${formatModelId(id)} are pickles, or can be, and loading a pickle can run code:`;
  return new ModelcarError('USAGE', withRows(first, bySize(pickles)), {
    hint: `If you trust who made them, ask for them: ${option([...kindsOf(pickles), ...kindsOf(serving)])}`,
  });
}

/** Pickles that transformers, diffusers and torch call a model's weights, in folders that have no safetensors of a model. */
function picklesAlone({ weights, ignored }: WeightsToChooseFrom): readonly Sibling[] {
  const covered = new Set(
    weights
      .filter(({ path }) => /\.safetensors$/.test(path) && !/(?:^|\/)adapter_[^/]*$/.test(path))
      .map(({ path }) => folderOf(path)),
  );
  const ordinary = /(?:^|\/)(?:(?:diffusion_)?pytorch_model|model|consolidated)[^/]*\.(?:bin|pt|pth)$/;
  return weights.filter(({ path }) => ordinary.test(path) && !covered.has(folderOf(path)) && !ignored(path));
}

function picklesBeside(
  { id, serving, weights }: WeightsToChooseFrom,
  pickles: readonly Sibling[],
): ModelcarError {
  const safe = weights.filter(({ path }) => weightFormat(path) === 'safetensors');
  const patterns = option([...kindsOf(pickles), ...kindsOf(safe), ...kindsOf(serving)]);
  const first = `some weights of ${formatModelId(id)} are only there as pickles, and loading a pickle can run code:`;
  return new ModelcarError('USAGE', withRows(first, bySize(pickles)), {
    hint: `Leave them out with --ignore-patterns '${kindsOf(pickles).join(',')}', or, if you trust who made them, ask for them: ${patterns}`,
  });
}

function bySize(siblings: readonly Sibling[]): readonly SizedRow[] {
  return [...siblings]
    .sort((a, b) => b.size - a.size)
    .map(({ path, size }) => ({ size, text: onOneLine(path) }));
}

/** All of one format: its folder, where that has its name, because data there can have any; else its extensions. */
function patternsOf(weights: readonly Sibling[]): readonly string[] {
  const folders = new Set(weights.map(({ path }) => /^(?:onnx|openvino|coreml)\//.exec(path)?.[0]));
  const [folder] = folders;
  return folder !== undefined && folders.size === 1 ? [folder] : kindsOf(weights);
}

/** Each extension, and names that have none. */
function kindsOf(siblings: readonly Sibling[]): readonly string[] {
  return [...new Set(siblings.map(({ path }) => kindOf(path)))];
}

function kindOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? `*${literalPattern(name.slice(dot))}` : literalPattern(name);
}

function option(patterns: readonly string[]): string {
  return `--allow-patterns '${[...new Set(patterns)].join(',')}'`;
}
