import { ModelcarError } from '../error.ts';
import { nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import { formatModelId, type ResolvedModel, type Sibling } from '../model.ts';
import { choices } from './choices.ts';
import { type Gap, gaps, incomplete } from './completeness.ts';
import { type Evidence, type EvidenceNeeded, NO_EVIDENCE } from './evidence.ts';
import { type LeftOutCode, REASONS, type ReasonOf } from './left-out-reason.ts';
import { mustChoose } from './must-choose.ts';
import { canNeedHub, type HubNeed, hubNeeds } from './needs-hub.ts';
import { hasWeights } from './no-weights.ts';
import { matcher } from './path-patterns.ts';
import { needsPickles, pickleByName, pickles } from './pickles.ts';
import { redundancy } from './redundant.ts';
import { onOneLine, type SizedRow, totalSize, withRows } from './sized-list.ts';
import { weightFamilies } from './weight-families.ts';
import { isIndex } from './weight-name.ts';

/** Which files of a model to push. */
export interface SelectionPatterns {
  /** Exactly the files that match one of them; empty: all of a dataset, all that is not redundant of a model. */
  readonly allow: readonly string[];
  /** Never these, whatever else is said. */
  readonly ignore: readonly string[];
}

/** What to do with pickles that are not a copy. `refuse`: the selection throws and names them. */
export type Pickles = 'refuse' | 'keep';

export interface SelectionRequest extends SelectionPatterns {
  readonly pickles: Pickles;
}

export interface Selection {
  readonly kept: readonly Sibling[];
  /** The most bytes first. */
  readonly leftOut: readonly LeftOut[];
  /** The patterns that match no file: a mistyped one may have named the weights. */
  readonly unmatched: readonly string[];
  /** Possible problems of the image that do not stop the push. */
  readonly warnings: readonly SelectionWarning[];
}

export interface SelectionWarning {
  /** Stable; docs/selection.md explains each. */
  readonly code: Gap['code'] | HubNeed['code'] | 'no-weights';
  readonly message: string;
}

/** Files of a model that are not pushed, for one reason. */
export interface LeftOut {
  /** Stable, for programs, such as `hidden`. */
  readonly code: LeftOutCode;
  /** A few words for people. */
  readonly reason: string;
  readonly siblings: readonly Sibling[];
}

type Model = Pick<ResolvedModel, 'id' | 'siblings'>;

/** Each takes a small request. Further files count as pickles. */
const MOST_HEADS = 512;
const MOST_DOCUMENTS = 64;
/** The index of a model with a trillion parameters has 13 MB. */
const LARGEST_DOCUMENT = 16 * 2 ** 20;

/** What {@link selectSiblings} must read first. */
export function evidenceNeeded(model: Model, request: SelectionRequest): EvidenceNeeded {
  if (model.id.type === 'dataset') return { heads: [], documents: [] };
  const reasonOf = chosen(model, request.allow, NO_EVIDENCE);
  const wanted = model.siblings.filter(({ path }) => reasonOf(path) === undefined);
  const ignored = matcher(request.ignore);
  const kept = wanted.filter(({ path }) => !ignored(path));
  const heads = asksForPickles(request) ? kept.filter((sibling) => pickleByName(sibling) === 'look') : [];
  const documents = [
    // An ignored index still says whether the weights are complete, and so which files are copies.
    ...wanted.filter(({ path }) => isIndex(path)),
    ...kept.filter(({ path }) => canNeedHub(path)),
  ];
  return {
    heads: heads.slice(0, MOST_HEADS),
    documents: documents.filter(({ size }) => size > 0 && size <= LARGEST_DOCUMENT).slice(0, MOST_DOCUMENTS),
  };
}

/**
 * @throws ModelcarError `NOT_FOUND` when no file is left, with the files of the model; `USAGE` when only the user can choose
 * between copies, when the weights are not complete, or when the model needs pickles
 */
export function selectSiblings(model: Model, request: SelectionRequest, evidence: Evidence): Selection {
  const reasonOf = exclusions(model, request, evidence);
  const groups = groupBy(model.siblings, ({ path }) => reasonOf(path));
  const kept = groups.get(undefined) ?? [];
  if (kept.length === 0 && model.siblings.length > 0) throw nothingKept(model, request);
  const leftOut = [...groups].flatMap(([reason, siblings]) =>
    reason === undefined ? [] : [{ code: reason.code, reason: reason.text, siblings }],
  );
  return {
    kept,
    warnings: model.id.type === 'dataset' ? [] : judge(model, kept, request, evidence),
    leftOut: leftOut.sort((a, b) => totalSize(b.siblings) - totalSize(a.siblings)),
    unmatched: [...request.allow, ...request.ignore].filter((pattern) => {
      const matches = matcher([pattern]);
      return !model.siblings.some(({ path }) => matches(path));
    }),
  };
}

function exclusions(model: Model, { allow, ignore }: SelectionPatterns, evidence: Evidence): ReasonOf {
  const ignored = matcher(ignore);
  const reasonOf = chosen(model, allow, evidence);
  return (path) => (ignored(path) ? REASONS.ignored : reasonOf(path));
}

function chosen({ id, siblings }: Model, allow: readonly string[], { documents }: Evidence): ReasonOf {
  if (allow.length > 0) {
    const allowed = matcher(allow);
    return (path) => (allowed(path) ? undefined : REASONS['not-allowed']);
  }
  if (id.type === 'dataset') return () => undefined;
  // Judge copies before the patterns to ignore: an ignored file never brings in its copy.
  return redundancy(siblings, weightFamilies(siblings, documents));
}

/**
 * Problems of an image of these files. Throws if the user must decide, unless patterns do: patterns to allow decide
 * everything, and with patterns to ignore the weights need not be complete.
 */
function judge(
  { id, siblings }: Model,
  kept: readonly Sibling[],
  request: SelectionRequest,
  evidence: Evidence,
): readonly SelectionWarning[] {
  const families = weightFamilies(kept, evidence.documents);
  const found = gaps(kept, families);
  const byDefault = request.allow.length === 0;
  const dangerous = asksForPickles(request) ? pickles(kept, evidence) : [];
  if (byDefault) {
    const open = choices(kept, families).filter(
      ({ kind }) => kind !== 'shards' || request.ignore.length === 0,
    );
    if (open.length > 0) throw mustChoose({ id, open, siblings, families, pickles: dangerous });
    if (found.length > 0 && request.ignore.length === 0) {
      throw incomplete({ id, siblings, kept, families, pickles: dangerous, found });
    }
    if (dangerous.length > 0) throw needsPickles(id, dangerous, { siblings, kept }, evidence);
  }
  const empty = {
    code: 'no-weights',
    message: `the image of ${formatModelId(id)} has no weights`,
  } as const;
  return [...found, ...hubNeeds(id, kept, evidence.documents), ...(hasWeights(kept) ? [] : [empty])];
}

/** Patterns to allow also allow the pickles that they match. */
function asksForPickles({ allow, pickles: wish }: SelectionRequest): boolean {
  return allow.length === 0 && wish === 'refuse';
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
        ? "Say what to push, such as --allow-patterns '*' for everything."
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
