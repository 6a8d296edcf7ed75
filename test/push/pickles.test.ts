import { describe, expect, test } from 'vitest';
import { bytes, type FakeHub, type FakeHubOptions, json, synthetic } from '../fakes/hub/fake-hub.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';

/** Pickles that no other weights replace, and files that only their first bytes tell from pickles. */
const NAME = 'acme/omni';
const lfs = { lfs: true };
const weights = {
  'config.json': json({ model_type: 'omni' }),
  'model.safetensors': synthetic({ size: 100_000 }),
};
/** How a zip begins, which is what torch writes. */
const PICKLE = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(5_000, 1)]);
/** How the model of CTranslate2 begins: a version, and the length of a name. */
const TABLE = Buffer.concat([
  Buffer.from([6, 0, 0, 0, 16, 0]),
  Buffer.from('TransformerSpec\0'),
  Buffer.alloc(9_000, 3),
]);

const side: FakeHubOptions = {
  repos: [{ id: NAME, files: { ...weights, 'spk_dict.pt': bytes(PICKLE, lfs) } }],
};

const storageRequests = (hub: FakeHub, file: string) =>
  hub.requests({ origin: 'cdn', file }).map(({ method, range, status }) => [method, range, status]);

describe('a pickle that is not a copy of other weights', () => {
  test.each(['push', 'plan'] as const)(
    'ends a %s before the first byte, and the error names it and both ways out',
    async (work) => {
      const world = await localPush(side);
      const error = await failureOf(world[work](NAME));
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('spk_dict.pt') });
      expect(error.hint).toContain('--pickles keep');
      expect(error.hint).toContain('--ignore-patterns');
      expect(world.hub.requests({ origin: 'cdn' })).toEqual([]);
      expect(world.registry.log).toEqual([]);
    },
  );

  test('is pushed when pickles are kept', async () => {
    const { push, plan, layers } = await localPush(side);
    const planned = await plan(NAME, { pickles: 'keep' });
    expect(planned.layers.map(({ sibling }) => sibling.path)).toContain('spk_dict.pt');
    await push(NAME, { pickles: 'keep' });
    expect(layers(NAME)).toHaveLength(3);
  });

  test('is left out when it is ignored', async () => {
    const { push, layers } = await localPush(side);
    await push(NAME, { ignorePatterns: ['spk_dict.pt'] });
    expect(layers(NAME)).toHaveLength(2);
  });
});

describe('a file whose name does not tell', () => {
  const world = (content: Buffer) => {
    const files = { 'config.json': json({}), 'model.safetensors': synthetic({ size: 9_000 }) };
    return localPush({ repos: [{ id: NAME, files: { ...files, 'lexicon.dat': bytes(content, lfs) } }] });
  };

  test('is pushed after one small request if its first bytes are not those of a pickle', async () => {
    const { hub, plan } = await world(TABLE);
    const planned = await plan(NAME);
    expect(planned.layers.map(({ sibling }) => sibling.path)).toContain('lexicon.dat');
    expect(storageRequests(hub, 'lexicon.dat')).toEqual([['GET', 'bytes=0-63', 206]]);
    expect(storageRequests(hub, 'model.safetensors')).toEqual([]);
  });

  test('ends the push like any pickle if its first bytes are those of one', async () => {
    const { hub, registry, push } = await world(PICKLE);
    const error = await failureOf(push(NAME));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('lexicon.dat') });
    expect(storageRequests(hub, 'lexicon.dat')).toEqual([['GET', 'bytes=0-63', 206]]);
    expect(registry.log).toEqual([]);
  });

  test('is not read if the user has decided', async () => {
    for (const decided of [
      { pickles: 'keep' },
      { ignorePatterns: ['*.dat'] },
      { allowPatterns: ['*'] },
    ] as const) {
      const { hub, plan } = await world(PICKLE);
      await plan(NAME, decided);
      expect(storageRequests(hub, 'lexicon.dat')).toEqual([]);
    }
  });
});
