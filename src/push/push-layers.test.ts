import { expect, test } from 'vitest';
import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { PushEvent } from '../core/event.ts';
import type { PlannedLayer } from '../core/layer-plan.ts';
import { SMALL_LAYER, smallAtOnce } from '../core/small-layer.ts';
import { pushLayers } from './push-layers.ts';

const layerOf = (path: string, size: number): PlannedLayer => ({
  path,
  size,
  sibling: { path, size: size - 1, oid: { algorithm: 'sha256', hex: '0'.repeat(64) } },
});
const layers = ['a', 'b', 'c'].map((path) => layerOf(path, SMALL_LAYER + 1));
const descriptor: Descriptor = { mediaType: 'x/y', digest: `sha256:${'0'.repeat(64)}`, size: 1024 };

/** Pushes the three layers, of which those named fail; says what was tried and what was told. */
async function run(failing: readonly string[], continueOnError: boolean, error: Error, signal?: AbortSignal) {
  const tried: string[] = [];
  const events: PushEvent[] = [];
  const work = pushLayers(
    { layers, workers: 1, continueOnError },
    { signal: signal ?? new AbortController().signal, onEvent: (event) => events.push(event) },
    async ({ path }) => {
      tried.push(path);
      if (failing.includes(path)) throw error;
      return descriptor;
    },
  );
  const outcome = await work.catch((failure: unknown) => failure);
  return { tried, events, outcome };
}

const unavailable = new ModelcarError('UNAVAILABLE', 'gone for now', { hint: 'Wait.' });

test('the first failure stops the others and is thrown as it is', async () => {
  expect(await run(['a'], false, unavailable)).toEqual({ tried: ['a'], events: [], outcome: unavailable });
});

test('with continueOnError the others are pushed, each failure is told, and the end is INCOMPLETE', async () => {
  const { tried, events, outcome } = await run(['a', 'c'], true, unavailable);
  expect(tried).toEqual(['a', 'b', 'c']);
  const failed = { type: 'layer-failed', code: 'UNAVAILABLE', message: 'gone for now' };
  expect(events).toEqual([
    { ...failed, path: 'a' },
    { ...failed, path: 'c' },
  ]);
  expect(outcome).toMatchObject({ code: 'INCOMPLETE', cause: unavailable });
  expect(outcome).toHaveProperty('message', expect.stringMatching(/^2 of 3 layers failed.*a: gone for now$/));
});

test('with continueOnError and no failure the descriptors come in the order of the layers', async () => {
  expect((await run([], true, unavailable)).outcome).toEqual([descriptor, descriptor, descriptor]);
});

test('a bug of ours is never a failed layer', async () => {
  const bug = new TypeError('oops');
  expect(await run(['a'], true, bug)).toEqual({ tried: ['a'], events: [], outcome: bug });
});

test('a push that was stopped is not an incomplete one', async () => {
  const reason = new ModelcarError('CANCELLED', 'stopped');
  const { tried, outcome } = await run([], true, unavailable, AbortSignal.abort(reason));
  expect([tried, outcome]).toEqual([[], reason]);
});

test('a worker pushes one large layer, or several small ones, at once', async () => {
  const sizes = [...Array(20).fill(SMALL_LAYER), SMALL_LAYER + 1, SMALL_LAYER, SMALL_LAYER + 1];
  const running = new Set<PlannedLayer>();
  const [beside, small] = [new Set<number>(), new Set<number>()];
  await pushLayers(
    { layers: sizes.map((size, at) => layerOf(String(at), size)), workers: 1, continueOnError: false },
    { signal: new AbortController().signal, onEvent: () => undefined },
    async (layer) => {
      running.add(layer);
      (layer.size > SMALL_LAYER ? beside : small).add(running.size);
      for (let turn = 0; turn < 9; turn += 1) await Promise.resolve();
      running.delete(layer);
      return descriptor;
    },
  );
  expect([[...beside], Math.max(...small)]).toEqual([[1], smallAtOnce(1)]);
});
