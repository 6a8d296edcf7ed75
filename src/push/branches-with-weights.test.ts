import { describe, expect, test } from 'vitest';
import { deferred } from '../../test/support/deferred.ts';
import { ModelcarError } from '../core/error.ts';
import type { ResolvedModel } from '../core/model.ts';
import type { Branch, Clock, ModelSource } from '../core/ports.ts';
import { branchesWithWeights } from './branches-with-weights.ts';

const ID = { type: 'model', name: 'acme/exl2' } as const;
const commitOf = (at: number): string => `${at}`.padStart(40, '0');

function modelOf(commit: string, ...paths: readonly string[]): ResolvedModel {
  const oid = { algorithm: 'git-sha1', hex: commit } as const;
  return { id: ID, revision: 'main', commit, siblings: paths.map((path) => ({ path, size: 1, oid })) };
}

const HERE = modelOf(commitOf(0), 'README.md');
const branch = (at: number): Branch => ({ name: `b${at}`, commit: commitOf(at) });
const branches = (count: number): readonly Branch[] => Array.from({ length: count }, (_, at) => branch(at));

/** A clock whose time is over when the test says so. */
const clock = (over: Promise<void> = new Promise(() => undefined)): Clock => ({
  now: () => 0,
  date: () => 0,
  random: () => 0,
  async sleep(_, signal) {
    signal?.throwIfAborted();
    const aborted = new Promise<void>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
    await Promise.race([over, aborted]);
  },
});

interface Answers {
  readonly branches?: ModelSource['branches'];
  readonly resolve?: ModelSource['resolve'];
  readonly time?: Promise<void>;
  readonly signal?: AbortSignal;
}

function search({ branches: list, resolve, time, signal = new AbortController().signal }: Answers) {
  const unused = () => expect.fail('no file is read');
  const source: ModelSource = {
    resolve: async (_, commit) => modelOf(commit, 'README.md', 'model.safetensors'),
    file: unused,
    firstBytes: unused,
    ...(list && { branches: list }),
    ...(resolve && { resolve }),
  };
  return branchesWithWeights(HERE, { source, clock: clock(time), signal });
}

test('names the branches that have weights, in the order of the Hub, without the commit that has none', async () => {
  const found = await search({
    branches: async () => branches(5),
    resolve: async (_, commit) =>
      commit === commitOf(2) ? modelOf(commit, 'README.md') : modelOf(commit, 'model.safetensors'),
  });
  expect(found).toEqual(['b1', 'b3', 'b4']);
});

test('looks at 20 branches at most, and few at once', async () => {
  let [running, most, looked] = [0, 0, 0];
  const found = await search({
    branches: async () => branches(500),
    async resolve(_, commit) {
      looked += 1;
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return modelOf(commit, 'model.safetensors');
    },
  });
  expect([found.length, looked, most]).toEqual([20, 20, 4]);
});

describe('a failure only shortens the list', () => {
  const refused = async (): Promise<never> => {
    throw new ModelcarError('UNAVAILABLE', 'no such route');
  };

  test('a source without branches, or one that cannot list them', async () => {
    expect(await search({})).toEqual([]);
    expect(await search({ branches: refused })).toEqual([]);
  });

  test('a branch that cannot be listed', async () => {
    const found = await search({
      branches: async () => branches(3),
      resolve: async (_, commit) =>
        commit === commitOf(1) ? refused() : modelOf(commit, 'model.safetensors'),
    });
    expect(found).toEqual(['b2']);
  });

  test('a Hub that takes too long: what was found until then is named', async () => {
    const time = deferred();
    const found = await search({
      branches: async () => branches(3),
      resolve: (_, commit, signal) =>
        commit === commitOf(1)
          ? Promise.resolve(modelOf(commit, 'model.safetensors'))
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
              setImmediate(time.resolve);
            }),
      time: time.promise,
    });
    expect(found).toEqual(['b1']);
  });
});

test('a bug is not taken for a failure of the Hub', async () => {
  const bug = new TypeError('undefined is not a function');
  await expect(search({ branches: () => Promise.reject(bug) })).rejects.toBe(bug);
});

test('an aborted push ends with its reason', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const searching = search({
    signal: stop.signal,
    branches: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        stop.abort(reason);
      }),
  });
  await expect(searching).rejects.toBe(reason);
});
