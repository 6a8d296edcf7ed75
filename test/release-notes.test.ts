import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from './real/run-command.ts';
import { tempFolder } from './support/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../scripts/release-notes.mjs', import.meta.url));
const CHANGELOG = `# Changelog

## 1.10.0

- The new one.

## 1.1.0

- The one in the middle.

  ### With a heading of its own

## 1.0.0
`;

async function notes(version: string, tag: string): Promise<string> {
  const folder = await tempFolder();
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version }));
  await writeFile(join(folder, 'CHANGELOG.md'), CHANGELOG);
  return (await runCommand(process.execPath, [SCRIPT, tag], { cwd: folder })).stdout;
}

test("a release's notes are what the changelog says below its version, and no more", async () => {
  expect(await notes('1.10.0', 'v1.10.0')).toBe('- The new one.\n');
  expect(await notes('1.1.0', 'v1.1.0')).toBe(
    '- The one in the middle.\n\n  ### With a heading of its own\n',
  );
});

test.each([
  ['a tag of another version', '1.1.0', 'v1.10.0', 'the tag is v1.10.0, but package.json has 1.1.0'],
  ['a tag without its v', '1.1.0', '1.1.0', 'the tag is 1.1.0'],
  ['a version that the changelog does not know', '1.2.0', 'v1.2.0', 'no heading "## 1.2.0"'],
  ['a version of which the changelog says nothing', '1.0.0', 'v1.0.0', 'says nothing below "## 1.0.0"'],
  ['a version that is not final', '1.2.0-rc.1', 'v1.2.0-rc.1', 'only plain versions are released'],
])('%s is not released', async (_, version, tag, reason) => {
  await expect(notes(version, tag)).rejects.toThrow(reason);
});
