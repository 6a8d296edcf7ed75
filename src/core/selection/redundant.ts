import { nameOf } from '../file-path.ts';
import type { Sibling } from '../model.ts';
import { COPY_RULES, componentOf, copyRule, MAIN_STEMS, mainFormat, TORCH_EXTENSION } from './copy-rules.ts';
import { fileKind } from './file-kind.ts';
import { isGguf } from './gguf.ts';
import { REASONS, type Reason, type ReasonOf } from './left-out-reason.ts';
import { isComplete, isNamed, type WeightFamily } from './weight-families.ts';
import { parseWeightName, type WeightName } from './weight-name.ts';

/** Why a file of a model is redundant or useless; undefined for a file that matches no rule and stays. */
export function redundancy(siblings: readonly Sibling[], families: readonly WeightFamily[]): ReasonOf {
  const weights = siblings.filter(({ path }) => isModelWeights(path));
  const outside = weights.map(({ path }) => path).filter((path) => !COPY_FOLDER.test(path));
  // A voice detector or an adapter outside is no other copy of what is in `original/`.
  const whole = outside.some((path) => isGguf(path) || mainFormat(path) !== undefined);
  const trained = whole || outside.some((path) => path.endsWith('.safetensors'));
  const covered = coverage(families);
  const copy = copies(covered);
  const singleFile = pipelineInOneFile(siblings, covered);
  const otherShards = unnamedSets(families);
  const described = new Set<string>();
  for (const { path } of siblings) {
    if (/^consolidated/.test(nameOf(path)) && copy(path)) described.add(`${componentOf(path)}params.json`);
  }
  return (path) => {
    const kind = fileKind(path);
    if (kind === 'hidden' || kind === 'media') return REASONS[kind];
    const [folder, published] = COPY_FOLDER.exec(path) ?? [];
    if (folder !== undefined && published && whole) return REASONS.original;
    if (folder !== undefined && !published && trained) return REASONS.training;
    if (kind === 'training' && weights.length > 0) return REASONS.training;
    if (described.has(path)) return REASONS.consolidated;
    if (otherShards.has(path)) return REASONS['other-shards'];
    return copy(path) ?? (singleFile(path) ? REASONS['single-file'] : undefined);
  };
}

/** Folders of original weights (Llama, gpt-oss) and of training states. */
const COPY_FOLDER = /^(?:(original|metal)|checkpoint-\d+|global_step\d+)\//;

/** Weights that a server can load, unlike a lone pickle beside them, such as a list of speakers. */
function isModelWeights(path: string): boolean {
  if (fileKind(path) === 'weights') return true;
  return fileKind(path) !== 'hidden' && copyRule(path, parseWeightName(path)) !== undefined;
}

/** Whether a folder has the complete weights of a stem in a precision that makes this variant a copy. */
type Covered = (folder: string, stem: string, variant: string, extension?: 'safetensors' | 'onnx') => boolean;

function coverage(families: readonly WeightFamily[]): Covered {
  const key = (...parts: readonly string[]) => parts.join('\0');
  const complete = new Set(
    families
      .filter(isComplete)
      .map(({ folder, stem, variant, extension }) => key(folder, stem, variant, extension)),
  );
  return (folder, stem, variant, extension = 'safetensors') =>
    complete.has(key(folder, stem, '', extension)) || complete.has(key(folder, stem, variant, extension));
}

function copies(covered: Covered): ReasonOf {
  return (path) => {
    const name = parseWeightName(path);
    const { folder, stem, variant, extension } = name;
    if (extension === 'safetensors') return safetensorsCopy(name, covered);
    const rule = copyRule(path, name);
    const component = componentOf(path);
    if (rule?.of.some((main) => covered(component, main, variant))) return OTHER_FORMAT.get(rule.format);
    if (extension === 'onnx' && variant !== '' && covered(folder, stem, '', 'onnx')) {
      return REASONS['other-precision'];
    }
    if (TORCH_EXTENSION.test(extension) && covered(folder, stem, variant)) return OTHER_FORMAT.get('PyTorch');
    return undefined;
  };
}

function safetensorsCopy({ folder, stem, variant }: WeightName, covered: Covered): Reason | undefined {
  if (variant !== '' && covered(folder, stem, '')) return REASONS['other-precision'];
  const consolidated = /^consolidated(?:\.\d+)?$/.test(stem) && covered(folder, 'model', '');
  return consolidated ? REASONS.consolidated : undefined;
}

/** One reason for each format, so that each has a line of its own. */
const OTHER_FORMAT: ReadonlyMap<string, Reason> = new Map(
  COPY_RULES.map(({ format }) => {
    const { code, text } = REASONS['other-format'];
    return [format, { code, text: `${text}: ${format}` }];
  }),
);

/** Sets of shards that the index does not name, if the set that it names is complete. */
function unnamedSets(families: readonly WeightFamily[]): ReadonlySet<string> {
  return new Set(
    families
      .flatMap(({ sets, index }) => {
        if (!index?.names || index.missing.count > 0 || sets.length < 2) return [];
        return sets.filter(({ siblings }) => !isNamed(siblings, index)).flatMap(({ siblings }) => siblings);
      })
      .map(({ path }) => path),
  );
}

/**
 * A diffusers pipeline in one file, for other programs. It is a copy only if each component is complete as safetensors: https://huggingface.co/docs/diffusers/using-diffusers/other-formats
 */
function pipelineInOneFile(siblings: readonly Sibling[], covered: Covered): (path: string) => boolean {
  const paths = siblings.map(({ path }) => path);
  if (!paths.includes('model_index.json')) return () => false;
  // A component with weights has a config.json; a tokenizer or a scheduler has not. ONNX halves the VAE.
  const components = paths.flatMap(
    (path) => /^((?!vae_(?:en|de)coder\/)[^/]+\/)config\.json$/.exec(path)?.[1] ?? [],
  );
  const complete = (folder: string) => [...MAIN_STEMS].some((stem) => covered(folder, stem, ''));
  if (components.length === 0 || !components.every(complete)) return () => false;
  return (path) => SINGLE_FILE.test(path) && !PART.test(path);
}

/** What is published beside a pipeline under the same names, and is not in it. */
const PART = /lora|control|adapter|^sd(?:xl)?[-_]vae/i;

/** Names under which Stability and Black Forest Labs publish a pipeline, or its VAE (`ae`), in one file. */
const SINGLE_FILE =
  /^(?:ae|flux[^/]*|sd(?:_?xl)?_[^/]*|sd3[^/]*|v[12]-\d[^/]*|512-[^/]*|768-[^/]*|svd[^/]*)\.(?:safetensors|ckpt)$/i;
