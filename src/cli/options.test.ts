import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { type PushOptions, planPush } from '../index.ts';
import { type FlagName, longName } from './flag.ts';
import { type PushWords, toPushOptions } from './options.ts';
import { verbosityOf } from './output-options.ts';
import { PUSH_FLAGS } from './push-flags.ts';
import { type Environment, readFlags } from './read-flags.ts';

const registry = {
  kind: 'registry',
  registry: { scheme: 'https', host: 'ghcr.io' },
  repository: 'acme/llama',
};
const words: PushWords = { model: 'acme/llama', reference: 'ghcr.io/acme/llama' };
const surroundings = { home: '/home/ada', uid: 1000 };
const push = (given: PushWords, env: Environment = {}) => toPushOptions(given, env, surroundings);
const options = (
  more: PushWords,
  env: Environment = {},
  tokenFile?: string,
  readAgain = async (): Promise<string | undefined> => tokenFile,
) =>
  toPushOptions({ ...words, ...more }, env, {
    ...surroundings,
    ...(tokenFile !== undefined && { tokenFile: { name: '~/token', content: tokenFile, readAgain } }),
  });

describe('the model and the target', () => {
  test('can be two arguments', () => {
    expect(push({ model: 'acme/llama@v1', reference: 'ghcr.io/acme/llama:t' })).toMatchObject({
      model: 'acme/llama',
      revision: 'v1',
      target: registry,
      tag: 't',
    });
  });

  test('can be flags or variables, with the same meaning', () => {
    const flags = {
      hfRepo: 'acme/llama',
      hfRevision: 'v1',
      registry: 'ghcr.io',
      targetRepo: 'acme/llama',
      targetTag: 't',
    };
    const variables = {
      HF_REPO: 'acme/llama',
      HF_REVISION: 'v1',
      REGISTRY: 'ghcr.io',
      TARGET_REPO: 'acme/llama',
      TARGET_TAG: 't',
    };
    const comparable = (made: PushOptions) => ({ ...made, registry: undefined, network: undefined });
    const expected = comparable(push({ model: 'acme/llama@v1', reference: 'ghcr.io/acme/llama:t' }));
    expect(comparable(push(flags))).toEqual(expected);
    expect(comparable(push({}, variables))).toEqual(expected);
  });

  test('arguments win over variables, and take what they leave open from them', () => {
    const variables = {
      HF_REPO: 'a/b',
      HF_REVISION: 'v9',
      REGISTRY: 'quay.io',
      TARGET_REPO: 'x',
      TARGET_TAG: 't9',
    };
    expect(push({ model: 'acme/llama', reference: 'ghcr.io/acme/llama' }, variables)).toMatchObject({
      model: 'acme/llama',
      revision: 'v9',
      target: registry,
      tag: 't9',
    });
    expect(push({ model: 'acme/llama@v1', reference: 'ghcr.io/acme/llama:t' }, variables)).toMatchObject({
      revision: 'v1',
      tag: 't',
    });
  });

  test('without a tag there is none: it comes from the commit', () => {
    expect(options({ alsoTag: ['latest'] })).toMatchObject({ alsoTags: ['latest'] });
    expect(options({})).not.toHaveProperty('tag');
  });

  test.each<[fact: string, words: PushWords, message: string]>([
    ['no model', { reference: 'ghcr.io/a' }, 'no model'],
    ['no target', { model: 'a/b' }, 'no target'],
    ['a model twice', { ...words, hfRepo: 'a/b' }, 'both name a model'],
    ['a revision twice', { ...words, model: 'a/b@c', hfRevision: 'd' }, 'the revision is given twice'],
    ['a target twice', { ...words, registry: 'ghcr.io' }, 'the target is named twice'],
    ['two tags', { ...words, targetTag: 'v1,v2' }, 'the tag is given more than once: v1,v2'],
    ['a tag twice', { ...words, reference: 'ghcr.io/a:t', targetTag: 'u' }, 'the tag is given twice'],
    ['a registry without a repository', { model: 'a/b', registry: 'ghcr.io' }, 'no repository'],
    ['both ways to treat a failure', { ...words, failFast: true, continueOnError: true }, 'contradict'],
  ])('%s is an error of usage', (_, bad, message) => {
    expect(() => push(bad)).toThrow(message);
    expect(() => push(bad)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

test.each([
  ['ghcr.io/acme/llama', undefined, '--registry ghcr.io --target-repo acme/llama'],
  ['http://localhost:5000/acme/', 'llama', '--registry http://localhost:5000 --target-repo acme/llama'],
])('a repository in --registry %s is answered with where it goes', (registry, targetRepo, typed) => {
  expect(() => push({ model: 'a/b', registry, ...(targetRepo !== undefined && { targetRepo }) })).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: `Write it as ${typed}` }),
  );
});

test.each([
  ['s3://bucket/x', 's3:// is not supported'],
  ['docker://ghcr.io/x', 'is not a registry host'],
])('a scheme in --registry %s is not taken for a host', (registry, message) => {
  expect(() => push({ model: 'a/b', registry, targetRepo: 'x' })).toThrow(message);
});

describe('swapped arguments', () => {
  const swapped = (model: string, reference?: string) => () => push({ model, reference });

  test.each([
    ['ghcr.io/acme/llama', 'acme/llama', 'acme/llama ghcr.io/acme/llama'],
    ['ghcr.io/llama:v1', 'acme/llama@v1.2', 'acme/llama@v1.2 ghcr.io/llama:v1'],
    ['localhost:5000/x', 'datasets/acme/rows', 'datasets/acme/rows localhost:5000/x'],
    ['oci:./out:v1', 'acme/llama', 'acme/llama oci:./out:v1'],
    ['ghcr.io/x/y', 'https://huggingface.co/acme/llama/tree/v1', 'acme/llama@v1 ghcr.io/x/y'],
  ])('%s %s are answered with the right order', (model, reference, right) => {
    expect(swapped(model, reference)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'the arguments look swapped: the model comes first',
        hint: `Run: oci-modelcar push ${right}`,
      }),
    );
  });

  test('a target alone is answered with where the model goes', () => {
    expect(swapped('ghcr.io/acme/llama')).toThrow('the only argument is a target: ghcr.io/acme/llama');
    const withFlag = () => push({ model: 'ghcr.io/acme/llama', hfRepo: 'acme/llama' });
    expect(withFlag).toThrow('ghcr.io/acme/llama and --hf-repo both name a model');
  });

  test.each([
    ['acme/llama', 'acme/llama', 'does not look like a registry'],
    ['hf.co/acme/llama', 'ghcr.io/x/y', 'given by its address'],
    ['ghcr.io/x/y', 'ghcr.io/acme/llama', 'ghcr.io/x/y is an image, not a model'],
    ['https://mirror.example/acme/llama', 'ghcr.io/x/y', 'given by its address'],
  ])('%s %s are something else', (model, reference, message) => {
    expect(swapped(model, reference)).toThrow(message);
  });
});

describe('the ways of other tools to reach a registry', () => {
  const access = (more: PushWords, env: Environment = {}) => options(more, env).registry;

  test.each<[PushWords, Environment, boolean]>([
    [{ tlsVerify: false }, {}, true],
    [{ tlsVerify: true }, {}, false],
    [{ tlsVerify: true }, { INSECURE: '1' }, false],
    [{ tlsVerify: false }, { INSECURE: '0' }, true],
    [{ tlsVerify: false, insecure: true }, {}, true],
    [{}, { INSECURE: '1' }, true],
  ])('%o with %o: certificates are skipped: %s', (more, env, insecure) => {
    expect(access(more, env)?.insecure).toBe(insecure);
  });

  test('--tls-verify and --insecure contradict each other', () => {
    expect(() => access({ tlsVerify: true, insecure: true })).toThrow('contradict');
  });

  test.each<[PushWords, 'http' | 'https']>([
    [{ reference: 'ghcr.io/acme/llama', plainHttp: true }, 'http'],
    [{ reference: 'http://ghcr.io/acme/llama', plainHttp: true }, 'http'],
    [{ reference: 'ghcr.io/acme/llama', plainHttp: false }, 'https'],
    [{ reference: undefined, registry: 'ghcr.io', targetRepo: 'acme/llama', plainHttp: true }, 'http'],
  ])('%o is %s', (more, scheme) => {
    expect(options(more).target).toMatchObject({ registry: { scheme, host: 'ghcr.io' } });
  });

  test.each<[PushWords, string]>([
    [{ reference: 'https://ghcr.io/a', plainHttp: true }, '--plain-http and https:// contradict each other'],
    [{ reference: 'oci:out', plainHttp: true }, 'needs no HTTP'],
  ])('%o is refused', (more, message) => {
    expect(() => options(more)).toThrow(message);
  });

  test('--authfile is the file of accounts, before every variable', async () => {
    const file = join(await tempFolder(), 'auth.json');
    const auth = Buffer.from(`ada:${secret('password')}`).toString('base64');
    await writeFile(file, JSON.stringify({ auths: { 'ghcr.io': { auth } } }));
    const env = {
      REGISTRY_AUTH_FILE: '/none',
      OCI_USERNAME: 'other',
      OCI_PASSWORD: secret('other password'),
    };
    const found = await access({ authfile: file }, env)?.credentials?.('ghcr.io', 'acme/llama');
    expect(found).toMatchObject({ credentials: { username: 'ada' }, origin: file });
  });
});

test.each<[PushWords, Environment, string]>([
  [{ stateFile: '~/s.json' }, {}, '--state-file'],
  [{}, { STATE_FILE: '~/s.json' }, 'STATE_FILE'],
  [{ authfile: '~/s.json' }, {}, '--authfile'],
])('%o with %o: a ~ that no shell expanded makes no folder of that name', (given, env, from) => {
  expect(() => options(given, env)).toThrow(
    expect.objectContaining({
      message: `the shell did not expand the ~ in ${from}`,
      hint: 'Write $HOME/s.json, or the full path.',
    }),
  );
});

/** For each flag that is an option of a push: a value, and where it shows. */
type Shown = (made: PushOptions) => unknown;
const EFFECTS = {
  hfRepo: ['a/b', ({ model }) => model, 'a/b'],
  hfRevision: ['v2', ({ revision }) => revision, 'v2'],
  hfEndpoint: ['https://mirror.example/hf', ({ hub }) => hub?.endpoint, 'https://mirror.example/hf'],
  allowPatterns: ['.json, *.md\n.txt', ({ allowPatterns }) => allowPatterns, ['.json', '*.md', '.txt']],
  ignorePatterns: ['a b', ({ ignorePatterns }) => ignorePatterns, ['a', 'b']],
  pickles: ['keep', ({ pickles }) => pickles, 'keep'],
  registry: [
    'quay.io',
    ({ target }) => target,
    expect.objectContaining({ registry: { scheme: 'https', host: 'quay.io' } }),
  ],
  targetRepo: ['x/y', ({ target }) => target, expect.objectContaining({ repository: 'x/y' })],
  targetTag: ['t2', ({ tag }) => tag, 't2'],
  alsoTag: ['latest,v1', ({ alsoTags }) => alsoTags, ['latest', 'v1']],
  moveTag: ['on', ({ moveTag }) => moveTag, true],
  layerPrefix: ['m/', ({ layerPrefix }) => layerPrefix, 'm/'],
  source: ['cache', ({ hub }) => hub?.cache, expect.stringMatching(/hub$/)],
  tarLayout: ['reference', ({ tarLayout }) => tarLayout, 'reference'],
  workers: ['8', ({ workers }) => workers, 8],
  chunkMib: ['4', ({ registry }) => registry?.chunkSize, 4 * 2 ** 20],
  stateFile: ['/s.json', ({ stateFile }) => stateFile, '/s.json'],
  force: ['yes', ({ force }) => force, true],
  failFast: ['off', ({ continueOnError }) => continueOnError, true],
  limitRate: ['1.5 Mi', ({ limitRate }) => limitRate, 1_572_864],
  hfConnections: ['64', ({ hub }) => hub?.connections, 64],
  hfMaxRetries: ['0', ({ hub }) => hub?.retries, 0],
  ociMaxRetries: ['100', ({ registry }) => registry?.retries, 100],
} satisfies Partial<Record<FlagName, [text: string, shown: Shown, value: unknown]>>;

/** What they need beside them. */
const REST = { HF_REPO: 'o/m', REGISTRY: 'ghcr.io', TARGET_REPO: 'o/m' };

describe.each(Object.entries<[string, Shown, unknown]>(EFFECTS))('%s', (name, [text, shown, value]) => {
  const flag = Object.entries(PUSH_FLAGS).find(([each]) => each === name)?.[1];
  const variable = flag?.env?.[0] ?? '';

  test('does the same as its variable', () => {
    expect(shown(push({}, { ...REST, [variable]: text }))).toEqual(value);
    if (!flag?.flag.includes(' <')) return;
    const word = flag.list ? text.split(/[\s,]+/) : text;
    expect(shown(push({ [name]: word }, REST))).toEqual(value);
  });

  test('counts as not given when its variable is empty or blank', () => {
    const without = shown(push({}, { ...REST, ALSO_TAGS: undefined }));
    if (variable in REST) return;
    expect(shown(push({}, { ...REST, [variable]: ' ' }))).toEqual(without);
  });
});

describe('flags before variables', () => {
  test.each<[PushWords, Environment, Shown, unknown]>([
    [{ workers: '2' }, { WORKERS: '4' }, ({ workers }) => workers, 2],
    [{ workers: '' }, { WORKERS: '4' }, ({ workers }) => workers, 4],
    [{ targetTag: '' }, {}, ({ tag }) => tag, undefined],
    [{ registry: '', targetRepo: '', hfRepo: '' }, {}, ({ model }) => model, 'acme/llama'],
    [{ layerPrefix: '' }, { LAYER_PATH_PREFIX: 'm/' }, ({ layerPrefix }) => layerPrefix, ''],
    [{ continueOnError: true }, { FAIL_FAST: '1' }, ({ continueOnError }) => continueOnError, true],
    [{ failFast: true }, { FAIL_FAST: '0' }, ({ continueOnError }) => continueOnError, false],
    [{ alsoTag: ['x'] }, { ALSO_TAGS: 'y' }, ({ alsoTags }) => alsoTags, ['x']],
    [{ tarLayout: 'standard' }, { TAR_LAYOUT: 'nonsense' }, ({ tarLayout }) => tarLayout, 'standard'],
  ])('%o over %o', (given, env, shown, value) => {
    expect(shown(options(given, env))).toEqual(value);
  });
});

describe('a rate', () => {
  test.each([
    ['1024', 1_024],
    ['500k', 500_000],
    ['500KB/s', 500_000],
    ['50M', 50_000_000],
    ['2.5G', 2_500_000_000],
    ['50Mi', 52_428_800],
    ['1GiB/s', 1_073_741_824],
  ])('of %s is %i bytes a second', (limitRate, expected) => {
    expect(options({ limitRate }, {}).limitRate).toBe(expected);
  });
});

describe('a value that makes no sense', () => {
  test.each<[PushWords, Environment, RegExp]>([
    [{ workers: '0' }, {}, /^invalid --workers: 0 \(expected /],
    [{ workers: '9' }, {}, /^invalid --workers: 9 \(expected /],
    [{ workers: '1.5' }, {}, /^invalid --workers: 1\.5 \(expected 1 to 8\)$/],
    [{}, { WORKERS: 'two' }, /^invalid WORKERS: two \(expected /],
    [{ chunkMib: '0' }, {}, /^invalid --chunk-mib: 0 \(expected /],
    [{}, { CHUNK_MIB: '1025' }, /^invalid CHUNK_MIB: 1025 \(expected /],
    [{ chunkMib: '-1' }, {}, /^invalid --chunk-mib: -1 \(/],
    [{ hfConnections: '0' }, {}, /^invalid --hf-connections: 0 \(expected /],
    [{}, { HF_CONNECTIONS: '65' }, /^invalid HF_CONNECTIONS: 65 \(expected /],
    [{ limitRate: '0' }, {}, /^invalid --limit-rate: 0 \(expected /],
    [{ limitRate: '1023' }, {}, /^invalid --limit-rate: 1023 \(expected /],
    [{ limitRate: 'fast' }, {}, /^invalid --limit-rate: fast \(expected /],
    [{}, { LIMIT_RATE: '5 MM' }, /^invalid LIMIT_RATE: 5 MM \(expected /],
    [{ hfMaxRetries: '101' }, {}, /^invalid --hf-max-retries: 101 \(expected /],
    [{ ociMaxRetries: 'x' }, {}, /^invalid --oci-max-retries: x \(expected /],
    [{ tarLayout: 'pax' }, {}, /^invalid --tar-layout: pax \(expected /],
    [{}, { TAR_LAYOUT: 'pax' }, /^invalid TAR_LAYOUT: pax \(expected /],
    [{}, { FORCE: 'perhaps' }, /^invalid FORCE: perhaps \(expected /],
  ])('%o with %o is refused, and says what there is', (bad, env, message) => {
    expect(() => options(bad, env)).toThrow(message);
    expect(() => options(bad, env)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }),
    );
  });

  test('is said before what is missing', () => {
    expect(() => push({ workers: '0' })).toThrow(/--workers: 0/);
    expect(() => push({ model: 'a/b', failFast: true, continueOnError: true })).toThrow('contradict');
  });
});

describe('how much is shown', () => {
  const verbosity = (given: PushWords, env: Environment = {}) =>
    verbosityOf(readFlags(PUSH_FLAGS, given, env));

  test.each<[PushWords, Environment, string]>([
    [{}, {}, 'normal'],
    [{ verbose: true }, {}, 'verbose'],
    [{}, { LOG_QUIET: '1' }, 'quiet'],
    [{ quiet: true }, { LOG_VERBOSE: '1' }, 'quiet'],
    [{ verbose: true }, { LOG_QUIET: '1' }, 'verbose'],
  ])('%o with %o is %s', (given, env, expected) => {
    expect(verbosity(given, env)).toBe(expected);
  });

  test.each<[PushWords, Environment]>([
    [{ verbose: true, quiet: true }, {}],
    [{}, { LOG_VERBOSE: '1', LOG_QUIET: '1' }],
  ])('%o with %o is a contradiction', (given, env) => {
    expect(() => verbosity(given, env)).toThrow('contradict');
  });
});

test('every flag has a group and says what it is about, and no two share a name or a variable', () => {
  const flags = Object.values(PUSH_FLAGS);
  for (const { about, group } of flags) expect([about, group]).not.toContain('');
  for (const names of [flags.map(longName), flags.flatMap(({ env = [] }) => env)])
    expect(new Set(names).size).toBe(names.length);
});

describe('the token of the Hub', () => {
  test.each([
    ['HF_TOKEN before all', { HF_TOKEN: ' hf_a\n', HUGGING_FACE_HUB_TOKEN: 'hf_b' }, 'hf_c', 'hf_a'],
    ['its old name next', { HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: 'hf_b' }, 'hf_c', 'hf_b'],
    ['then the file', {}, 'hf_c\n', 'hf_c'],
    ['none of them', {}, undefined, undefined],
    [
      'none when the implicit token is disabled',
      { HF_TOKEN: 'hf_a', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
      'hf_c',
      undefined,
    ],
    ['one of another Hub, whatever it looks like', { HF_TOKEN: 'AKCp8:x.y-z' }, undefined, 'AKCp8:x.y-z'],
  ])('%s', (_, env, file, token) => {
    expect(options({}, env, file).hub?.token).toBe(token);
  });

  test('a variable that the pipeline did not replace is refused by its name', () => {
    expect(() => options({}, { HF_TOKEN: '$(HF_TOKEN)' })).toThrow('HF_TOKEN is $(HF_TOKEN): the pipeline');
  });

  test.each([
    ['HF_TOKEN', { HF_TOKEN: 'hf_a' }, { tokenOrigin: 'HF_TOKEN' }],
    ['HUGGING_FACE_HUB_TOKEN', { HUGGING_FACE_HUB_TOKEN: 'hf_b' }, { tokenOrigin: 'HUGGING_FACE_HUB_TOKEN' }],
    ['the file, which is optional', {}, { tokenOrigin: '~/token', tokenIsOptional: true }],
  ])('the push knows that it comes from %s', (_, env, origin) => {
    const { tokenOrigin, tokenIsOptional } = options({}, env, 'hf_c').hub ?? {};
    expect({ tokenOrigin, ...(tokenIsOptional && { tokenIsOptional }) }).toEqual(origin);
  });

  test.each([
    ['hf_new\n', 'hf_new'],
    ['two words', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('a file that was replaced with %j gives %j', async (content, token) => {
    const { readToken } = options({}, {}, 'hf_old', async () => content).hub ?? {};
    expect(await readToken?.()).toBe(token);
  });

  test('a variable is not read again: no other process can change it', () => {
    expect(options({}, { HF_TOKEN: 'hf_a' }, 'hf_b').hub?.readToken).toBeUndefined();
  });

  test('an error about its characters names where it comes from', () => {
    expect(() => options({}, {}, 'a b')).toThrow('the Hub token from ~/token contains characters');
    expect(() => options({}, { HF_TOKEN: 'a b' })).toThrow('the Hub token from HF_TOKEN contains');
  });

  test('a token with a line break in it is refused without repeating it', () => {
    expect(() => options({}, { HF_TOKEN: 'hf_secret\nX: y' })).toThrow(/^(?!.*secret).*characters/);
  });
});

describe.each([
  'https://ada:PASSWORD@hub.test/acme/llama',
  'https://PASSWORD@hub.test/acme/llama',
  'https://ada:se/PASSWORD@hub.test',
  'https://ada:80/PASSWORD@hub.test',
  'https:/ada:PASSWORD@hub.test',
  'https:ada:PASSWORD@hub.test',
  'https:\\\\ada:PASSWORD@hub.test',
  'ada:PASSWORD@hub.test:5000/acme/llama',
  'oci:https://ada:PASSWORD@hub.test/x',
])('the password in %s', (shape) => {
  const url = shape.replace('PASSWORD', secret('password'));

  test.each<[name: FlagName | 'model' | 'reference', given: PushWords]>([
    ['model', { model: url }],
    ['reference', { reference: url }],
    ['registry', { reference: undefined, registry: url, targetRepo: 'acme/llama' }],
    ['targetRepo', { reference: undefined, registry: 'r.test', targetRepo: url }],
    ['hfRepo', { model: undefined, hfRepo: url }],
    ['hfRevision', { hfRevision: url }],
    ['hfEndpoint', { hfEndpoint: url }],
    ['targetTag', { targetTag: url }],
    ['alsoTag', { alsoTag: [url] }],
    ['layerPrefix', { layerPrefix: url }],
    ['workers', { workers: url }],
    ['limitRate', { limitRate: url }],
    ['tarLayout', { tarLayout: url }],
  ])('is not repeated where it is given as %s', async (_, given) => {
    const planned = Promise.resolve().then(() => planPush(options(given)));
    const error = await failureOf(planned);
    expect(error.code).toBe('USAGE');
    expect(error.message).not.toContain(secret('password'));
  });
});

test.each(['HF_HUB_ETAG_TIMEOUT', 'INSECURE', 'WORKERS'])('a password in %s is not repeated', (name) => {
  const env = { [name]: `https://ada:${secret('password')}@hub.test` };
  expect(() => options({}, env)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(secret('password')) }),
  );
});
