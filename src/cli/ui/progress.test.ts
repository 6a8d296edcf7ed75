import { expect, test } from 'vitest';
import type { PushEvent } from '../../index.ts';
import { advance, bytesSent, NOTHING_YET, type Progress, tally } from './progress.ts';
import { bytesPerSecond, timeLeft } from './rate.ts';

const after = (...events: readonly (readonly [at: number, event: PushEvent])[]): Progress =>
  events.reduce((progress, [at, event]) => advance(progress, event, at), NOTHING_YET);

const started = { type: 'layer-started', path: 'a', size: 10_000 } as const;
const sent = (bytes: number) => ({ type: 'layer-progress', path: 'a', sent: bytes, size: 10_000 }) as const;
const done = { type: 'layer-done', path: 'a', size: 10_000, digest: 'sha256:0' } as const;

test('what was there counts for how far it is, and not for how fast it goes', () => {
  const progress = after([0, started], [2_000, { ...done, outcome: 'existed' }]);
  expect([bytesSent(progress), progress.moved]).toEqual([10_000, 0]);
  expect(tally(progress, 'existed')).toEqual({ layers: 1, bytes: 10_000 });
});

test('a registry that lost bytes makes the layer fall back, and the rate is never negative', () => {
  const progress = after([0, started], [1_000, sent(8_000)], [2_000, sent(3_000)], [3_000, sent(5_000)]);
  expect(bytesSent(progress)).toBe(5_000);
  const rates = [progress.samples, progress.running.get('a')?.samples ?? []].map((samples) =>
    bytesPerSecond(samples, 3_000),
  );
  expect(rates).toEqual([10_000 / 3, 2_000]);
});

test('the rate is that of the last seconds, and falls while nothing comes', () => {
  const events = Array.from({ length: 600 }, (_, n) => [n * 100, sent(n * (n < 300 ? 1 : 2))] as const);
  const { samples } = after(...events);
  expect(samples.length).toBeLessThan(30);
  expect(bytesPerSecond(samples, 59_900)).toBeCloseTo(20, 0);
  expect(bytesPerSecond(samples, 120_000)).toBeLessThan(2);
});

test('nothing is foretold before there is something to tell it from', () => {
  expect(bytesPerSecond([], 0)).toBeUndefined();
  expect(bytesPerSecond([{ at: 0, bytes: 0 }], 500)).toBeUndefined();
  expect([timeLeft(100, undefined), timeLeft(100, 0), timeLeft(100, 50)]).toEqual([
    undefined,
    undefined,
    2_000,
  ]);
});

test('a failed layer is not on its way any more, and its bytes are not there', () => {
  const failed = { type: 'layer-failed', path: 'a', code: 'REJECTED', message: 'no' } as const;
  const progress = after([0, started], [1_000, sent(5_000)], [2_000, failed]);
  expect([progress.running.size, bytesSent(progress), tally(progress, 'failed').layers]).toEqual([0, 0, 1]);
});

test('each retry counts', () => {
  const pause = { retry: 1, delayMs: 1_000, reason: '503' };
  const progress = after(
    [0, { type: 'request-retrying', side: 'hub', ...pause }],
    [0, started],
    [0, { type: 'layer-retrying', path: 'a', side: 'target', offset: 0, ...pause }],
  );
  expect(progress.retries).toBe(2);
});
