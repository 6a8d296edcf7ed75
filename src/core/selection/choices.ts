import { groupBy } from '../group-by.ts';
import type { Sibling } from '../model.ts';
import { componentOf, mainFormat } from './copy-rules.ts';
import { isRawPart, quantisedParts } from './gguf.ts';
import { onOneLine } from './sized-list.ts';
import type { WeightFamily } from './weight-families.ts';

/** The same weights, several times: only the user knows which of them to serve. */
export interface Choice {
  readonly kind: 'quantisations' | 'formats' | 'shards';
  readonly alternatives: readonly Alternative[];
}

interface Alternative {
  /** All components with this format use the same label. */
  readonly label: string;
  readonly siblings: readonly Sibling[];
}

/** @param siblings the files that the rules keep */
export function choices(siblings: readonly Sibling[], families: readonly WeightFamily[]): readonly Choice[] {
  const shards = families.flatMap(shardChoice);
  const formats = formatChoices(siblings).filter(({ alternatives }) => alternatives.length > 1);
  const decided = new Set(filesOf(formats));
  return [
    ...splitBySets(formats, shards),
    ...shards.filter((choice) => !filesOf([choice]).some((file) => decided.has(file))),
  ];
}

/** A format with several sets of shards becomes one alternative per set, so that one choice decides everything. */
function splitBySets(formats: readonly Choice[], shards: readonly Choice[]): readonly Choice[] {
  const shardsOf = new Map(shards.flatMap((choice) => filesOf([choice]).map((file) => [file, choice])));
  const split = (format: Alternative): readonly Alternative[] => {
    const first = format.siblings.find((file) => shardsOf.has(file));
    const inside = first && shardsOf.get(first);
    if (!inside) return [format];
    return inside.alternatives.map((set) => {
      const others = new Set(unchosen(inside, set));
      return { label: set.label, siblings: format.siblings.filter((file) => !others.has(file)) };
    });
  };
  return formats.map(({ kind, alternatives }) => ({ kind, alternatives: alternatives.flatMap(split) }));
}

export function filesOf(some: readonly Choice[]): readonly Sibling[] {
  return some.flatMap(({ alternatives }) => alternatives.flatMap(({ siblings }) => siblings));
}

export function unchosen({ alternatives }: Choice, chosen: Alternative | undefined): readonly Sibling[] {
  const kept = new Set(chosen?.siblings);
  return alternatives.flatMap(({ siblings }) => siblings.filter((sibling) => !kept.has(sibling)));
}

/**
 * Formats of the same weights in one component. No rule has called them copies, so safetensors are not there, or not
 * complete. Quantisations (GGUF) lie in any folder, and count as formats of the model itself. Without other formats, each
 * of several parts in GGUF is a choice of its own.
 */
function formatChoices(siblings: readonly Sibling[]): readonly Choice[] {
  const named = siblings.flatMap((sibling) => {
    const format = mainFormat(sibling.path);
    return format === undefined ? [] : [{ sibling, format, component: componentOf(sibling.path) }];
  });
  const gguf = quantisedParts(siblings).map((part) =>
    part.map((files): Alternative => ({ label: labelOf(files), siblings: files })),
  );
  const components = groupBy(named, ({ component }) => component);
  return [...new Set(['', ...components.keys()])].flatMap((component): readonly Choice[] => {
    const formats = groupBy(components.get(component) ?? [], ({ format }) => format);
    // Pickles last: an option for one component takes the first format of the others.
    const alternatives = [...formats]
      .map(([label, files]) => ({ label, siblings: files.map(({ sibling }) => sibling) }))
      .sort((a, b) => Number(a.label === 'PyTorch') - Number(b.label === 'PyTorch'));
    if (component === '' && alternatives.length === 0) {
      return gguf.map((part) => ({ kind: 'quantisations', alternatives: part }));
    }
    const quantised = component === '' ? gguf.flat() : [];
    return [{ kind: 'formats', alternatives: [...quantised, ...alternatives] }];
  });
}

/** Sets of shards in one folder, when no index says which one counts. */
export function shardChoice({ sets, index, extension }: WeightFamily): readonly Choice[] {
  if (sets.length < 2 || extension === 'gguf' || extension === 'onnx') return [];
  if (index?.names && index.missing.count === 0) return [];
  const alternatives = sets.map(({ total, siblings }) => ({
    label: labelOf(siblings),
    // The index belongs to the shards, not to weights in one file.
    siblings: total === undefined || !index ? siblings : [...siblings, index.sibling],
  }));
  return [{ kind: 'shards', alternatives }];
}

function labelOf([first, ...more]: readonly Sibling[]): string {
  const path = onOneLine(first?.path ?? '');
  if (isRawPart(path)) return `${path}  (${more.length + 1} raw parts, to join before serving)`;
  return more.length === 0 ? path : `${path}  (${more.length + 1} files)`;
}
