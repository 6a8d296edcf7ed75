import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type NamedTest, testsIn } from './support/named-tests.ts';

/*
 * docs/faults.md promises nothing that no test holds: each row names its tests as they stand in their files, which are run
 * and not expected to fail.
 */

const COLUMNS = ['fault', 'what happens', 'what it costs', 'proved by'];

/** Without the figures at its end. */
const [document = ''] = (await readFile('docs/faults.md', 'utf8')).split('\n## Measured\n');
const lines = document.split('\n').filter((line) => line.startsWith('|'));
const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const isRule = (line: string): boolean => /^[|\s-]+$/.test(line);
const isHead = (line: string): boolean => cellsOf(line)[0] === COLUMNS[0];
const rows = lines.filter((line) => !isRule(line) && !isHead(line)).map(cellsOf);

/** `[name](../test/file.test.ts): describe › title` */
const PROOF = /^\[([\w./-]+)\]\(\.\.\/([\w./-]+\.ts)\): (.+)$/;

const proofs = rows.flatMap(([fault = '', , , proof = '']) =>
  proof.split('<br>').map((each) => [fault, each.trim()] as const),
);

const files = new Map<string, Promise<readonly NamedTest[]>>();
function testsOf(path: string): Promise<readonly NamedTest[]> {
  const tests = files.get(path) ?? readFile(path, 'utf8').then(testsIn);
  files.set(path, tests);
  return tests;
}

test('every table has the four columns, and every row fills them', () => {
  const heads = lines.filter(isHead);
  expect(heads.length).toBe(document.split(/^## /m).length - 1);
  for (const head of heads) expect(cellsOf(head)).toEqual(COLUMNS);
  for (const row of rows) expect([row.length, ...row.filter((cell) => cell === '')]).toEqual([4]);
  expect(rows.length).toBeGreaterThan(60);
});

test('no fault is told twice', () => {
  const faults = rows.map(([fault]) => fault);
  expect([...new Set(faults)]).toEqual(faults);
});

test.each(proofs)('%s: %s', async (_, proof) => {
  const [, name = '', path = '', title = ''] = PROOF.exec(proof) ?? [];
  expect(path, 'a link, a colon and a title').not.toBe('');
  expect(path).toMatch(new RegExp(`^(test|src)/${name}(\\.test)?\\.ts$`));
  const found = (await testsOf(join('.', path))).find((known) => known.path.join(' › ') === title);
  expect(found, `${path} has no such test`).toBeDefined();
  expect(found?.modifiers.filter((modifier) => NOT_RUN.includes(modifier))).toEqual([]);
});

const NOT_RUN: readonly string[] = ['skip', 'todo', 'fails', 'skipIf', 'runIf', 'only'];
