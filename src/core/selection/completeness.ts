import { ModelcarError } from '../error.ts';
import { formatModelId, type ModelId, type Sibling } from '../model.ts';
import { shardChoice } from './choices.ts';
import { isRawPart } from './gguf.ts';
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
    message: `the same weights are there more than once, so a server may load them twice: ${names.join(', ')}`,
  };
}

function rawParts({ path }: Sibling): Gap {
  return {
    code: 'raw-parts',
    message: `raw parts of a GGUF file cannot be loaded until they are joined: ${onOneLine(path)}`,
  };
}

export function incomplete(id: ModelId, found: readonly Gap[]): ModelcarError {
  const shown = found.slice(0, 20).map(({ message }) => `  ${message}`);
  const more = found.length > shown.length ? [`  and ${found.length - shown.length} more`] : [];
  return new ModelcarError(
    'USAGE',
    [`the weights of ${formatModelId(id)} are not complete:`, ...shown, ...more].join('\n'),
    {
      hint: "Choose a revision whose weights are complete, or push what there is with --allow-patterns '*'.",
    },
  );
}
