import { describe, expect, test } from 'vitest';
import { hexOf } from '../../test/support/byte-sources.ts';
import { capture } from '../../test/support/captures.ts';
import { type MemoryModel, memoryModel } from '../../test/support/memory-model.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { fromBytes } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import type { PushEvent } from '../core/event.ts';
import type { Sibling } from '../core/model.ts';
import type { EvidenceNeeded } from '../core/selection/evidence.ts';
import { type EvidenceWorld, gatherEvidence } from './gather-evidence.ts';

const NONE: EvidenceNeeded = { heads: [], documents: [] };
const ID = { type: 'model', name: 'acme/llama' } as const;
const INDEX = 'model.safetensors.index.json';

const siblingOf = ({ siblings }: MemoryModel, path: string): Sibling => {
  const found = siblings.find((sibling) => sibling.path === path);
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found;
};

async function gather(
  source: MemoryModel,
  needed: Partial<EvidenceNeeded>,
  world: Partial<EvidenceWorld> = {},
) {
  const events: PushEvent[] = [];
  const { signal } = new AbortController();
  const model = await source.resolve(ID, 'main', signal);
  const gathered = await gatherEvidence(
    model,
    { ...NONE, ...needed },
    { source, signal, onEvent: (event) => events.push(event), ...world },
  ).finally(() => capture('an event', events));
  return { ...gathered, events };
}

test('a head is the first 64 bytes of its file, or all of a shorter one', async () => {
  const source = memoryModel({ 'a.bin': Buffer.alloc(1000, 7), 'b.bin': Buffer.from('zip') });
  const { evidence, events } = await gather(source, { heads: source.siblings });
  expect([...evidence.heads].map(([path, bytes]) => [path, Buffer.from(bytes)])).toEqual([
    ['a.bin', Buffer.alloc(64, 7)],
    ['b.bin', Buffer.from('zip')],
  ]);
  expect([evidence.documents.size, events]).toEqual([0, []]);
});

test('a document is parsed, and one that is no JSON is absent', async () => {
  const source = memoryModel({
    [INDEX]: Buffer.from('{"weight_map":{"a":"model.safetensors"}}'),
    'config.json': Buffer.from('{'),
    'empty.json': Buffer.from(''),
  });
  const { evidence, warnings } = await gather(source, { documents: source.siblings });
  expect([...evidence.documents]).toEqual([[INDEX, { weight_map: { a: 'model.safetensors' } }]]);
  expect(warnings).toEqual([]);
});

test('nothing is read when nothing is needed', async () => {
  const source = memoryModel({ 'a.bin': Buffer.from('a') });
  await gather(source, {});
  expect(source.opened('a.bin')).toEqual([]);
});

describe('documents that are too large together', () => {
  const MIB = 2 ** 20;
  const source: MemoryModel = { ...memoryModel({}), file: (_, { size }) => fromBytes(Buffer.alloc(size)) };
  const documents = (...sizes: readonly number[]): readonly Sibling[] =>
    sizes.map((size, at) => ({
      path: `${at}.json`,
      size: size * MIB,
      oid: { algorithm: 'sha256', hex: size > 64 ? '0' : hexOf(Buffer.alloc(size * MIB)) },
    }));

  test('are not read, a warning names one of them, and those that fit are read', async () => {
    const sizes = [65, 20, 20, 30, 50, 4];
    const read: string[] = [];
    const watched: MemoryModel = {
      ...source,
      file(model, sibling) {
        read.push(sibling.path);
        return source.file(model, sibling);
      },
    };
    const { warnings } = await gather(watched, { documents: documents(...sizes) });
    expect(read).toEqual(['1.json', '2.json', '5.json']);
    expect(warnings).toEqual([
      {
        code: 'document-not-read',
        message: 'cannot check the model by its "0.json" and 2 more: too large to read (152.0 MB)',
      },
    ]);
  });
});

describe('a file that cannot be read', () => {
  const source = memoryModel({ 'x.bin': Buffer.from('x'), 'config.json': Buffer.from('{}') });
  const fail = async (): Promise<never> => {
    throw new ModelcarError('UNAVAILABLE', 'cannot read it at the Hub: 503', { hint: 'Run it again.' });
  };
  const failing: MemoryModel = {
    ...source,
    firstBytes: fail,
    file: () => ({ size: 2, open: () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }) }),
  };

  test('ends the push with an error that says which, and why it was read', async () => {
    const heads = [siblingOf(source, 'x.bin')];
    expect(await failureOf(gather(failing, { heads }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'cannot tell whether "x.bin" is a pickle: cannot read it at the Hub: 503',
      hint: 'Run it again.',
    });
    const documents = [siblingOf(source, 'config.json')];
    expect(await failureOf(gather(failing, { documents }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'cannot check the model by its "config.json": cannot read it at the Hub: 503',
    });
  });

  test('stops the reads of the others', async () => {
    let aborted = 0;
    const slow: MemoryModel = {
      ...source,
      firstBytes: (_, { path }, __, signal) =>
        path === 'x.bin'
          ? fail()
          : new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => {
                aborted += 1;
                reject(signal.reason);
              }),
            ),
    };
    const heads = [siblingOf(source, 'config.json'), siblingOf(source, 'x.bin')];
    expect((await failureOf(gather(slow, { heads }))).message).toContain('"x.bin"');
    expect(aborted).toBe(1);
  });
});

describe('a document with wrong bytes', () => {
  const wrong = fromBytes(Buffer.from('{ }'));
  const right = Buffer.from('{"a":1}'.slice(0, 3));

  /** Gives wrong bytes so many times. */
  function lying(times: number, origin?: MemoryModel['origin']): MemoryModel & { readonly reads: number } {
    const honest = memoryModel({ 'config.json': right });
    let reads = 0;
    return {
      ...honest,
      ...(origin && { origin }),
      file(...from) {
        reads += 1;
        return reads > times ? honest.file(...from) : wrong;
      },
      get reads() {
        return reads;
      },
    };
  }

  test('is fetched once more, and the user is told', async () => {
    const source = lying(1);
    const { events } = await gather(source, { documents: source.siblings });
    expect(events).toEqual([
      expect.objectContaining({ type: 'request-retrying', side: 'hub', retry: 1, delayMs: 0 }),
    ]);
  });

  test.each([
    ['twice', undefined, 2],
    ['and comes from a disk', { name: 'the cache', hint: 'h', secondRead: 'is the same' }, 1],
  ] as const)('%s is an error', async (_, origin, reads) => {
    const source = lying(9, origin);
    expect(await failureOf(gather(source, { documents: source.siblings }))).toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringContaining('expected sha256'),
    });
    expect(source.reads).toBe(reads);
  });
});

test('a source that can lack files names all of them later, so one that is missing is no error here', async () => {
  const source: MemoryModel = {
    ...memoryModel({ 'config.json': Buffer.from('{}') }),
    requireFiles: async () => undefined,
    file: () => ({
      size: 2,
      open() {
        throw new ModelcarError('NOT_FOUND', 'cannot read config.json from the cache: it was not downloaded');
      },
    }),
  };
  const { evidence } = await gather(source, { documents: source.siblings });
  expect(evidence.documents.size).toBe(0);
});

test('a file with a path that is unsafe is never asked for', async () => {
  const files = { '../x.json': Buffer.from('{}'), 'a/../x.bin': Buffer.from('x') };
  const source = memoryModel(files);
  const { evidence } = await gather(source, { documents: source.siblings, heads: source.siblings });
  expect([evidence.documents.size, evidence.heads.size]).toEqual([0, 0]);
  for (const path of Object.keys(files)) expect(source.opened(path)).toEqual([]);
});

test('an aborted push reads no further', async () => {
  const source = memoryModel({ 'x.bin': Buffer.from('x') });
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  await expect(gather(source, { heads: source.siblings }, { signal })).rejects.toBe(reason);
  expect(source.opened('x.bin')).toEqual([]);
});
