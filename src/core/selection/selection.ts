import { ModelcarError } from '../error.ts';
import { nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import { formatModelId, type ResolvedModel, type Sibling } from '../model.ts';
import { defaultSelection } from './default-selection.ts';
import type { Evidence, EvidenceNeeded } from './evidence.ts';
import { matcher } from './path-patterns.ts';
import type { ReasonOf } from './second-copy.ts';
import { onOneLine, type SizedRow, totalSize, withRows } from './sized-list.ts';

/** Which files of a model to push. */
export interface SelectionPatterns {
  /** Exactly the files that match one of them; empty: all of a dataset, what serving needs of a model. */
  readonly allow: readonly string[];
  /** Never these, whatever else is said. */
  readonly ignore: readonly string[];
}

/** Whether pickles that are no second copy are pushed. `refuse`: the selection throws and names them. */
export type Pickles = 'refuse' | 'keep';

export interface SelectionRequest extends SelectionPatterns {
  readonly pickles: Pickles;
}

export interface Selection {
  readonly kept: readonly Sibling[];
  /** The most bytes first. */
  readonly leftOut: readonly LeftOut[];
  /** The patterns to allow that no file matches: a mistyped one may be what the model was for. */
  readonly unmatched: readonly string[];
  /** What may be wrong with the image, though the push goes on. */
  readonly warnings: readonly SelectionWarning[];
}

export interface SelectionWarning {
  /** Stable, such as `needs-hub`. */
  readonly code: string;
  readonly message: string;
}

/** Files of a model that are not pushed, for one reason. */
export interface LeftOut {
  /** Stable, for programs, such as `hidden`. */
  readonly code: string;
  /** A few words for people. */
  readonly reason: string;
  readonly siblings: readonly Sibling[];
}

type Model = Pick<ResolvedModel, 'id' | 'siblings'>;

/** What {@link selectSiblings} must read first. */
export function evidenceNeeded(_model: Model, _request: SelectionRequest): EvidenceNeeded {
  return { heads: [], documents: [] };
}

/**
 * @throws ModelcarError `NOT_FOUND` when nothing is kept, showing what there is; `USAGE` as {@link defaultSelection}
 */
export function selectSiblings(model: Model, patterns: SelectionRequest, _evidence: Evidence): Selection {
  const reasonOf = exclusions(model, patterns);
  const groups = groupBy(model.siblings, ({ path }) => reasonOf(path));
  const kept = groups.get(undefined) ?? [];
  if (kept.length === 0 && model.siblings.length > 0) throw nothingKept(model, patterns);
  const leftOut = [...groups].flatMap(([reason, siblings]) =>
    reason === undefined ? [] : [{ code: 'other', reason, siblings }],
  );
  return {
    kept,
    warnings: [],
    leftOut: leftOut.sort((a, b) => totalSize(b.siblings) - totalSize(a.siblings)),
    unmatched: patterns.allow.filter((pattern) => {
      const matches = matcher([pattern]);
      return !model.siblings.some(({ path }) => matches(path));
    }),
  };
}

function exclusions(model: Model, { allow, ignore }: SelectionPatterns): ReasonOf {
  const ignored = matcher(ignore);
  const reasonOf = chosen(model, allow, ignored);
  return (path) => (ignored(path) ? 'matched by the patterns to ignore' : reasonOf(path));
}

function chosen(model: Model, allow: readonly string[], ignored: (path: string) => boolean): ReasonOf {
  if (allow.length > 0) {
    const allowed = matcher(allow);
    return (path) => (allowed(path) ? undefined : 'not matched by the patterns to allow');
  }
  return model.id.type === 'dataset' ? () => undefined : defaultSelection(model, ignored);
}

function nothingKept({ id, siblings }: Model, { allow, ignore }: SelectionPatterns): ModelcarError {
  const byDefault = allow.length + ignore.length === 0;
  const who = byDefault ? 'the default selection leaves' : 'the patterns leave';
  const first = `${who} none of the ${siblings.length} files of ${formatModelId(id)}:`;
  return new ModelcarError(
    'NOT_FOUND',
    withRows(first, siblings.length > 10 ? kinds(siblings) : files(siblings)),
    {
      hint: byDefault
        ? "Ask for what you want, such as --allow-patterns '*' for everything."
        : 'Patterns are matched against whole paths, case by case: *.json, 1_Pooling/*, onnx/.',
    },
  );
}

function files(siblings: readonly Sibling[]): readonly SizedRow[] {
  return siblings.map(({ path, size }) => ({ size, text: onOneLine(path) }));
}

/** The files by their extensions, the most bytes first. */
function kinds(siblings: readonly Sibling[]): readonly SizedRow[] {
  const groups = groupBy(siblings, ({ path }) => {
    const name = nameOf(path);
    return name.includes('.') ? `*${name.slice(name.lastIndexOf('.'))}` : 'without an extension';
  });
  return [...groups]
    .map(([kind, group]) => ({ size: totalSize(group), text: `${group.length} × ${onOneLine(kind)}` }))
    .sort((a, b) => b.size - a.size);
}
