import { ModelcarError } from '../error.ts';
import { folderOf } from '../file-path.ts';
import { formatModelId, type ResolvedModel, type Sibling } from '../model.ts';
import { shardChoice } from './choices.ts';
import { fileKind } from './file-kind.ts';
import { isRawPart } from './gguf.ts';
import { ignoreOption } from './ignore-patterns.ts';
import { KEEP_PICKLES } from './pickles.ts';
import { onOneLine } from './sized-list.ts';
import { isNamed, type Missing, type WeightFamily } from './weight-families.ts';

/** Why the weights of an image cannot be loaded whole. */
export interface Gap {
  readonly code: 'missing-shards' | 'raw-parts' | 'two-shard-sets';
  readonly message: string;
}

/** @param families those of the files that are pushed */
export function gaps(kept: readonly Sibling[], families: readonly WeightFamily[]): readonly Gap[] {
  const raw = kept.find(({ path }) => isRawPart(path));
  return [
    ...families.flatMap(missingShards),
    ...families.filter((family) => shardChoice(family).length > 0).map(twoSets),
    ...(raw === undefined ? [] : [rawParts(raw)]),
  ];
}

function missingShards({ sets, index }: WeightFamily): readonly Gap[] {
  const named = index?.names
    ? [{ missing: index.missing, source: ` that ${onOneLine(index.sibling.path)} names` }]
    : [];
  const counted = sets
    .filter(({ siblings }) => !isNamed(siblings, index))
    .map(({ missing }) => ({ missing, source: '' }));
  return [...named, ...counted]
    .filter(({ missing }) => missing.count > 0)
    .map(({ missing, source }) => ({ code: 'missing-shards', message: lack(missing, source) }));
}

function lack({ count, total, examples }: Missing, source: string): string {
  const names = examples.map(onOneLine).join(', ');
  const more = count > examples.length ? ` and ${count - examples.length} more` : '';
  return `${count} of ${total} shards${source} ${count === 1 ? 'is' : 'are'} missing: ${names}${more}`;
}

function twoSets({ sets }: WeightFamily): Gap {
  const names = sets.slice(0, 3).map(({ siblings }) => onOneLine(siblings[0]?.path ?? ''));
  return {
    code: 'two-shard-sets',
    message: `the image has the same weights more than once, so a server may load them twice: ${names.join(', ')}`,
  };
}

function rawParts({ path }: Sibling): Gap {
  return {
    code: 'raw-parts',
    message: `raw parts of a GGUF file cannot be loaded until they are joined: ${onOneLine(path)}`,
  };
}

/**
 * Indexes that name no file of the repository, beside weights that are complete without them. Conversions leave such an
 * index: ExLlamaV2 writes `output.safetensors`, and copies the index of the model.
 */
export function leftoverIndexes(
  kept: readonly Sibling[],
  families: readonly WeightFamily[],
): readonly Sibling[] {
  return families.flatMap(({ index, sets, folder }) => {
    if (!index?.names || index.missing.count < index.missing.total) return [];
    if (sets.some(({ missing }) => missing.count > 0)) return [];
    const weights = kept.some(({ path }) => folderOf(path) === folder && fileKind(path) === 'weights');
    return weights ? [index.sibling] : [];
  });
}

export interface Incomplete extends Pick<ResolvedModel, 'id' | 'siblings'> {
  /** All files that would be pushed, the families and the pickles among them, and what is wrong with them. */
  readonly kept: readonly Sibling[];
  readonly families: readonly WeightFamily[];
  readonly pickles: readonly Sibling[];
  readonly found: readonly Gap[];
}

export function incomplete(problem: Incomplete): ModelcarError {
  const { id, found } = problem;
  const shown = found.slice(0, 20).map(({ message }) => `  ${message}`);
  const more = found.length > shown.length ? [`  and ${found.length - shown.length} more`] : [];
  return new ModelcarError(
    'USAGE',
    [`the weights of ${formatModelId(id)} are not complete:`, ...shown, ...more].join('\n'),
    { hint: advice(problem) },
  );
}

function advice({ siblings, kept, families, pickles, found }: Incomplete): string {
  const leftovers = leftoverIndexes(kept, families);
  if (leftovers.length < found.length) {
    return "Choose a revision with complete weights, or push all files with --allow-patterns '*'.";
  }
  const option = ignoreOption(leftovers, siblings);
  const trusted = pickles.length === 0 ? '' : ` ${KEEP_PICKLES}, if you trust the publisher's pickles`;
  return `If the weights have been converted or joined, leave out their old index: ${option}${trusted}`;
}
