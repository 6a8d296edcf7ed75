import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-code.ts';
import type { FileMap } from '../fakes/hub/content.ts';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { COMMAND, runCli, variablesOf } from '../support/run-cli.ts';
import { hubToken, secret } from '../support/secrets.ts';

const READER = hubToken('reader token');

const MODEL = 'acme/tiny-embedder';
let hub: FakeHub;
let folder: string;

beforeAll(async () => {
  hub = await startFakeHub({
    repos: [
      demoRepo(MODEL),
      { id: 'acme/gated', gated: 'manual', files: { 'config.json': text('{}') } },
      { id: 'acme/evil', files: { 'w.safetensors': text('w'), 'sub/.wh.ok.json': text('') } },
      { id: 'acme/old', files: { 'config.json': text('{}'), 'pytorch_model.bin': text('0') } },
      {
        id: 'acme/quantised',
        files: { 'README.md': text('#'), 'm-Q4_K_M.gguf': text('0'), 'm-Q8_0.gguf': text('00') },
      },
      { id: 'acme/texts', type: 'dataset', files: { 'data.txt': text('a\n') } },
    ],
    tokens: { [READER]: { user: 'reader', accepted: [] } },
  });
  folder = await mkdtemp(join(tmpdir(), 'cli-test-'));
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => hub.clearLog());

const push = (...args: string[]) => runCli(['push', ...args], { env: { HF_ENDPOINT: hub.endpoint } });

describe('a push into a layout', () => {
  test('prints three variables on stdout and everything for people on stderr', async () => {
    const out = join(folder, 'three');
    const run = await push(MODEL, `oci:${out}:v1`);
    expect(run.code).toBe(0);
    const { MANIFESTDIGEST: digest = '' } = variablesOf(run);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(run.stdout).toBe(
      `MANIFESTDIGEST=${digest}\nIMAGEREF=oci:${out}:v1\nIMAGEREFDIGEST=oci:${out}@${digest}\n`,
    );
    expect(run.stderr).toContain(`${MODEL}@main is commit ${hub.commitOf(MODEL)}`);
    expect(run.stderr).toContain('models/notes/größe & maß #1 (final)+%41.md');
  });

  test('is tagged with the first 12 characters of the commit when no tag is given', async () => {
    const run = await push(MODEL, `oci:${join(folder, 'untagged')}`);
    expect(variablesOf(run).IMAGEREF).toBe(
      `oci:${join(folder, 'untagged')}:${hub.commitOf(MODEL).slice(0, 12)}`,
    );
  });

  test('is tagged with the commit and with what --also-tag says', async () => {
    const run = await push(MODEL, `oci:${join(folder, 'also')}`, '--also-tag', 'latest');
    expect(variablesOf(run).IMAGEREF).toBe(`oci:${join(folder, 'also')}:${hub.commitOf(MODEL).slice(0, 12)}`);
    expect(run.stderr).toContain(`tagged oci:${join(folder, 'also')}:latest`);
  });

  test('prints values that a shell can evaluate, whatever the folder is called', async () => {
    const out = join(folder, "it's; touch x");
    const { stdout } = await push(MODEL, `oci:${out}:v1`);
    const shell = spawnSync('sh', ['-c', `${stdout}printf %s "$IMAGEREF"`], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(shell).toMatchObject({ stdout: `oci:${out}:v1`, stderr: '', status: 0 });
    expect(await readdir(folder)).not.toContain('x');
  });

  test('gives the same digest by flags, at a tag of the model, and with four workers', async () => {
    const arguments_ = await push(`${MODEL}@v1.0`, `oci:${join(folder, 'a')}:t`);
    const flags = await push(
      ...['--hf-repo', MODEL, '--hf-revision', hub.commitOf(MODEL), '--hf-endpoint', hub.endpoint],
      ...['--registry', `oci:${join(folder, 'b')}`, '--target-tag', 't', '--also-tag', 'u', '--workers', '4'],
    );
    expect([arguments_.code, flags.code]).toEqual([0, 0]);
    expect(variablesOf(flags).MANIFESTDIGEST).toBe(variablesOf(arguments_).MANIFESTDIGEST);
    const index = JSON.parse(await readFile(join(folder, 'b', 'index.json'), 'utf8'));
    expect(
      index.manifests.map((entry: { annotations: object }) => Object.values(entry.annotations)[0]),
    ).toEqual(['t', 'u']);
  });

  test('pushes the files that its patterns leave, given once, repeated or with commas', async () => {
    const run = await push(
      ...[
        MODEL,
        `oci:${join(folder, 'some')}`,
        '--allow-patterns',
        '*.json,.txt',
        '--allow-patterns',
        'LICENSE',
      ],
      ...['--ignore-patterns', 'tokenizer*, notes/'],
    );
    expect(run.code).toBe(0);
    const names = [...run.stderr.matchAll(/pushed models\/(\S+)/g)].map(([, name]) => name);
    expect(names.sort()).toEqual([
      ...['1_Pooling/config.json', 'LICENSE', 'config.json', 'generation_config.json', 'modules.json'],
      ...['sentence_bert_config.json', 'special_tokens_map.json', 'vocab.txt'],
    ]);
  });

  test('says what there is when its patterns leave nothing', async () => {
    const run = await push(MODEL, `oci:${join(folder, 'none')}`, '--allow-patterns', '*.gguf');
    expect(run.code).toBe(4);
    expect(run.stderr).toMatch(
      /^error: the patterns leave none of the 15 files .*\n {2}\| .* 1 × \*\.safetensors\n/m,
    );
  });

  test('pushes all files that are not redundant without patterns, and reports what it leaves out', async () => {
    const run = await push(MODEL, `oci:${join(folder, 'default')}`, '--ignore-patterns', 'notes/');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('left out: 1 file, 50 B: hidden files, such as .gitattributes');
    expect(run.stderr).toMatch(/left out: 2 files, .*: matched by the patterns to ignore/);
    expect(run.stderr).not.toMatch(/models\/(notes|\.gitattributes)/);
  });

  test('shows the quantisations to choose from, and pushes the one whose option is added', async () => {
    const refused = await push('acme/quantised', `oci:${join(folder, 'gguf')}`);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(
      "\n  |       1 B  m-Q4_K_M.gguf\n  |            --ignore-patterns 'm-Q8_0.gguf'\n",
    );
    const patterns = /--ignore-patterns '(.*)'$/m.exec(refused.stderr)?.[1] ?? '';
    const run = await push('acme/quantised', `oci:${join(folder, 'gguf')}`, '--ignore-patterns', patterns);
    const names = [...run.stderr.matchAll(/pushed models\/(\S+)/g)].map(([, name]) => name);
    expect(names.toSorted()).toEqual(['README.md', 'm-Q4_K_M.gguf']);
  });

  test('does not push a model of pickles without its weights, nor with them unasked', async () => {
    const refused = await push('acme/old', `oci:${join(folder, 'old')}`);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('--pickles keep; without these files the image would have no weights.'),
    ]);
    expect(await readdir(folder)).not.toContain('old');
  });

  test('works for a dataset', async () => {
    expect((await push('datasets/acme/texts', `oci:${join(folder, 'dataset')}`)).code).toBe(0);
  });
});

test('a push into a registry logs in with OCI_USERNAME and OCI_PASSWORD, and the password shows nowhere', async () => {
  const auth = { kind: 'basic', username: 'ci', password: secret('password') } as const;
  const registry = await startFakeRegistry({ auth });
  try {
    const reference = `${registry.host}/models/tiny:v1`;
    const env = { HF_ENDPOINT: hub.endpoint, OCI_USERNAME: auth.username };
    const done = await runCli(['push', MODEL, reference], { env: { ...env, OCI_PASSWORD: auth.password } });
    expect(done.code).toBe(0);
    expect(registry.tags('models/tiny').get('v1')).toBe(variablesOf(done).MANIFESTDIGEST);
    const refused = await runCli(['push', MODEL, reference], {
      env: { ...env, OCI_PASSWORD: secret('wrong password') },
    });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('OCI_USERNAME');
  } finally {
    await registry.close();
  }
});

describe('a dry run', () => {
  test('shows files, sizes and tag, and writes nothing anywhere', async () => {
    const out = join(folder, 'dry');
    const run = await push(MODEL, `oci:${out}:v1`, '--dry-run');
    expect(run).toMatchObject({ code: 0, stdout: '', filesLeft: [] });
    expect(run.stderr).toMatch(/455\.7 kB {2}models\/model\.safetensors/);
    expect(run.stderr).toContain(`would be pushed as oci:${out}:v1, tagged v1`);
    expect(await readdir(folder)).not.toContain('dry');
  });

  test('shows a gate as the push would', async () => {
    const run = await push('acme/gated', `oci:${join(folder, 'gated')}`, '--dry-run');
    expect(run.code).toBe(3);
  });
});

describe('an error says what happened, what to do, and ends with its exit code', () => {
  test.each<[fact: string, args: string[], code: number, message: RegExp]>([
    [
      'a flag that is not known',
      [MODEL, 'oci:x', '--worker', '2'],
      2,
      /unknown option '--worker' .*--workers/,
    ],
    ['no arguments', [], 2, /no model is named/],
    ['a third argument', [MODEL, 'oci:x', 'y'], 2, /y is one argument too many/],
    [
      'swapped arguments',
      ['ghcr.io/x/y', MODEL],
      2,
      /swapped.*\nhint: Run: oci-modelcar push \S+ ghcr\.io\/x\/y/,
    ],
    ['a model given by its address', ['https://hf.co/acme/x', 'oci:x'], 2, /hint: Write it as acme\/x$/m],
    ['a transport of skopeo', [MODEL, 'oci-archive:x.tar'], 2, /skopeo copy oci:FOLDER:TAG oci-archive:/],
    ['a path of Windows', [MODEL, 'oci:C:\\x:v1'], 2, /In WSL write oci:\/mnt\/c\/x:v1/],
    ['a ~ that no shell expanded', [MODEL, 'oci:~/x'], 2, /Write oci:\$HOME\/x/],
    [
      'an option of another tool',
      [MODEL, 'oci:x', '--creds', 'ada:pw'],
      2,
      /^(?!.*ada).*\nhint: .*OCI_USERNAME/s,
    ],
    ['a target without a registry', [MODEL, 'acme/x'], 2, /docker\.io\/acme\/x/],
    ['a bad number', [MODEL, 'oci:x', '--workers', '99'], 2, /1 to 8/],
    ['a model that is not there', ['acme/nothing', 'oci:x'], 4, /private.*HF_TOKEN/],
    ['a revision that is not there', [`${MODEL}@nope`, 'oci:x'], 4, /nope/],
    ['a gated model', ['acme/gated', 'oci:x'], 3, /ask for access at .*\/acme\/gated/],
    ['a name that would delete files', ['acme/evil', 'oci:x'], 6, /\.wh\./],
    ['a folder that cannot be written', [MODEL, 'oci:/dev/null/x'], 6, /\/dev\/null\/x/],
    ['a registry that nobody listens at', [MODEL, '127.0.0.1:9/a'], 75, /127\.0\.0\.1:9/],
  ])('%s', async (_, args, code, message) => {
    const run = await push(...args);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).toMatch(/^error: .*\nhint: /m);
    expect(run).toMatchObject({ code, stdout: '' });
  });

  test('a token that is not accepted for a gated model is never repeated', async () => {
    const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: READER };
    const run = await runCli(['push', 'acme/gated', 'oci:x'], { env });
    expect(run.code).toBe(3);
  });

  test('HF_HUB_OFFLINE forbids every request', async () => {
    const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '1' };
    const run = await runCli(['push', MODEL, 'oci:x'], { env });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('HF_HUB_OFFLINE');
    expect(hub.log).toEqual([]);
  });
});

describe('an alias from another tool', () => {
  test.each([
    ['--include', '*.json,*.safetensors', '-t', 'v1', '-q'],
    ['--include=*.json,*.safetensors', '--tag=v1', '--quiet=true'],
  ])('pushes what is asked for: %s %s %s', async (...words) => {
    const out = join(folder, `aliases-${words.length}`);
    const run = await push(MODEL, `oci:${out}`, ...words);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(variablesOf(run).IMAGEREF).toBe(`oci:${out}:v1`);
  });
});

describe('help', () => {
  test.each(['errors', 'events', 'inspect', 'selection'])('on %s is the page of the manual', async (page) => {
    const { code, stdout } = await runCli(['help', page]);
    expect(code).toBe(0);
    expect(stdout).toBe(await readFile(`docs/${page}.md`, 'utf8'));
  });

  test('on a command is what its --help shows', async () => {
    expect(await runCli(['help', 'push'])).toMatchObject({
      code: 0,
      stdout: (await runCli(['push', '--help'])).stdout,
    });
    expect(await runCli(['help'])).toMatchObject({ code: 0, stdout: (await runCli(['--help'])).stdout });
  });

  test('on anything else is an error that lists the commands and pages', async () => {
    const { code, stderr } = await runCli(['help', '../package']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no help on .*\nhint: .*push.*errors/)]);
  });

  test('of push shows every flag, examples, variables and exit codes', async () => {
    const { code, stdout } = await runCli(['push', '--help']);
    expect(code).toBe(0);
    for (const word of [
      '--hf-repo',
      '--also-tag',
      '--dry-run',
      'Examples:',
      'HF_TOKEN',
      'OCI_PASSWORD',
      'Exit codes:',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  test('is what a bare command shows', async () => {
    expect(await runCli([])).toMatchObject({ code: 0, stdout: expect.stringContaining('push') });
  });

  test('a version is one word', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a mistyped command is answered with the right one', async () => {
    const run = await runCli(['psuh']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('push');
  });
});

describe('a layer that fails', () => {
  const broken = async (further: FileMap = {}) => {
    const files = { 'a.json': text('{}'), 'b.json': text('{"b":1}'), 'c.json': text('{"c":1}'), ...further };
    const other = await startFakeHub({ repos: [{ id: 'acme/broken', files }] });
    onTestFinished(() => other.close());
    other.addFault({ on: 'resolve-cache', path: 'a.json', kind: 'flip-byte', at: 0, times: Infinity });
    return other;
  };

  test.each([
    [['--continue-on-error'], {}],
    [[], { FAIL_FAST: 'no' }],
  ])('does not stop the others with %o and %o: exit code 7, no image, and it says so', async (flags, env) => {
    const { endpoint } = await broken();
    const out = join(folder, `incomplete-${flags.length}`);
    const run = await runCli(['push', 'acme/broken', `oci:${out}:v1`, '--allow-patterns', '*', ...flags], {
      env: { HF_ENDPOINT: endpoint, ...env },
    });
    expect(run).toMatchObject({ code: 7, stdout: '' });
    expect(run.stderr).toMatch(/error: 1 of 3 layers failed.*models\/a\.json.*\(INCOMPLETE\)\nhint: /);
    expect(run.stderr).toMatch(/pushed models\/c\.json/);
    expect(await readdir(join(out, 'blobs', 'sha256'))).toHaveLength(2);
  });

  test('stops the others otherwise', async () => {
    const others = Array.from({ length: 200 }, (_, at) => [`d${at}.json`, text(`{"d":${at}}`)]);
    const { endpoint } = await broken(Object.fromEntries(others));
    const to = `oci:${join(folder, 'fail-fast')}:v1`;
    const run = await runCli(['push', 'acme/broken', to, '--allow-patterns', '*'], {
      env: { HF_ENDPOINT: endpoint },
    });
    expect(run.code).toBe(5);
    // What was begun with it may be through before it has failed.
    expect(run.stderr.match(/pushed models/g)?.length ?? 0).toBeLessThan(150);
  });
});

describe('the environment of the Hub', () => {
  const gated = async (env: Record<string, string>) =>
    (
      await runCli(['push', 'acme/gated', 'oci:x', '--dry-run'], {
        env: { HF_ENDPOINT: hub.endpoint, ...env },
      })
    ).stderr;

  test.each<[names: string, env: Record<string, string>]>([
    ['TRANSFORMERS_OFFLINE', { TRANSFORMERS_OFFLINE: '1' }],
    ['HF_HUB_OFFLINE', { HF_HUB_OFFLINE: 'yes', TRANSFORMERS_OFFLINE: '1' }],
  ])('%s forbids every request, and the error names it', async (name, env) => {
    const stderr = await gated(env);
    expect(stderr).toContain(`cannot reach the Hub: forbidden by ${name} (OFFLINE)`);
    expect(stderr).toContain(`Unset ${name}, or`);
    expect(hub.log).toEqual([]);
  });

  test('HF_HUB_OFFLINE=0 outweighs TRANSFORMERS_OFFLINE, as in huggingface_hub', async () => {
    await gated({ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' });
    expect(hub.log).not.toEqual([]);
  });

  test('a token file that cannot be read causes a warning, and the push continues without a token', async () => {
    const place = await mkdtemp(join(folder, 'token-'));
    const unread = `cannot read the Hub token in ${place}: it is a folder; continuing without it`;
    expect(await gated({ HF_TOKEN_PATH: place })).toContain(unread);
    expect(hub.log.map(({ hadAuthorization }) => hadAuthorization)).not.toContain(true);
    expect(await gated({ HF_TOKEN_PATH: place, HF_TOKEN: READER })).not.toContain('the Hub token in');
    expect(await gated({ HF_TOKEN_PATH: place, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).not.toContain(
      'the Hub token in',
    );
  });

  test('a token file without access to its folder is called unreadable, not missing', async () => {
    // Root may read everything, but not below a link that leads to itself.
    const loop = join(await mkdtemp(join(folder, 'token-')), 'loop');
    await symlink(loop, loop);
    expect(await gated({ HF_HOME: loop })).toContain('cannot read the Hub token in');
  });

  test('a token that the Hub refuses is named with its file, and the push continues without it', async () => {
    const stale = join(await mkdtemp(join(folder, 'token-')), 'token');
    await writeFile(stale, hubToken('stale token'));
    hub.knobs.unknownToken = 'refused';
    onTestFinished(() => {
      hub.knobs.unknownToken = 'ignored';
    });
    const args = ['push', MODEL, `oci:${join(folder, 'stale')}:v1`, '--dry-run'];
    const run = await runCli(args, { env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN_PATH: stale } });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`the Hub refused the token from ${stale}; continuing without it`);
    const variable = await runCli(args, {
      env: { HF_ENDPOINT: hub.endpoint, HUGGING_FACE_HUB_TOKEN: hubToken('stale token') },
    });
    expect(variable.code).toBe(3);
    expect(variable.stderr).toContain('with the token from HUGGING_FACE_HUB_TOKEN: 401');
  });

  test.each(['HF_TOKEN_PATH', 'HF_HOME', 'XDG_CACHE_HOME'])('%s leads to the token', async (variable) => {
    const home = await mkdtemp(join(folder, 'home-'));
    const place = { HF_TOKEN_PATH: '', HF_HOME: '', XDG_CACHE_HOME: 'huggingface' }[variable] ?? '';
    await mkdir(join(home, place), { recursive: true });
    await writeFile(join(home, place, 'token'), `${READER}\n`);
    await gated({ [variable]: variable === 'HF_TOKEN_PATH' ? join(home, 'token') : home });
    expect(hub.log.map(({ hadAuthorization }) => hadAuthorization)).toContain(true);
  });
});

test.each([
  ['LOG_STYLE', 'azure'],
  ['--log-style', 'azure'],
])('%s chooses how the log is written', async (by, style) => {
  const args = ['push', MODEL, `oci:${join(folder, `styled${by}`)}:v1`, '--dry-run'];
  const { stderr } = by.startsWith('-')
    ? await runCli([...args, by, style], { env: { HF_ENDPOINT: hub.endpoint } })
    : await runCli(args, { env: { HF_ENDPOINT: hub.endpoint, [by]: style } });
  expect(stderr).toContain('##[group]');
});

test.each<[by: string, args: string[], env: Record<string, string>]>([
  ['--log-style', ['--log-style', 'json'], {}],
  ['--log-style', ['--log-style=JSON'], {}],
  ['LOG_STYLE', [], { LOG_STYLE: 'json' }],
])('%s that asks for JSON is answered with --json', async (by, args, env) => {
  const { code, stderr } = await runCli(['push', MODEL, 'oci:lost:v1', ...args], { env });
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^error: invalid ${by}: json `, 'i'));
  expect(stderr).toContain('hint: For JSON add --json, or set LOG_JSON=1.');
});

test.each<[by: string, args: string[], env: Record<string, string>]>([
  ['--json', ['--json'], {}],
  ['LOG_JSON', [], { LOG_JSON: '1' }],
])('%s makes a dry run one JSON document and leaves stderr empty', async (by, args, env) => {
  const target = `oci:${join(folder, `json${by}`)}:v1`;
  const { stdout, stderr, code } = await runCli(['push', MODEL, target, '--dry-run', ...args], {
    env: { HF_ENDPOINT: hub.endpoint, ...env },
  });
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ v: 1, type: 'plan', warnings: [], refusal: null });
});

test.each<[line: string, env?: Record<string, string>]>([
  ['status oci:/nowhere --json'],
  ['validate oci:/nowhere:v1 --json'],
  ['push --unknown --json'],
  ['push --unknown --json=true'],
  ['status oci:/nowhere --json=1'],
  ['validate oci:/nowhere:v1 -json'],
  ['--json push a/b oci:lost:v1'],
  ['--json'],
  ['completion ksh --json'],
  ['help nothing --json'],
  ['unknown', { LOG_JSON: '1' }],
  ['status oci:/nowhere', { LOG_JSON: 'yes' }],
  ['completion ksh', { LOG_JSON: 'true' }],
  ['help nothing', { LOG_JSON: 'on' }],
  ['push --unknown', { LOG_JSON: '1', LOG_STYLE: 'azure' }],
])('the error of `%s` is one JSON document on stdout where JSON was asked for', async (line, env) => {
  const { stdout, stderr, code } = await runCli(line.split(' '), env ? { env } : {});
  expect(JSON.parse(stdout)).toMatchObject({ v: 1, type: 'error', exitCode: code });
  expect(stderr).toBe('');
});

test.each<[line: string, env: Record<string, string>]>([
  ['push --unknown --log-style text', { LOG_JSON: '1' }],
  ['push --log-style=text --unknown', { LOG_JSON: '1' }],
  ['push --unknown', { LOG_JSON: '0' }],
  ['push a/b oci:lost:v1 one-too-many -- --json', {}],
])('the error of `%s` is for people, though JSON is named', async (line, env) => {
  expect(await runCli(line.split(' '), { env })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: /),
  });
});

test.each(['status', '--help', `push ${MODEL} oci:lost:v1 --json`])(
  'what %s prints and the disk did not take ends with an exit code that says so',
  async (word) => {
    const line = `"$0" "$1" ${word} > /dev/full`;
    const run = spawn('sh', ['-c', line, process.execPath, COMMAND], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, HF_ENDPOINT: hub.endpoint },
    });
    const [stderr, [status]] = await Promise.all([textOf(run.stderr), once(run, 'close')]);
    expect(status).toBe(EXIT_CODES.UNAVAILABLE);
    expect(stderr).toMatch(/^error: cannot write to stdout: .* \(UNAVAILABLE\)\n$/);
  },
);
