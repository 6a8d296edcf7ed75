import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceOf, LISTINGS, type ListedFile } from '../../../test/support/listings.ts';
import { ModelcarError } from '../error.ts';
import type { ModelId } from '../model.ts';
import { type Choice, choices } from './choices.ts';
import { leftoverIndexes } from './completeness.ts';
import { lacksWeights, noWeightsError } from './no-weights.ts';
import { pickles } from './pickles.ts';
import { redundancy } from './redundant.ts';
import { evidenceNeeded, type Selection, type SelectionRequest, selectSiblings } from './selection.ts';
import { weightFamilies } from './weight-families.ts';

const ID: ModelId = { type: 'model', name: 'acme/m' };
const DEFAULT: SelectionRequest = { allow: [], ignore: [], pickles: 'refuse' };

/** As a push does it: evidence first, then the selection; without weights it ends. */
function select(files: readonly ListedFile[], request = DEFAULT): Selection | ModelcarError {
  const siblings = files.map(({ sibling }) => sibling);
  const model = { id: ID, revision: 'main', siblings } as const;
  try {
    if (lacksWeights(model, request)) throw noWeightsError(model, []);
    return selectSiblings(model, request, evidenceOf(files, evidenceNeeded(model, request)));
  } catch (error) {
    if (error instanceof ModelcarError) return error;
    throw error;
  }
}

/** What an error suggests, as a shell and the flags read it. */
function suggestions({ message, hint = '' }: ModelcarError): readonly SelectionRequest[] {
  const rows = [...message.matchAll(/^.{9} {2}(.*)\n {11}(--.*)$/gm)];
  const hinted = [
    ...hint.matchAll(/--pickles keep|--(?:allow|ignore)-patterns '[^']*'(?: --pickles keep)?/g),
  ].map(String);
  const withoutPickles = hinted.find((option) => option.startsWith('--ignore-patterns'));
  const options = rows.flatMap(([, label = '', option = '']) =>
    withoutPickles && !/^PyTorch|\.(?:bin|pth|ckpt)\b/.test(label)
      ? [option, option.replace('--pickles keep', withoutPickles)]
      : [option],
  );
  return (rows.length === 0 ? hinted : options).map((option) => ({
    allow: patterns(option, 'allow'),
    ignore: patterns(option, 'ignore'),
    pickles: option.includes('--pickles keep') ? 'keep' : 'refuse',
  }));
}

function patterns(option: string, flag: string): readonly string[] {
  const values = [...option.matchAll(new RegExp(`--${flag}-patterns '([^']*)'`, 'g'))];
  return values.flatMap(([, value = '']) => value.split(/[\s,]+/));
}

function evidence(files: readonly ListedFile[]) {
  return evidenceOf(files, evidenceNeeded({ id: ID, siblings: siblingsOf(files) }, DEFAULT));
}

function redundantIn(files: readonly ListedFile[]) {
  const siblings = siblingsOf(files);
  const reasonOf = redundancy(siblings, weightFamilies(siblings, evidence(files).documents));
  return siblings.filter(({ path }) => reasonOf(path) !== undefined);
}

function notRedundantIn(files: readonly ListedFile[]) {
  const redundant = new Set(redundantIn(files));
  return siblingsOf(files).filter((sibling) => !redundant.has(sibling));
}

function openChoices(files: readonly ListedFile[]): readonly Choice[] {
  const kept = notRedundantIn(files);
  return choices(kept, weightFamilies(kept, evidence(files).documents));
}

function leftoversIn(files: readonly ListedFile[]) {
  const kept = notRedundantIn(files);
  return leftoverIndexes(kept, weightFamilies(kept, evidence(files).documents));
}

function picklesIn(files: readonly ListedFile[]) {
  return pickles(notRedundantIn(files), evidence(files));
}

describe('a push without patterns', () => {
  test.each(LISTINGS)(
    'of $name keeps all files that it needs, and leaves out redundant ones',
    ({ outcome, files }) => {
      const result = select(files);
      if (result instanceof ModelcarError) {
        expect(result.code).toBe('USAGE');
        expect(outcome).not.toBe('push');
        return;
      }
      expect(outcome).not.toBe('ask');
      const kept = new Set(result.kept);
      const wrong = files.filter(({ sign, sibling }) => sign !== '?' && kept.has(sibling) !== (sign === '+'));
      expect(wrong).toEqual([]);
    },
  );
});

/** How many of the suggestions of an error were followed. */
function follow(files: readonly ListedFile[]): number {
  const error = select(files);
  if (!(error instanceof ModelcarError) || error.code !== 'USAGE') return 0;
  const options = suggestions(error);
  for (const option of options) {
    const result = select(files, option);
    // Where everything is a pickle, nothing is left without them.
    if (result instanceof ModelcarError && result.code === 'NOT_FOUND') continue;
    if (result instanceof ModelcarError) throw new Error(`${JSON.stringify(option)}: ${result.message}`);
    const kept = new Set(result.kept);
    const expected = siblingsOf(files).filter((sibling) => !mayGo(error, files, option).has(sibling));
    expect(expected.filter((sibling) => !kept.has(sibling))).toEqual([]);
    for (const { alternatives } of openChoices(files)) {
      const whole = alternatives.filter(({ siblings }) => siblings.every((sibling) => kept.has(sibling)));
      expect(whole.length, JSON.stringify(option)).toBe(option.allow.length > 0 ? alternatives.length : 1);
    }
    expect(result.unmatched).toEqual([]);
  }
  return options.length;
}

const siblingsOf = (files: readonly ListedFile[]) => files.map(({ sibling }) => sibling);

/** Redundant files, the weights to choose from, and, if the option leaves them out, the pickles. */
function mayGo(
  { message, hint }: ModelcarError,
  files: readonly ListedFile[],
  { pickles, allow }: SelectionRequest,
) {
  if (allow.length > 0) return new Set<unknown>();
  const [redundant, competing] = [
    redundantIn(files),
    openChoices(files).flatMap(({ alternatives }) => alternatives.flatMap(({ siblings }) => siblings)),
  ];
  const dangerous = pickles === 'keep' || !`${message}${hint}`.includes('pickle') ? [] : picklesIn(files);
  return new Set<unknown>([...redundant, ...competing, ...dangerous, ...leftoversIn(files)]);
}

describe('a command that an error suggests', () => {
  const asking = LISTINGS.filter(({ files }) => select(files) instanceof ModelcarError);

  test.each(asking)('for $name leads to no further question, and keeps everything else', ({ files }) => {
    expect(follow(files)).toBeGreaterThan(0);
  });

  test('keeps everything else in random repositories', () => {
    const files = LISTINGS.flatMap((listing) => listing.files);
    let asked = 0;
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...files), { selector: ({ sibling }) => sibling.path, maxLength: 25 }),
        (some) => {
          asked += follow(some);
        },
      ),
      { numRuns: 300 },
    );
    expect(asked).toBeGreaterThan(50);
  });
});
