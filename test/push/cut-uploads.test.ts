import { describe, expect, test } from 'vitest';
import type { Fault } from '../fakes/registry/faults.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import {
  BYTES,
  FILE,
  layerOf,
  REPOSITORY,
  type ScenarioOptions,
  scenario,
} from '../support/push-scenario.ts';

const layer = await layerOf(FILE, BYTES);
const CUT_AT = 600_000;
const cut: Fault = { on: 'PATCH', cutAfter: CUT_AT };

/** The push succeeds whatever happens on the way, and the registry has exactly the layer. */
async function pushed(options: ScenarioOptions) {
  const told = await scenario(options);
  const { manifestDigest } = await told.push();
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.model.readers()).toBe(0);
  return told;
}

const layerSent = ({ layerPatches }: Awaited<ReturnType<typeof scenario>>) =>
  layerPatches().reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);

describe('a body that is cut', () => {
  test.each(['fin', 'rst'] as const)(
    'with %s loses the session of distribution 2.8: the whole layer goes again',
    async (cutWith) => {
      const told = await pushed({ personality: 'dist28', faults: [{ ...cut, cutWith }] });
      expect(told.model.opened(FILE)).toEqual([0, 0]);
      expect(told.layerPatches().map(({ reference }) => reference)).toHaveLength(2);
      expect(told.events).toContainEqual(
        expect.objectContaining({
          type: 'layer-retrying',
          side: 'target',
          path: FILE,
          reason: expect.stringContaining('lost the upload session'),
          offset: 0,
        }),
      );
    },
  );

  test.each<PersonalityName>(['dist3', 'olareg'])('goes on at the byte that %s has', async (personality) => {
    const told = await pushed({ personality, faults: [cut] });
    expect(layerSent(told)).toBe(layer.bytes.length);
    const [first, second] = told.layerPatches();
    expect(second?.reference).toBe(first?.reference); // the session stayed the same
  });

  test.each<PersonalityName>(['dist3', 'olareg'])(
    'three times goes on three times with %s',
    async (personality) => {
      const faults = [100_000, 200_000, 300_000].map((cutAfter, at) => ({ ...cut, cutAfter, nth: at + 1 }));
      const told = await pushed({ personality, faults });
      expect(layerSent(told)).toBe(layer.bytes.length);
      expect(told.layerPatches()).toHaveLength(4);
    },
  );

  test('before its first byte costs nothing, also with distribution 2.8', async () => {
    const told = await pushed({ personality: 'dist28', faults: [{ ...cut, cutAfter: 0 }] });
    expect(layerSent(told)).toBe(layer.bytes.length);
  });

  test.each<PersonalityName>(['zot', 'quay', 'forgejo', 'gar', 'acr', 'pulp', 'harbor'])(
    'begins anew with %s',
    async (personality) => {
      const told = await pushed({ personality, faults: [cut] });
      expect(layerSent(told)).toBe(layer.bytes.length + CUT_AT);
    },
  );

  test('is not taken for whole while the registry is still writing it down', async () => {
    await pushed({ personality: 'dist3', faults: [{ ...cut, settlesAfter: 2 }] });
  });

  test('in the fourth chunk sends the rest of that chunk, where the registry keeps bytes', async () => {
    const faults: Fault[] = [{ on: 'PATCH', nth: 4, cutAfter: 50_000 }];
    const told = await pushed({ personality: 'olareg', framing: 128 * 1024, faults });
    expect(layerSent(told)).toBe(layer.bytes.length);
    const starts = told.layerPatches().map(({ contentRange }) => Number(contentRange?.split('-')[0]));
    expect(starts.slice(3, 5)).toEqual([393_216, 443_216]);
  });

  test('in a chunk sends that chunk again, where the registry keeps whole chunks', async () => {
    const size = 6 * 2 ** 20;
    const bytes = Buffer.alloc(3 * size, 7);
    const faults: Fault[] = [{ on: 'PATCH', nth: 2, cutAfter: 50_000 }];
    const told = await scenario({ personality: 'r2', framing: size, faults, files: { [FILE]: bytes } });
    await told.push();
    const ranges = told.layerPatches().map(({ contentRange }) => contentRange);
    expect(ranges.slice(1, 3)).toEqual([`${size}-${2 * size - 1}`, `${size}-${2 * size - 1}`]);
  });
});

describe('a lost answer', () => {
  const lost: Fault = { on: 'PATCH', dropsAnswer: true };

  test.each<PersonalityName>(['dist3', 'olareg', 'quay', 'pulp', 'zot'])(
    'to a whole body is asked for, not sent again: %s',
    async (personality) => {
      const told = await pushed({ personality, faults: [lost] });
      expect(layerSent(told)).toBe(layer.bytes.length);
      expect(told.model.opened(FILE)).toEqual([0]);
    },
  );

  test('to a whole body loses the session of distribution 2.8', async () => {
    const told = await pushed({ personality: 'dist28', faults: [lost] });
    expect(layerSent(told)).toBe(2 * layer.bytes.length);
  });

  test.each<PersonalityName>(['dist3', 'olareg', 'zot'])(
    'to a chunk sends no byte twice: %s',
    async (personality) => {
      const told = await pushed({ personality, framing: 256 * 1024, faults: [{ ...lost, nth: 2 }] });
      expect(layerSent(told)).toBe(layer.bytes.length);
    },
  );

  test('to a POST opens another session', async () => {
    await pushed({ personality: 'dist28', faults: [{ on: 'POST', dropsAnswer: true }] });
  });
});

describe('a session', () => {
  test.each<PersonalityName>(['dist28', 'dist3', 'olareg', 'zot'])(
    'that %s forgets between two chunks is opened anew',
    async (personality) => {
      const faults: Fault[] = [{ on: 'PATCH', nth: 3, losesSession: true }];
      const told = await pushed({ personality, framing: 256 * 1024, faults });
      expect(told.requests('upload-post')).toHaveLength(3); // two for the layer, one for the config
    },
  );

  test('that is gone at the commit is opened anew when the blob is not there either', async () => {
    const told = await pushed({ personality: 'dist28', faults: [{ on: 'PUT', losesSession: true }] });
    expect(layerSent(told)).toBe(2 * layer.bytes.length);
  });

  test('of a registry that restarts without its secret is opened anew', async () => {
    const told = await scenario({ personality: 'dist28', framing: 256 * 1024 });
    let chunks = 0;
    told.registry.addFault({
      on: 'PATCH',
      where() {
        chunks += 1;
        if (chunks === 3) told.registry.changeSecret();
        return false;
      },
    });
    await told.push();
    expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  });
});

describe('what the registry says that it took', () => {
  test.each<PersonalityName>(['dist28', 'dist3', 'olareg'])(
    'less than was sent is believed: %s',
    async (personality) => {
      const told = await pushed({ personality, faults: [{ on: 'PATCH', storesOnly: 700_001 }] });
      expect(told.layerPatches().map(({ bytesReceived }) => bytesReceived)).toEqual([
        layer.bytes.length,
        layer.bytes.length - 700_001,
      ]);
    },
  );

  test.each(['none', 'exclusive', 'bytes-exclusive', 'first-chunk', 'last-chunk'] as const)(
    'is read in the form %s, in chunks',
    async (range) => {
      const faults: Fault[] = [{ on: ['PATCH'], times: Number.POSITIVE_INFINITY, range }];
      const told = await pushed({ personality: 'dist3', framing: 256 * 1024, faults });
      expect(layerSent(told)).toBe(layer.bytes.length);
    },
  );

  test.each(['relative', 'absolute', 'no-scheme', 'extra-query'] as const)(
    'and where, as %s',
    async (location) => {
      const faults: Fault[] = [{ on: ['POST', 'PATCH'], times: Number.POSITIVE_INFINITY, location }];
      await pushed({ personality: 'dist28', faults });
    },
  );
});
