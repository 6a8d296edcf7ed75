import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from './real/run-command.ts';
import { tempFolder } from './support/temp-folder.ts';

const TSC = join('node_modules', 'typescript', 'bin', 'tsc');

test("the demo leaves nothing in the user's home or in the temporary folder", async () => {
  await mkdir('build', { recursive: true });
  const compiled = await mkdtemp(join('build', 'demo-test-'));
  onTestFinished(() => rm(compiled, { recursive: true }));
  await runCommand(process.execPath, [TSC, '-p', 'tsconfig.demo.json', '--outDir', compiled]);
  const clone = await tempFolder();
  const home = await tempFolder();
  await symlink(resolve('dist'), join(clone, 'dist'));
  const { stderr } = await runCommand(process.execPath, [resolve(compiled, 'demo', 'main.js')], {
    cwd: clone,
    env: { HOME: home, TMPDIR: home, XDG_STATE_HOME: home },
  });
  expect(stderr).toContain("equal to the Hub's, byte for byte");
  expect(await readdir(home)).toEqual([]);
  expect((await readdir(join(clone, 'build'))).toSorted()).toEqual(['demo-image', 'demo-state.json']);
});
