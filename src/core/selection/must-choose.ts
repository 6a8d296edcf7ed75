import { ModelcarError } from '../error.ts';
import { formatModelId, type ModelId, type Sibling } from '../model.ts';
import { type Choice, filesOf, unchosen } from './choices.ts';
import { ignoreOption } from './ignore-patterns.ts';
import { KEEP_PICKLES } from './pickles.ts';
import { type SizedRow, totalSize, withRows } from './sized-list.ts';
import type { WeightFamily, WeightSet } from './weight-families.ts';

export interface OpenChoices {
  readonly id: ModelId;
  readonly open: readonly Choice[];
  /** All files of the model; `families` and `pickles` are those of the files to push. */
  readonly siblings: readonly Sibling[];
  readonly families: readonly WeightFamily[];
  readonly pickles: readonly Sibling[];
}

/** No publisher offers more quantisations. */
const ROWS = 60;
/** With more files, finding patterns for each option would take minutes. */
const NAMEABLE = 2_000;

const TOO_MANY = '--allow-patterns, with patterns for the files to keep';

/** The error that lists the alternatives. The option of each leaves out only the other alternatives. */
export function mustChoose(choices: OpenChoices): ModelcarError {
  const { id, open, families } = choices;
  const nameable = filesOf(open).length <= NAMEABLE;
  const incomplete = families.flatMap(({ sets }) => sets.filter(({ missing }) => missing.count > 0));
  const labels = new Set(open.flatMap(({ alternatives }) => alternatives.map(({ label }) => label)));
  const rows = [...labels].map(
    (label): SizedRow => ({
      // Getters: only the rows that are shown need them.
      get size() {
        return totalSize(labelled(label, open));
      },
      get text() {
        const option = nameable ? optionFor(label, choices) : TOO_MANY;
        return `${label}${missingNote(labelled(label, open), incomplete)}\n${' '.repeat(11)}${option}`;
      },
    }),
  );
  const first = `${formatModelId(id)} ${headline(open)}`;
  return new ModelcarError('USAGE', withRows(first, rows, ROWS), { hint: advice(choices) });
}

function labelled(wanted: string, open: readonly Choice[]): readonly Sibling[] {
  const alternatives = open.flatMap((choice) => choice.alternatives.filter(({ label }) => label === wanted));
  return alternatives.flatMap(({ siblings }) => siblings);
}

function optionFor(wanted: string, { open, siblings, pickles }: OpenChoices): string {
  // Decide choices without this alternative too, so that the push does not ask again.
  const out = open.flatMap((choice) => {
    const chosen = choice.alternatives.find(({ label }) => label === wanted) ?? choice.alternatives[0];
    return unchosen(choice, chosen);
  });
  const left = new Set(out);
  const keep = pickles.some((sibling) => !left.has(sibling)) ? ` ${KEEP_PICKLES}` : '';
  return ignoreOption(out, siblings) + keep;
}

function missingNote(siblings: readonly Sibling[], incomplete: readonly WeightSet[]): string {
  const files = new Set(siblings);
  const missing = incomplete
    .filter((set) => set.siblings.some((file) => files.has(file)))
    .reduce((sum, set) => sum + set.missing.count, 0);
  return missing === 0 ? '' : `  (${missing} ${missing === 1 ? 'shard is' : 'shards are'} missing)`;
}

function headline([first, ...more]: readonly Choice[]): string {
  switch (first?.kind) {
    case 'quantisations':
      if (more.some(({ kind }) => kind === 'quantisations')) {
        return 'has parts in several quantisations (GGUF), and one of each part is enough to serve it:';
      }
      return `has ${first.alternatives.length} quantisations (GGUF), and one is enough to serve it:`;
    case 'shards':
      return 'has several sets of the same weights in one folder, and no index says which one counts:';
    default:
      return 'has its weights in several formats, and none of them is complete as safetensors:';
  }
}

function advice({ open, siblings, pickles }: OpenChoices): string {
  const parts = open.filter(({ kind }) => kind === 'quantisations').length;
  const smallest = parts > 1 ? ', takes the smallest of the other parts,' : '';
  const add = `Add the option below your choice: it leaves out the others${smallest} and keeps the rest`;
  if (pickles.length === 0) return `${add}.`;
  const trust = `${KEEP_PICKLES} is for publishers that you trust`;
  const chosenFrom = new Set(filesOf(open));
  const beside = pickles.filter((sibling) => !chosenFrom.has(sibling));
  if (open.length > 1 || beside.length === 0) return `${add}; ${trust}.`;
  return `${add}; ${trust}, and ${ignoreOption(beside, siblings)} leaves out the other pickles`;
}
