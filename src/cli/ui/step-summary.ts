import type { PushResult } from '../../index.ts';
import { formatSize } from '../../index.ts';
import { cutMiddle } from './display-width.ts';
import { printable } from './printable.ts';
import type { FinishedLayer, Progress } from './progress.ts';
import { count } from './units.ts';

/** What a push made, as Markdown for the page of a GitHub run. */
export function stepSummary(result: PushResult, { model, finished, leftOut }: Progress): string {
  return lines([
    `### ${markdown(result.imageReference)}`,
    '',
    '| | |',
    '| --- | --- |',
    ...(model ? [`| model | ${markdown(`${model.model}@${model.revision}`)} |`] : []),
    `| commit | ${markdown(result.commit)} |`,
    `| image by digest | ${markdown(result.imageReferenceDigest)} |`,
    ...result.movedTags.map(
      ({ tag, previous }) => `| moved tag | ${markdown(`${tag}, which was ${previous}`)} |`,
    ),
    '',
    '| layer | size | |',
    '| --- | ---: | --- |',
    ...layerRows([...finished].sort((a, b) => (a.path < b.path ? -1 : 1))),
    ...leftOut
      .slice(0, ROWS)
      .flatMap(({ reason, files, size }) => [
        '',
        `Left out: ${count(files, 'file')}, ${formatSize(size)}: ${markdown(reason)}`,
      ]),
  ]);
}

/** Why there is no image. */
export function failureSummary(explanation: readonly string[]): string {
  return lines(['### oci-modelcar: no image', '', ...explanation.flatMap((line) => [markdown(line), ''])]);
}

/** The page takes a mebibyte from each step: at most so many rows, of cells of at most so many characters. */
const ROWS = 200;
const CELL_COLUMNS = 200;

const OUTCOMES: Readonly<Record<FinishedLayer['outcome'], string>> = {
  uploaded: 'pushed',
  existed: 'was there',
  failed: 'failed',
};

function layerRows(layers: readonly FinishedLayer[]): readonly string[] {
  const more = layers.slice(ROWS);
  const size = more.reduce((sum, layer) => sum + layer.size, 0);
  return [
    ...layers
      .slice(0, ROWS)
      .map(
        ({ path, size: bytes, outcome }) =>
          `| ${markdown(path)} | ${formatSize(bytes)} | ${OUTCOMES[outcome]} |`,
      ),
    ...(more.length === 0 ? [] : [`| and ${count(more.length, 'layer')} more | ${formatSize(size)} | |`]),
  ];
}

/**
 * Foreign text that is text in Markdown too: CommonMark takes any escaped ASCII punctuation for itself. GitHub also makes
 * a link of `www.` and what follows.
 *
 * @see https://spec.commonmark.org/0.31.2/#backslash-escapes
 * @see https://github.github.com/gfm/#autolinks-extension-
 */
function markdown(text: string): string {
  return cutMiddle(printable(text), CELL_COLUMNS).replace(/[!-,:-@[-`{-~]|(?<=www)\./gi, '\\$&');
}

function lines(of: readonly string[]): string {
  return of.map((line) => `${line}\n`).join('');
}
