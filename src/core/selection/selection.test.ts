import { describe, expect, test } from 'vitest';
import type { ModelId, Sibling } from '../model.ts';
import { type Evidence, NO_EVIDENCE } from './evidence.ts';
import { evidenceNeeded, type Selection, type SelectionRequest, selectSiblings } from './selection.ts';

const oid = { algorithm: 'git-sha1', hex: '' } as const;
const siblings = (...paths: readonly string[]): readonly Sibling[] =>
  paths.map((path, at) => ({ path, size: 10 ** at, oid }));

function select(
  paths: readonly string[],
  patterns: Partial<SelectionRequest> = {},
  type: ModelId['type'] = 'model',
  evidence: Evidence = NO_EVIDENCE,
): Selection {
  const model = { id: { type, name: 'acme/m' }, siblings: siblings(...paths) };
  return selectSiblings(model, { allow: [], ignore: [], pickles: 'refuse', ...patterns }, evidence);
}

const kept = (...args: Parameters<typeof select>): readonly string[] =>
  select(...args).kept.map(({ path }) => path);

test('without patterns a dataset is kept whole', () => {
  expect(kept(['a.bin', '.gitattributes', 'b.png'], {}, 'dataset')).toHaveLength(3);
});

test('without patterns a push keeps all files that are not redundant or useless', () => {
  expect(kept(['model.safetensors', '.gitattributes', 'model.bin', 'a.npz'])).toEqual([
    'model.safetensors',
    'a.npz',
  ]);
});

describe('with patterns', () => {
  test('exactly what is allowed is kept, in all folders, pickles too', () => {
    expect(kept(['a.bin', 'b/c.bin', 'd.json'], { allow: ['*.bin'] })).toEqual(['a.bin', 'b/c.bin']);
  });

  test('an asterisk is everything', () => {
    const paths = ['.gitattributes', 'a.bin', 'b/c.png', 'model.safetensors', 'original/x'];
    expect(kept(paths, { allow: ['*'] })).toEqual(paths);
  });

  test('a bare suffix keeps the meaning that it had in the Python tool', () => {
    expect(kept(['a.json', 'b/c.json', 'ajson'], { allow: ['.json'] })).toEqual(['a.json', 'b/c.json']);
  });

  test('a folder with a slash is all that is below it', () => {
    expect(kept(['onnx/a', 'onnx/b/c', 'x'], { allow: ['onnx/'] })).toEqual(['onnx/a', 'onnx/b/c']);
  });

  test('what is to be ignored is never kept, of what is allowed or of the default', () => {
    expect(kept(['a.md', 'b.md', 'c.bin', 'd.json'], { ignore: ['a*', '*.bin'] })).toEqual([
      'b.md',
      'd.json',
    ]);
    expect(kept(['a.md', 'b.md'], { allow: ['*.md'], ignore: ['a*'] })).toEqual(['b.md']);
  });

  test('a pattern that matches no file is reported, to allow or to ignore', () => {
    const allow = ['*Q4_K_M*', '*.md', 'onnx/'];
    const { unmatched } = select(['a-q4_k_m.gguf', 'README.md'], { allow, ignore: ['*.png'] });
    expect(unmatched).toEqual(['*Q4_K_M*', 'onnx/', '*.png']);
  });

  test('what they leave out is said, the most bytes first', () => {
    const { leftOut } = select(['a.md', 'b.json', 'c.json'], { allow: ['*.json'], ignore: ['c*'] });
    expect(leftOut).toEqual([
      {
        code: 'ignored',
        reason: 'matched by the patterns to ignore',
        siblings: [expect.objectContaining({ path: 'c.json' })],
      },
      {
        code: 'not-allowed',
        reason: 'not matched by the patterns to allow',
        siblings: [expect.objectContaining({ path: 'a.md' })],
      },
    ]);
  });
});

describe('nothing kept is an error that shows what there is', () => {
  test('file by file', () => {
    expect(() => select(['a', 'b\n.json', 'c'], { allow: ['*.safetensors'] })).toThrow(
      /^the patterns leave none of the 3 files of acme\/m:\n {6}1 B {2}a\n {5}10 B {2}b\ufffd\.json\n {4}100 B {2}c$/,
    );
  });

  test('by kind, the largest first, when there are many', () => {
    const paths = [...'0123456789'].flatMap((name) => [`${name}.a`, `${name}.b`]);
    expect(() => select([...paths, 'x'], { allow: ['*.c'] })).toThrow(
      /none of the 21 files of acme\/m:\n.* 1 × without an extension\n.* 10 × \*\.b\n.* 10 × \*\.a$/,
    );
  });

  test('also when no pattern was given', () => {
    expect(() => select(['.gitattributes', 'a.png'])).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        message: expect.stringMatching(/^the default selection leaves none of the 2 files/),
        hint: expect.stringContaining("--allow-patterns '*'"),
      }),
    );
  });
});

test('an ignored file does not bring in its copy', () => {
  const paths = ['config.json', 'consolidated.safetensors', 'model.safetensors', 'pytorch_model.bin'];
  expect(kept(paths, { ignore: ['model.safetensors'] })).toEqual(['config.json']);
});

describe('pickles that are not a copy', () => {
  const PATHS = ['model.safetensors', 'spk_dict.pt', 'a.dat', 'b.dat', 'b.json'];
  const heads = new Map([
    ['a.dat', Buffer.from('PK\x03\x04')],
    ['b.dat', Buffer.from('mmap lm')],
  ]);
  const evidence = { ...NO_EVIDENCE, heads };

  test('end the push, and the error has both ways out', () => {
    expect(() => select(PATHS, {}, 'model', evidence)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message:
          'acme/m needs pickles, and loading a pickle can run code:\n    100 B  a.dat\n     10 B  spk_dict.pt',
        hint: "If you trust the publisher, add --pickles keep; otherwise leave these files out: --ignore-patterns 'spk_dict.pt,a.dat'",
      }),
    );
    expect(kept(PATHS, { pickles: 'keep' })).toEqual(PATHS);
    expect(kept(PATHS, { ignore: ['spk_dict.pt', 'a.dat'] }, 'model', evidence)).toEqual([
      'model.safetensors',
      'b.dat',
      'b.json',
    ]);
  });

  test('that are all the weights are not to be left out: an image without them is of no use', () => {
    for (const paths of [
      ['config.json', 'pytorch_model.bin'],
      ['config.json', 'README.md', 'pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'],
    ])
      expect(() => select(paths)).toThrow(
        expect.objectContaining({
          hint: 'If you trust the publisher, add --pickles keep; without these files the image would have no weights.',
        }),
      );
  });

  test('include files without first bytes, because they may be pickles', () => {
    expect(() => select(['model.safetensors', 'a.dat'])).toThrow(
      /\n {5}10 B {2}a\.dat {2}\(may be a pickle: the push did not read its first bytes\)$/,
    );
  });

  test('stay if the allow patterns match them', () => {
    expect(kept(PATHS, { allow: ['*.pt'] })).toEqual(['spk_dict.pt']);
  });
});

describe('the first bytes are needed', () => {
  const needed = (
    paths: readonly string[],
    patterns: Partial<SelectionRequest> = {},
    type: ModelId['type'] = 'model',
  ) =>
    evidenceNeeded(
      { id: { type, name: 'acme/m' }, siblings: siblings(...paths) },
      { allow: [], ignore: [], pickles: 'refuse', ...patterns },
    );
  const heads = (...args: Parameters<typeof needed>) => needed(...args).heads.map(({ path }) => path);
  const PATHS = ['model.safetensors', 'pytorch_model.bin', 'model.bin', '.x', 'a.bin', 'b.pt', 'c.json', 'd'];

  test('of ambiguous files that are pushed', () => {
    expect(heads(PATHS)).toEqual(['a.bin', 'd']);
    expect(heads(PATHS, { ignore: ['a*'] })).toEqual(['d']);
  });

  test('of no file if pickles are kept, with allow patterns, and in a dataset', () => {
    expect(heads(PATHS, { pickles: 'keep' })).toEqual([]);
    expect(heads(PATHS, { allow: ['*'] })).toEqual([]);
    expect(heads(PATHS, {}, 'dataset')).toEqual([]);
  });

  test('of 512 files at most; the others may be pickles', () => {
    const paths = Array.from({ length: 600 }, (_, at) => `data/${at}`);
    expect(heads(paths)).toHaveLength(512);
    const read = new Map(heads(paths).map((path) => [path, Buffer.alloc(64)]));
    expect(() => select(paths, {}, 'model', { ...NO_EVIDENCE, heads: read })).toThrow('needs pickles');
  });

  test('and so are small documents that say what is complete and what needs the Hub', () => {
    const paths = ['config.json', 'model.safetensors.index.json', 'pytorch_model.bin.index.json', 'x.json'];
    const documents = needed(['model-00001-of-00001.safetensors', ...paths]).documents;
    expect(documents.map(({ path }) => path)).toEqual(['model.safetensors.index.json', 'config.json']);
    const many = Array.from({ length: 100 }, (_, at) => `m${at}.safetensors.index.json`);
    // From the ninth on, the sizes are above the limit.
    expect(needed(many).documents).toHaveLength(8);
  });
});

describe('weights that are not complete', () => {
  const index = (...names: readonly string[]) => ({
    weight_map: Object.fromEntries(names.map((name) => [name, name])),
  });
  const reading = (path: string, document: unknown): Evidence => ({
    ...NO_EVIDENCE,
    documents: new Map([[path, document]]),
  });
  const INDEX = 'model.safetensors.index.json';
  const SHARD = 'model-00001-of-00003.safetensors';

  test.each([
    [
      [SHARD],
      '2 of 3 shards are missing: model-00002-of-00003.safetensors, model-00003-of-00003.safetensors',
    ],
    [['a-0-of-2.bin'], '1 of 2 shards is missing: a-1-of-2.bin'],
    [['x/m-00002-of-00002.gguf'], '1 of 2 shards is missing: x/m-00001-of-00002.gguf'],
    [['variables/variables.data-00000-of-00002'], 'variables/variables.data-00001-of-00002'],
    [['a-1-of-99.safetensors'], 'a-4-of-99.safetensors and 95 more'],
    [
      ['m.gguf.part1of2', 'm.gguf.part2of2'],
      'raw parts of a GGUF file cannot be loaded until they are joined',
    ],
  ])('%j: the push ends before the first byte', (paths, words) => {
    const attempt = () => select(paths, { pickles: 'keep' });
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(words) }),
    );
    expect(attempt).toThrow(/^the weights of acme\/m are not complete:\n/);
  });

  test('an index shows missing shards that the names do not imply', () => {
    const evidence = reading(INDEX, index('model-a.safetensors', 'model-b.safetensors'));
    expect(() => select(['model-a.safetensors', INDEX], {}, 'model', evidence)).toThrow(
      'names is missing: model-b.safetensors',
    );
  });

  test.each([
    [['output.safetensors'], ''],
    [['model.safetensors', 'spk.pt'], ' --pickles keep'],
  ])('an index that names nothing of what is there, beside %j, can be left out', (paths, pickles) => {
    const evidence = reading(
      INDEX,
      index('model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'),
    );
    expect(() => select([...paths, INDEX], {}, 'model', evidence)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`2 of 2 shards that ${INDEX} names are missing`),
        hint: expect.stringContaining(`--ignore-patterns '${INDEX}'${pickles}`),
      }),
    );
  });

  test.each([['README.md'], ['model-00003-of-00003.safetensors'], ['sub/model.safetensors']])(
    'an index that names nothing of what is there, beside %s, is not blamed',
    (path) => {
      const evidence = reading(INDEX, index('model-00001-of-00002.safetensors'));
      expect(() => select(['config.json', path, INDEX], {}, 'model', evidence)).toThrow(
        expect.objectContaining({ hint: expect.stringContaining("--allow-patterns '*'") }),
      );
    },
  );

  test('a complete index decides, whatever the names imply', () => {
    expect(kept([SHARD, INDEX], {}, 'model', reading(INDEX, index(SHARD)))).toEqual([SHARD, INDEX]);
  });

  test.each([[{ ignore: ['x'] }], [{ allow: ['*'] }], [{ allow: ['*.safetensors'] }]])(
    'with the patterns %j a warning says so',
    (patterns) => {
      expect(select([SHARD, 'config.json'], patterns).warnings).toEqual([
        { code: 'missing-shards', message: expect.stringContaining('2 of 3 shards are missing') },
      ]);
    },
  );

  test('a pattern that leaves out a shard causes a warning', () => {
    const paths = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', INDEX];
    const evidence = reading(INDEX, index(...paths.slice(0, 2)));
    expect(select(paths, { ignore: ['*-00002-*'] }, 'model', evidence).warnings).toEqual([
      {
        code: 'missing-shards',
        message: `1 of 2 shards that ${INDEX} names is missing: model-00002-of-00002.safetensors`,
      },
    ]);
    expect(select(paths, {}, 'model', evidence).warnings).toEqual([]);
  });

  test('patterns that leave two sets cause a warning', () => {
    const { warnings } = select(['model.safetensors', 'model-00001-of-00001.safetensors'], { allow: ['*'] });
    expect(warnings).toMatchObject([{ code: 'two-shard-sets' }]);
  });
});

test('an image without weights causes a warning, unless it is a dataset', () => {
  expect(select(['config.yaml', 'handler.py']).warnings).toEqual([
    { code: 'no-weights', message: 'the image of acme/m has no weights' },
  ]);
  expect(select(['README.md'], { allow: ['*'] }).warnings).toMatchObject([{ code: 'no-weights' }]);
  expect(select(['README.md', 'm-1-of-2.safetensors'], {}, 'dataset').warnings).toEqual([]);
});
