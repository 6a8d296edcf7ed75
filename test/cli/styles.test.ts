import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { ModelcarError } from '../../src/index.ts';
import { PLAN, RESULT } from './styles/recorded-push.ts';
import { record, replay } from './styles/replay.ts';

// The logs lie in test/cli/styles/ and are compared byte for byte. Renew them, and read what changed:
// npx vitest run test/cli/styles.test.ts --update

const VARIABLES = `MANIFESTDIGEST=${RESULT.manifestDigest}
IMAGEREF=${RESULT.imageReference}
IMAGEREFDIGEST=${RESULT.imageReferenceDigest}
`;

const failure = {
  error: new ModelcarError('UNAVAILABLE', 'cannot push models/a: 503\n##vso[task.complete]', {
    hint: 'Run the same command again.',
  }),
  exitCode: 75,
};
const failed = { ...failure, lines: explain(failure.error) };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'styles-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the log of a push', () => {
  test.each([
    ['text', 'normal'],
    ['text', 'verbose'],
    ['text', 'quiet'],
    ['azure', 'normal'],
    ['azure', 'verbose'],
    ['github', 'normal'],
    ['json', 'normal'],
  ] as const)('in the style %s, %s, is as it was written down', async (style, verbosity) => {
    const { log } = replay({ style, verbosity });
    await expect(log()).toMatchFileSnapshot(`styles/${style}-${verbosity}.log`);
  });

  test.each(['text', 'github'] as const)('in the style %s has the variables alone on stdout', (style) => {
    expect(replay({ style }).stdout()).toBe(VARIABLES);
  });

  test('in the style azure sets each variable for later steps before it prints it, and a shell passes over that', () => {
    const stdout = replay({ style: 'azure' }).stdout();
    expect(stdout.split('\n').filter((line) => !line.startsWith('##vso['))).toEqual(VARIABLES.split('\n'));
    expect(stdout).toContain(
      `##vso[task.setvariable variable=imageRefDigest;isOutput=true]${RESULT.imageReferenceDigest}\nIMAGEREFDIGEST=`,
    );
    const shell = spawnSync('sh', ['-c', `${stdout}printf %s "$IMAGEREFDIGEST"`], { encoding: 'utf8' });
    expect(shell).toMatchObject({ stdout: RESULT.imageReferenceDigest, stderr: '', status: 0 });
  });

  test('says once that nobody was logged in, and where an account is from only when it is to be verbose', () => {
    expect(
      replay({ style: 'text' })
        .log()
        .match(/anonymous/g),
    ).toHaveLength(1);
    const event = { type: 'credentials-chosen', registry: 'ghcr.io', origin: '/auth.json' } as const;
    const logs = (['normal', 'verbose'] as const).map((verbosity) => {
      const { renderer, log } = record({ style: 'text', verbosity });
      renderer.event(event);
      return log();
    });
    expect(logs).toEqual(['', 'credentials for ghcr.io from /auth.json\n']);
  });
});

describe('a model of two hundred small files', () => {
  test('makes one line for each of them', () => {
    const { renderer, log, moveTo } = record({ style: 'text' });
    renderer.event({
      type: 'model-resolved',
      model: 'a/b',
      revision: 'v1',
      commit: 'c',
      files: 200,
      size: 200,
    });
    for (let n = 0; n < 200; n += 1) {
      moveTo(n * 100);
      const path = `models/${n}`;
      renderer.event({ type: 'layer-started', path, size: 1 });
      renderer.event({ type: 'layer-progress', path, sent: 1, size: 1 });
      renderer.event({ type: 'layer-done', path, size: 1, digest: 'sha256:0', outcome: 'uploaded' });
    }
    expect(log().split('\n').length).toBeLessThan(210);
  });

  test('and a layer that takes three hours makes some hundred lines of progress, never a minute apart', () => {
    const { renderer, log, moveTo } = record({ style: 'text' });
    const size = 3 * 3600 * 1000;
    renderer.event({ type: 'model-resolved', model: 'a/b', revision: 'v1', commit: 'c', files: 1, size });
    const seconds: number[] = [];
    let lines = log().length;
    for (let sent = 0; sent < size; sent += 1000) {
      moveTo(sent);
      renderer.event({ type: 'layer-progress', path: 'models/a', sent, size });
      if (log().length > lines) seconds.push(sent / 1000);
      lines = log().length;
    }
    expect(seconds.slice(0, 3)).toEqual([5, 10, 15]);
    expect(seconds.length).toBeLessThan(300);
    expect(
      Math.max(...seconds.map((second, index) => second - (seconds[index - 1] ?? 0))),
    ).toBeLessThanOrEqual(60);
  });
});

describe('a name cannot give a command', () => {
  test('to Azure Pipelines, which reads them anywhere in a line', () => {
    const { log } = replay({ style: 'azure', verbosity: 'verbose' });
    const ours =
      /^(##vso\[task\.(setprogress value=\d+|setvariable variable=\w+;isOutput=true)\]|##\[(debug|group|endgroup|section|warning)\])/;
    for (const line of log().split('\n')) expect(line.replace(ours, '')).not.toMatch(/#\u00ad?#/);
    expect(log()).toContain('\ufffd#vso[task.setvariable variable=x]y');
  });

  test('to GitHub, which reads them at the start of a line, and an older kind anywhere', () => {
    const { log } = replay({ style: 'github', verbosity: 'verbose' });
    const commands = log()
      .split('\n')
      .filter((line) => /^\s*::|#\u00ad?#/.test(line))
      .map((line) => line.split('::')[1]);
    expect(commands).toEqual(['warning title=oci-modelcar', 'group', 'endgroup']);
  });

  test('to a terminal, or turn its text round', () => {
    for (const style of ['text', 'azure', 'github', 'json'] as const) {
      const { log } = replay({ style, verbosity: 'verbose' });
      expect(
        log()
          .match(/[\p{Cc}\u202e]/gu)
          ?.filter((character) => character !== '\n'),
      ).toEqual([]);
    }
  });

  test('by the folder of an image layout, which a shell still reads as it is', () => {
    const { renderer, stdout } = record({ style: 'azure' });
    renderer.result({ ...RESULT, imageReference: "oci:./##vso[task.complete]it's:v1" });
    const lines = stdout()
      .split('\n')
      .filter((line) => line.startsWith('IMAGEREF='));
    expect(lines.join('')).not.toContain('##');
    const shell = spawnSync('sh', ['-c', `${stdout()}printf %s "$IMAGEREF"`], { encoding: 'utf8' });
    expect(shell.stdout).toBe("oci:./##vso[task.complete]it's:v1");
  });
});

describe('a push that failed', () => {
  test.each([
    [
      'text',
      'error: cannot push models/a: 503 (UNAVAILABLE)\n  | \ufffd#vso[task.complete]\nhint: Run the same command again.\n',
    ],
    [
      'github',
      '::error title=oci-modelcar::cannot push models/a: 503 (UNAVAILABLE)%0A  | \ufffd#vso[task.complete]%0Ahint: Run the same command again.\n',
    ],
    [
      'azure',
      '##[error]cannot push models/a: 503 (UNAVAILABLE)\n##[error]  | \ufffd#vso[task.complete]\n##[error]hint: Run the same command again.\n',
    ],
    [
      'json',
      '{"v":1,"time":"2026-01-31T12:00:00.000Z","type":"error","code":"UNAVAILABLE","exitCode":75,"message":"cannot push models/a: 503\\n\\u0023#vso[task.complete]","hint":"Run the same command again."}\n',
    ],
  ] as const)('says why and what to do in the style %s', (style, text) => {
    for (const verbosity of ['quiet', 'normal', 'verbose'] as const) {
      const { renderer, log } = record({ style, verbosity });
      renderer.error(failed);
      renderer.close();
      expect(log()).toBe(text);
    }
  });

  test('ends the group that it failed in first, so that its error is seen', () => {
    for (const [style, end] of [
      ['github', '::endgroup::\n::error '],
      ['azure', '##[endgroup]\n##[error]'],
    ] as const) {
      const { renderer, log } = record({ style });
      renderer.event({ type: 'layer-started', path: 'models/a', size: 1 });
      renderer.error(failed);
      renderer.close();
      expect(log()).toContain(end);
      expect(log().match(/endgroup/g)).toHaveLength(1);
    }
  });

  test('of one layer, where the others go on, is a line that names the layer once', () => {
    const path = 'models/a.safetensors';
    const code = 'UNAVAILABLE';
    const line = (message: string) => {
      const { renderer, log } = record({ style: 'text' });
      renderer.event({ type: 'layer-failed', path, code, message });
      return log().trimEnd().split('\n').at(-1);
    };
    expect(line(`cannot push ${path} to ghcr.io/acme/llama: 503`)).toBe(
      `failed: cannot push ${path} to ghcr.io/acme/llama: 503`,
    );
    expect(line('a.safetensors from the Hub ended at byte 1 of 2')).toBe(
      `failed ${path}: a.safetensors from the Hub ended at byte 1 of 2`,
    );
  });

  test('by a bug of ours has no code of an error in JSON', () => {
    const { renderer, stdout } = record({ style: 'json' });
    renderer.error({
      error: new TypeError('x'),
      exitCode: 1,
      lines: ['error: this is a bug', 'TypeError: x'],
    });
    expect(JSON.parse(stdout())).toMatchObject({
      code: 'BUG',
      exitCode: 1,
      message: 'error: this is a bug\nTypeError: x',
    });
  });
});

describe('a dry run', () => {
  test.each(['text', 'azure', 'github', 'json'] as const)(
    'in the style %s is as it was written down',
    async (style) => {
      const { renderer, log, stdout } = record({ style });
      renderer.plan(PLAN, undefined);
      renderer.close();
      await expect(log()).toMatchFileSnapshot(`styles/${style}-plan.log`);
      expect(stdout()).toBe(style === 'json' ? log() : '');
    },
  );
});

test('a quiet dry run shows the plan, which is its result', () => {
  const logs = (['quiet', 'normal'] as const).map((verbosity) => {
    const { renderer, log } = record({ style: 'text', verbosity });
    renderer.plan(PLAN, undefined);
    renderer.close();
    return log();
  });
  expect(logs[0]).toContain('would be pushed as ghcr.io/acme/llama:v1');
  expect(logs[0]).toBe(logs[1]);
});

describe('on GitHub', () => {
  test('a push leaves its outputs and a summary in the files of the step', async () => {
    const env = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    replay({ style: 'github', env });
    await expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toMatchFileSnapshot('styles/github-output.txt');
    await expect(await readFile(env.GITHUB_STEP_SUMMARY, 'utf8')).toMatchFileSnapshot(
      'styles/github-summary.md',
    );
  });

  test('a value cannot end itself and begin another output', async () => {
    const env = { GITHUB_OUTPUT: join(folder, 'injected') };
    const { renderer } = record({ style: 'github', env });
    renderer.result({ ...RESULT, imageReference: 'oci:a\nEND\nother=1\nEND_' });
    expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toContain(
      'imageRef<<END__\noci:a\nEND\nother=1\nEND_\nEND__\n',
    );
  });

  test('a push that failed leaves the reason', async () => {
    const env = { GITHUB_OUTPUT: join(folder, 'none'), GITHUB_STEP_SUMMARY: join(folder, 'failed') };
    record({ style: 'github', env }).renderer.error(failed);
    expect(await readFile(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('Run the same command again');
    await expect(readFile(env.GITHUB_OUTPUT)).rejects.toThrow('ENOENT');
  });

  test('no name of a file becomes a link in the summary', async () => {
    const env = { GITHUB_STEP_SUMMARY: join(folder, 'links') };
    const { renderer } = record({ style: 'github', env });
    for (const path of ['www.evil.test/x', 'http://evil.test', '[x](//evil.test)', '<a href=//evil.test>']) {
      renderer.event({ type: 'layer-done', path, size: 1, digest: 'sha256:0', outcome: 'uploaded' });
    }
    renderer.result(RESULT);
    const summary = await readFile(env.GITHUB_STEP_SUMMARY, 'utf8');
    expect(summary).toContain('| www\\.evil.test/x |');
    expect(summary).toContain('| http\\://evil.test |');
    expect(summary).toContain('| \\[x\\]\\(//evil.test\\) |');
    expect(summary).toContain('| \\<a href\\=//evil.test\\> |');
  });

  test('a file that cannot be written costs a warning', () => {
    const { log } = replay({ style: 'github', env: { GITHUB_OUTPUT: folder } });
    expect(log()).toContain('::warning title=oci-modelcar::cannot write GITHUB_OUTPUT: EISDIR');
    expect(log()).toContain(VARIABLES);
  });

  test('the summary of two thousand layers with long names is one that GitHub takes', async () => {
    const env = { GITHUB_STEP_SUMMARY: join(folder, 'huge') };
    const { renderer } = record({ style: 'github', env });
    for (let n = 0; n < 2_000; n += 1) {
      const path = `${n}${'|模'.repeat(300)}`;
      renderer.event({ type: 'layer-done', path, size: 1, digest: 'sha256:0', outcome: 'uploaded' });
    }
    renderer.result(RESULT);
    const summary = await readFile(env.GITHUB_STEP_SUMMARY);
    expect(summary.length).toBeLessThan(1024 * 1024);
    expect(summary.toString()).toContain('| and 1800 layers more | 1.80 kB | |');
  });
});

test('docs/terminal.md shows parts of these logs as they are', async () => {
  const document = await readFile(new URL('../../docs/terminal.md', import.meta.url), 'utf8');
  const excerpts = [...document.matchAll(/^```text (\S+\.log)\n([\s\S]*?)^```$/gm)];
  expect(excerpts).toHaveLength(3);
  for (const [, file, excerpt] of excerpts) {
    expect(await readFile(new URL(`styles/${file}`, import.meta.url), 'utf8')).toContain(excerpt);
  }
});
