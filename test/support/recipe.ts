import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandOutput, runCommand } from '../real/run-command.ts';

/** The pages of docs/recipes. */
export function recipePages(): Promise<string[]> {
  return readdir(RECIPES);
}

export function recipeText(page: string): Promise<string> {
  return readFile(join(RECIPES, page), 'utf8');
}

/** The code blocks of a page that are marked with exactly this, in their order. */
export async function recipeBlocks(page: string, mark: string): Promise<string[]> {
  const blocks = [...(await recipeText(page)).matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)];
  return blocks.filter(([, marked]) => marked === mark).map(([, , block = '']) => block);
}

export interface RecipeRun {
  /** Working folder and HOME. */
  readonly folder: string;
  /** With `PATH` all the environment that the recipe gets: nothing of the machine's own reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the user has put the package. The recipe must install it. Default: the command is already installed. */
  readonly tarball?: string;
  /** Folders that are looked through before everything else. */
  readonly programs?: readonly string[];
  /** `sh` unless the place where the recipe is for runs another. */
  readonly shell?: 'sh' | 'bash';
}

/** Runs shell lines as a user would, with the built command as `oci-modelcar`. npm refuses any other name. */
export async function runRecipe(
  script: string,
  { folder, env, tarball, programs = [], shell = 'sh' }: RecipeRun,
): Promise<CommandOutput> {
  const commands = join(folder, '.commands');
  await writeProgram(
    join(commands, tarball === undefined ? 'oci-modelcar' : '.packed'),
    `exec '${process.execPath}' '${COMMAND}' "$@"`,
  );
  await writeProgram(join(commands, 'npm'), tarball === undefined ? REFUSE : installs(tarball));
  await writeProgram(join(commands, 'npx'), REFUSE);
  const path = [...programs, commands, process.env.PATH ?? ''].join(delimiter);
  const variables = Object.entries({ HOME: folder, PATH: path, ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return runCommand('env', ['-i', ...variables, ...SHELLS[shell], '-eu', '-c', script], { cwd: folder });
}

/** A shell script as a program of this path. */
export async function writeProgram(file: string, lines: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
}

/** A bash whose stdin is a socket takes itself for a remote shell, and would read the machine's files for those. */
const SHELLS = { sh: ['sh'], bash: ['bash', '--norc'] };

const RECIPES = fileURLToPath(new URL('../../docs/recipes', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A recipe that runs a package by its name would run whatever an attacker has put on npm under that name. */
const REFUSE = 'echo "$0 was called with: $*" >&2; exit 99';

/** Installs only this file, without scripts. The file contains what was built here. */
function installs(tarball: string): string {
  return `if [ "$*" = 'install --global --ignore-scripts ${tarball}' ] && [ -f '${tarball}' ]
then mv "\${0%/*}/.packed" "\${0%/*}/oci-modelcar"
else ${REFUSE}
fi`;
}
