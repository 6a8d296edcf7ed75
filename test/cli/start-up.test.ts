import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createProgram, wasHelped } from '../../src/cli/program.ts';
import { VERSION } from '../../src/version.ts';

const run = promisify(execFile);
const DIST = new URL('../../dist/', import.meta.url);
const COMMAND = new URL('cli/main.js', DIST).pathname;
/** Where the texts lie: beside what was built. */
const { quickAnswer }: typeof import('../../src/cli/quick-answer.ts') = await import(
  new URL('cli/quick-answer.js', DIST).href
);
const REPORTER = new URL('../support/report-modules.mjs', import.meta.url).pathname;

/** Our own modules and those of packages that a command loads. */
async function modulesOf(...words: readonly string[]): Promise<readonly string[]> {
  const { stderr } = await run(process.execPath, ['--import', REPORTER, COMMAND, ...words]);
  const urls = [...stderr.matchAll(/^loaded (file:.*)$/gm)].map(([, url = '']) => url);
  return urls.map((url) => url.replace(DIST.href, '').replace(/^.*\/node_modules\//, '')).sort();
}

/** What the parser itself prints. */
async function parserSays(words: readonly string[]): Promise<string> {
  let said = '';
  const nothing = async () => undefined;
  const handlers = { push: nothing, status: nothing, validate: nothing, completion: nothing, help: nothing };
  const program = createProgram(VERSION, handlers);
  const writeOut = (text: string) => {
    said += text;
  };
  for (const command of [program, ...program.commands]) command.configureOutput({ writeOut });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!wasHelped(error)) throw error;
  }
  return said;
}

const QUESTIONS = [
  ...['--version', '-V', '--help', '-h'],
  ...['push --help', 'push -h', 'status --help', 'validate --help', 'completion --help', 'help --help'],
];

describe('help and the version do not wait for the parser', () => {
  test.each(QUESTIONS)('%s is answered in the words of the parser', async (line) => {
    const words = line.split(' ');
    const said = quickAnswer(words, undefined);
    expect(said).toBe(await parserSays(words));
    expect(said).not.toBe('');
  });

  test.each(QUESTIONS)('%s loads nothing else', async (line) => {
    expect(await modulesOf(...line.split(' '))).toEqual([
      'cli/lost-output.js',
      'cli/main.js',
      'cli/quick-answer.js',
    ]);
  });

  test('nothing at all is a question for help', () => {
    expect(quickAnswer([], undefined)).toBe(quickAnswer(['--help'], undefined));
  });

  test.each(['push', 'help', 'pull --help', '../x --help', 'push --help x', '--help push', '--Version'])(
    '%s is left to the parser',
    (line) => expect(quickAnswer(line.split(' '), undefined)).toBeUndefined(),
  );

  test('a terminal that is narrow is left to the parser, which lays the lines out for it', () => {
    expect(quickAnswer(['--help'], 79)).toBeUndefined();
    expect(quickAnswer(['--help'], 80)).toBeDefined();
  });
});

test('a completion script is printed without loading what pushes', async () => {
  const modules = await modulesOf('completion', 'bash');
  expect(modules.filter((name) => /^(index|compose|core|http|hub|registry|valibot)\b/.test(name))).toEqual(
    [],
  );
  expect(modules).toContain('cli/commands/completion.js');
});
