import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ModelcarError } from '../src/core/error.ts';
import { groupBy } from '../src/core/group-by.ts';
import { lacksWeights, noWeightsError } from '../src/core/selection/no-weights.ts';
import { evidenceNeeded, selectSiblings } from '../src/core/selection/selection.ts';
import { evidenceOf, LISTINGS, type Listing } from './support/listings.ts';

const PAGE = fileURLToPath(new URL('../docs/selection.md', import.meta.url));
const START = '<!-- generated from test/support/listings.txt: npm run docs -->\n';
const END = '<!-- end -->';

test('docs/selection.md shows what a push does with each list of files (npm run docs renews it)', async () => {
  const page = await readFile(PAGE, 'utf8');
  const [before = '', after = ''] = [page.split(START)[0], page.split(END)[1]];
  await expect(`${before}${START}${table()}${END}${after}`).toMatchFileSnapshot(PAGE);
});

function table(): string {
  const rows = LISTINGS.map((listing) => `| ${listing.name.replace('acme/', '')} | ${outcome(listing)} |`);
  return `\n| repository | what a push does |\n| --- | --- |\n${rows.join('\n')}\n\n`;
}

function outcome({ name, files }: Listing): string {
  const model = {
    id: { type: 'model', name },
    revision: 'main',
    siblings: files.map(({ sibling }) => sibling),
  } as const;
  const request = { allow: [], ignore: [], pickles: 'refuse' } as const;
  try {
    if (lacksWeights(model, request)) throw noWeightsError(model, []);
    const { leftOut } = selectSiblings(model, request, evidenceOf(files, evidenceNeeded(model, request)));
    const groups = groupBy(
      leftOut.flatMap(({ code, siblings }) => siblings.map(({ path }) => ({ code, path }))),
      ({ code }) => code,
    );
    const shown = [...groups].map(
      ([code, files]) => `\`${code}\`: ${files.map(({ path }) => path).join(', ')}`,
    );
    return shown.length === 0 ? 'pushes everything' : `leaves out ${shown.join('; ')}`;
  } catch (error) {
    if (!(error instanceof ModelcarError)) throw error;
    const [first = '', ...rows] = error.message.replaceAll(name, 'the model').split('\n');
    const names = rows
      .filter((row) => !row.startsWith(' '.repeat(11)))
      .map((row) => row.replace(/^ *[\d.]+ \w?B {2}/, ''));
    return `ends: ${first.replace(/:$/, '')}${names.length === 0 ? '' : `: ${names.map((one) => one.trim()).join('; ')}`}`;
  }
}
