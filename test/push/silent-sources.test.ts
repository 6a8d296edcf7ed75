import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../src/core/bytes.ts';
import { ModelcarError } from '../../src/core/error.ts';
import type { PersonalityName } from '../fakes/registry/personalities.ts';
import { failing, watched } from '../support/byte-sources.ts';
import { memoryJournal } from '../support/memory-journal.ts';
import { BYTES, FILE, layerOf, REPOSITORY, type Scenario, scenario } from '../support/push-scenario.ts';

const layer = await layerOf(FILE, BYTES);
const HALF = 500_000;
/** The header of the layer goes before the file. */
const SENT = HALF + 512;

const layerSent = ({ layerPatches }: Scenario) =>
  layerPatches().reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);

/** Brings its first half, and the rest once the registry has answered a request: by then nothing waits for it. */
function halting({ layerPatches }: Scenario): ByteSource {
  const answered = () => layerPatches().some(({ status }) => status !== 0);
  return {
    size: BYTES.length,
    async *open({ start = 0, signal } = {}) {
      if (start < HALF) yield BYTES.subarray(start, HALF);
      while (!answered()) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
      yield BYTES.subarray(Math.max(start, HALF));
    },
  };
}

/** A push whose source falls silent in the middle for longer than a request waits. */
async function pushedFromSilence(personality: PersonalityName): Promise<Scenario> {
  const told = await scenario({ personality, silenceMs: 20 });
  told.model.replace(FILE, halting(told));
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  return told;
}

describe('a source that falls silent ends the request in good order, before a proxy does', () => {
  test.each<PersonalityName>(['dist28', 'dist3', 'olareg', 'zot', 'quay'])(
    'so that %s takes the rest in the same session, and no byte twice',
    async (personality) => {
      const told = await pushedFromSilence(personality);
      expect(told.layerPatches().map(({ status, bytesReceived }) => [status, bytesReceived])).toEqual([
        [202, SENT],
        [202, layer.bytes.length - SENT],
      ]);
      expect(new Set(told.layerPatches().map(({ reference }) => reference)).size).toBe(1);
    },
  );

  test('and forgejo, which streams once in a session, gets the rest in chunks, and no byte twice', async () => {
    const told = await pushedFromSilence('forgejo');
    const taken = told.layerPatches().filter(({ status }) => status === 202);
    expect(taken.map(({ contentRange, bytesReceived }) => [contentRange, bytesReceived])).toEqual([
      [undefined, SENT],
      [`${SENT}-${layer.bytes.length - 1}`, layer.bytes.length - SENT],
    ]);
    expect(told.requests('upload-post')).toHaveLength(2); // the layer's, and the config's
  });
});

test('a source that dies in mid-layer leaves the upload open, and the next run sends the rest: distribution 2.8', async () => {
  const told = await scenario({ personality: 'dist28' });
  const journal = memoryJournal();
  const down = new ModelcarError('UNAVAILABLE', 'cannot read model.safetensors: the Hub is down');
  told.model.replace(FILE, failing(watched(BYTES, 16 * 1024), HALF, down));
  await expect(told.push({ journal })).rejects.toBe(down);
  const [first] = told.layerPatches();
  expect([told.tags, told.registry.openSessions, first?.status]).toEqual([{}, 1, 202]);

  told.model.replace(FILE, watched(BYTES, 16 * 1024));
  const { manifestDigest } = await told.push({ journal });
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  expect(layerSent(told)).toBe(layer.bytes.length);
});
