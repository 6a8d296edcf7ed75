import { expect, test } from 'vitest';
import type { ModelSource } from '../../src/core/ports.ts';
import { watched } from '../support/byte-sources.ts';
import type { MemoryModel } from '../support/memory-model.ts';
import { BYTES, FILE, layerOf, REPOSITORY, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';

const layer = await layerOf(FILE, BYTES);
const WRONG = Buffer.from(BYTES).fill(1, 500_000, 500_001);

/** A Hub that gives other bytes than it promised, the first `times` that it is asked for them. */
function lying(model: MemoryModel, times: number): ModelSource & { readonly asked: number } {
  let asked = 0;
  return {
    ...model,
    file(...args) {
      asked += 1;
      return asked <= times ? watched(WRONG) : model.file(...args);
    },
    get asked() {
      return asked;
    },
  };
}

test('a bit that was turned on the way is fetched once more, and the image is the right one', async () => {
  const told = await scenario({ personality: 'dist3' });
  const { manifestDigest, cost } = await told.push({ source: lying(told.model, 1) });
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
  expect(told.registry.openSessions).toBe(0);
  expect(told.events).toContainEqual(
    expect.objectContaining({ type: 'layer-retrying', side: 'hub', reason: expect.stringContaining('got') }),
  );
  expect(cost).toMatchObject({ retries: 1, reread: BYTES.length });
  // The piece with the last byte never went: nobody got a digest for it.
  expect(cost.resent).toBeGreaterThan(0);
  expect(cost.resent).toBeLessThan(layer.bytes.length);
});

test('a bit that is wrong twice ends the push, and nothing is tagged', async () => {
  const told = await scenario({ personality: 'dist3' });
  const source = lying(told.model, 9);
  expect((await failureOf(told.push({ source }))).code).toBe('CONTENT_MISMATCH');
  expect(source.asked).toBe(2);
  expect([told.tags, told.registry.openSessions]).toEqual([{}, 0]);
});
