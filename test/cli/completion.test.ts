import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describePeers, peerPath } from '../real/peers.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

async function script(shell: string): Promise<string> {
  const { code, stdout } = await runCli(['completion', shell]);
  expect(code).toBe(0);
  const file = join(await tempFolder(), `completion.${shell}`);
  await writeFile(file, stdout);
  return file;
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('bash', () => {
  async function completed(...words: readonly string[]): Promise<readonly string[]> {
    const line = `COMP_WORDS=(oci-modelcar ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
    const code = `source '${await script('bash')}'; ${line}; _oci_modelcar; echo "\${COMPREPLY[@]}"`;
    return run('bash', ['-c', code]).trim().split(' ');
  }

  test.each<[readonly string[], readonly string[]]>([
    [['p'], ['push']],
    [['status', '--js'], ['--json']],
    [
      ['push', '--al'],
      ['--allow-patterns', '--also-tag'],
    ],
    [['push', 'a/b', '--log-style', 'g'], ['github']],
    [
      ['push', '--tar-layout', ''],
      ['standard', 'reference'],
    ],
    [['push', '--workers', ''], ['']],
    [['completion', 'z'], ['zsh']],
    [['h'], ['help']],
    [['help', 'sel'], ['selection']],
  ])('completes %o to %o', async (words, expected) => {
    expect(await completed(...words)).toEqual(expected);
  });

  test.each<[fact: string, words: (folder: string) => readonly string[], reply: (folder: string) => string]>([
    [
      'which ends a word for it',
      (folder) => ['push', 'a/b', 'oci', ':', `${folder}/lla`],
      (folder) => `${folder}/llama-out`,
    ],
    [
      'which is part of a word without a colon in COMP_WORDBREAKS',
      (folder) => ['push', 'a/b', `oci:${folder}/lla`],
      (folder) => `oci:${folder}/llama-out`,
    ],
  ])('completes a folder behind the colon of oci:, %s', async (_, words, reply) => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'llama-out'));
    await writeFile(join(folder, 'llama.tar'), '');
    expect(await completed(...words(folder))).toEqual([reply(folder)]);
  });
});

describePeers(['fish'], 'fish, the real one,', () => {
  test('completes commands, flags and values', async () => {
    const file = await script('fish');
    const completed = (line: string) =>
      run(peerPath('fish'), ['--no-config', '-c', `source '${file}'; complete -C '${line}'`])
        .split('\n')
        .map((row) => row.split('\t')[0]);
    expect(completed('oci-modelcar pu')).toContain('push');
    expect(completed('oci-modelcar push --work')).toContain('--workers');
    expect(completed('oci-modelcar push --log-style ')).toEqual(expect.arrayContaining(['azure', 'github']));
    expect(completed('oci-modelcar completion ')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(completed('oci-modelcar help err')).toContain('errors');
    const folder = await tempFolder();
    await mkdir(join(folder, 'llama-out'));
    expect(completed(`oci-modelcar push a/b oci:${folder}/lla`)).toContain(`oci:${folder}/llama-out/`);
  });
});

describePeers(['zsh'], 'zsh, the real one,', () => {
  test('takes the script and binds it to the command', async () => {
    const file = await script('zsh');
    const code = `autoload -Uz compinit; compinit -D -u; source '${file}'; print $_comps[oci-modelcar]`;
    expect(run(peerPath('zsh'), ['-f', '-c', code])).toBe('_oci_modelcar\n');
  });
});

test('another shell is an error that names those that there are', async () => {
  const run = await runCli(['completion', 'tcsh']);
  expect([run.code, run.stdout, run.stderr]).toEqual([
    2,
    '',
    expect.stringMatching(/tcsh.*\nhint: .*bash, zsh/),
  ]);
});
