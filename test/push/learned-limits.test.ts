import { describe, expect, test } from 'vitest';
import type { Fault } from '../fakes/registry/faults.ts';
import { someBytes } from '../support/byte-sources.ts';
import { BYTES, FILE, layerOf, REPOSITORY, scenario } from '../support/push-scenario.ts';

const MIB = 2 ** 20;
const ALWAYS = Number.POSITIVE_INFINITY;
const FILES = {
  'a.safetensors': someBytes(3 * MIB, 1),
  'b.safetensors': someBytes(3 * MIB, 2),
  'c.safetensors': someBytes(3 * MIB, 3),
};

describe('what one layer ran into', () => {
  test('the next ones do not: a limit on bodies costs one search', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, bodyLimit: MIB }];
    const told = await scenario({ personality: 'dist28', faults, files: FILES });
    await told.push();
    const refused = told.requests('upload-patch').filter(({ status }) => status === 413);
    expect(refused.length).toBeLessThanOrEqual(8);
    expect(new Set(refused.map(({ reference }) => reference)).size).toBe(refused.length);
    const first = told.layerPatches().filter(({ status }) => status === 202);
    expect(first.length).toBe(12);
  });

  test('nor do those at once: what is learned is shared', async () => {
    const faults: Fault[] = [{ on: 'PATCH', times: ALWAYS, bodyLimit: MIB }];
    const told = await scenario({ personality: 'dist3', faults, files: FILES, workers: 3 });
    const { cost } = await told.push();
    const refused = told.requests('upload-patch').filter(({ status }) => status === 413);
    expect(refused.length).toBeLessThanOrEqual(12);
    expect(cost.resent).toBeLessThan(10 * MIB);
  });
});

describe('a registry that does not take', () => {
  test('ranges gets a stream, also where chunks were asked for: gar', async () => {
    const told = await scenario({ personality: 'gar', framing: MIB, files: FILES });
    await told.push();
    const ranged = told.layerPatches().filter(({ contentRange }) => contentRange !== undefined);
    expect(ranged.length).toBeLessThanOrEqual(1);
    for (const [path, bytes] of Object.entries(FILES)) {
      const layer = await layerOf(path, bytes);
      expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
    }
  });

  test('PATCH at all gets the blob whole, in the PUT, and its source is read twice', async () => {
    const faults: Fault[] = [{ on: 'upload-patch', times: ALWAYS, answer: { status: 405 } }];
    const told = await scenario({ personality: 'dist3', faults, files: FILES });
    const { manifestDigest, cost } = await told.push();
    expect(told.tags).toEqual({ v1: manifestDigest });
    // The first was tried; the others are not.
    expect(told.requests('upload-patch').length).toBe(1);
    expect(cost.resent).toBeLessThanOrEqual(3 * MIB + 2_048);
    for (const path of Object.keys(FILES)) expect(told.model.opened(path)).toContain(0);
  });

  test('bodies of no stated length gets chunks with one, in the same session', async () => {
    const faults: Fault[] = [{ on: 'upload-patch', times: 1, answer: { status: 411 } }];
    const told = await scenario({ personality: 'dist3', faults });
    await told.push();
    const sessions = new Set(told.layerPatches().map(({ reference }) => reference));
    expect(sessions.size).toBe(1);
    expect(told.layerPatches().at(-1)).toMatchObject({
      contentRange: expect.stringMatching(/^0-/),
      status: 202,
    });
  });
});

test('a body that is sent elsewhere goes there from its beginning', async () => {
  const told = await scenario({ personality: 'dist3', faults: [{ on: 'upload-patch', redirectsWith: 307 }] });
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
  const layer = await layerOf(FILE, BYTES);
  expect(told.registry.readBlob(REPOSITORY, layer.digest)?.equals(layer.bytes)).toBe(true);
});
