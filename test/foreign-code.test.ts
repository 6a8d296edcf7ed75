import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/*
 * The name of this package is free on npm before the first release. An attacker who registers it would get the tokens
 * of each user who installs it by name. The same holds for any program that a page or a script runs unpinned.
 */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['docs', 'scripts', '.ci', '.github', 'examples', 'src/cli'];
const FILES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'Containerfile', 'package.json'];

const inFolders = await Promise.all(
  FOLDERS.map(async (folder) => {
    const entries = await readdir(join(PROJECT, folder), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  }),
);
const texts = await Promise.all(
  [...FILES.map((file) => join(PROJECT, file)), ...inFolders.flat()].map(async (file) => ({
    file,
    text: await readFile(file, 'utf8'),
  })),
);

const BY_NAME =
  /\b(?:npm|pnpm|yarn|bun) (?:install|i|add|exec|x|dlx)\b(?: -[\w-]+)* (?:oci-modelcar)(?=[\s@`'"]|$)/;
/** npx fetches a program that is not installed, unless `--no-install` is given. */
const FETCHED = /\b(?:npx|bunx|pnpx)\b(?! --no-install\b| --offline\b) +[\w@-]/;
const PIPED = /\b(?:curl|wget)\b.*\|\s*(?:sudo )?(?:ba|z)?sh\b/;

describe.each([
  ['our name from npm, which has no owner there', BY_NAME],
  ['a package that npx fetches', FETCHED],
  ['a script straight from the network', PIPED],
])('%s', (_, pattern) => {
  test('is run by no page, script, workflow or text of the command', () => {
    const found = texts.flatMap(({ file, text }) =>
      text.split('\n').flatMap((line) => (pattern.test(line) ? `${file}: ${line}` : [])),
    );
    expect(found).toEqual([]);
  });
});

test.each([
  [BY_NAME, 'npm install oci-modelcar'],
  [BY_NAME, 'npm i -g oci-modelcar@0.1.0'],
  [BY_NAME, '`npm exec --yes oci-modelcar`'],
  [FETCHED, 'npx --yes oci-modelcar@0.1.0 push'],
  [FETCHED, 'npx cowsay'],
  [PIPED, 'curl -fsSL https://example.com/install | sh'],
])('%s finds %s', (pattern, line) => {
  expect(line).toMatch(pattern);
});
