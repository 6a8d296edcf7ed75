import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { PushEvent } from '../../index.ts';
import { displayWidth } from './display-width.ts';
import { drawLive } from './live-view.ts';
import { advance, NOTHING_YET, type Progress } from './progress.ts';

const LONG = 'models/DeepSeek-V3/model-00001-of-000163.safetensors';

function pushing(...names: readonly string[]): Progress {
  const size = 5_000_000_000;
  const all = names.length * size;
  const events: [number, PushEvent][] = [
    [0, { type: 'model-resolved', model: 'a/b', revision: 'v1', commit: 'c', files: 12, size: all }],
    ...names.flatMap((path, index): [number, PushEvent][] => [
      [0, { type: 'layer-started', path, size }],
      [2_000, { type: 'layer-progress', path, sent: (index + 1) * 400_000_000, size }],
    ]),
  ];
  return events.reduce((progress, [at, event]) => advance(progress, event, at), NOTHING_YET);
}

const RESOLVED: NonNullable<Progress['model']> = {
  type: 'model-resolved',
  model: 'a/b',
  revision: 'v1',
  commit: 'c',
  files: 12,
  size: 10,
};

const draw = (progress: Progress, columns: number, { rows = 24, coloured = false, now = 2_000 } = {}) =>
  drawLive(progress, { columns, rows, coloured }, now);

describe('the live lines', () => {
  const progress = pushing(LONG, 'models/短い名前-モデル-00001.safetensors');

  test.each([120, 80, 40, 20])('of %d columns are as they were written down', async (columns) => {
    await expect(`${draw(progress, columns).join('\n')}\n`).toMatchFileSnapshot(`live-view-${columns}.txt`);
  });

  test.each([3, 8, 12, 20, 33, 47, 61, 79, 80, 99, 100, 120, 240])('fit into %d columns', (columns) => {
    for (const coloured of [true, false]) {
      for (const text of draw(pushing(LONG, '模型'.repeat(40), '👩‍🚀'.repeat(40)), columns, { coloured })) {
        expect(displayWidth(stripVTControlCharacters(text))).toBeLessThan(columns);
      }
    }
  });

  test('are fewer than the rows, and always have the total', () => {
    const names = Array.from({ length: 8 }, (_, n) => `models/${n}`);
    expect(draw(pushing(...names), 80)).toHaveLength(9);
    const small = draw(pushing(...names), 80, { rows: 6 });
    expect(small).toHaveLength(5);
    expect(small.at(-2)).toBe('and 5 more');
    expect(small.at(-1)).toContain('0 of 12 layers');
  });

  test('tell the shards of a model apart on a screen of 80 columns', () => {
    const shards = [1, 2].map((n) => `models/model-0000${n}-of-00002.safetensors`);
    expect(draw(pushing(...shards), 80).map((row) => row.slice(0, 12))).toEqual([
      'model-00001…',
      'model-00002…',
      '0 of 12 laye',
    ]);
  });

  test('have no colour where none is wanted', () => {
    expect(draw(progress, 80).join('')).not.toContain('\u001b');
    expect(draw(progress, 80, { coloured: true }).join('')).toContain('\u001b[32m');
  });

  test('fall back with the bytes that the registry lost', () => {
    const lost = { type: 'layer-progress', path: LONG, sent: 100_000_000, size: 5_000_000_000 } as const;
    expect(draw(advance(progress, lost, 3_000), 80)[0]).toContain(' 2% ');
  });

  test('say how long it waits for the next try, and that again until it goes on', () => {
    const retry = { offset: 1, retry: 3, delayMs: 12_000, reason: '503' };
    const retrying = { type: 'layer-retrying', path: LONG, side: 'hub', ...retry } as const;
    const waiting = advance(progress, retrying, 2_000);
    expect(draw(waiting, 80, { now: 7_000 })[0]).toMatch(/retry 3 +in 7s$/);
    expect(draw(waiting, 80, { now: 15_000 })[0]).not.toContain('retry');
  });

  const held = { type: 'requests-held', side: 'hub', delayMs: 173_000, reason: 'no requests left' } as const;
  const again = {
    type: 'request-retrying',
    side: 'target',
    retry: 1,
    delayMs: 12_000,
    reason: '503',
  } as const;

  test.each([
    ['before it is known what there is', NOTHING_YET, 1],
    ['below the others', progress, 4],
    ['while the image is published', { ...progress, model: { ...RESOLVED, files: 0 } }, 2],
  ])('count a wait of everything down, %s', (_, before, lines) => {
    const waiting = advance(before, held, 2_000);
    expect(draw(waiting, 80)).toHaveLength(lines);
    expect(draw(waiting, 80).at(-1)).toBe('waiting for the Hub: going on in 2m53s');
    expect(draw(waiting, 80, { now: 174_000 }).at(-1)).toBe('waiting for the Hub: going on in 1s');
    expect(draw(waiting, 80, { now: 175_000 })).toHaveLength(lines - 1);
  });

  test('count down to the next try of a request, unless nobody would notice', () => {
    expect(draw(advance(NOTHING_YET, again, 0), 80)).toEqual(['waiting for the target: going on in 10s']);
    expect(draw(advance(NOTHING_YET, { ...again, delayMs: 2_900 }, 0), 80, { now: 0 })).toEqual([]);
  });

  test('count a wait down to its own end when a shorter one follows', () => {
    const waiting = advance(advance(NOTHING_YET, held, 0), again, 0);
    expect(draw(waiting, 80)).toEqual(['waiting for the Hub: going on in 2m51s']);
  });

  test('leave room for a wait of everything where rows are few', () => {
    const waiting = advance(pushing('a', 'b', 'c', 'd'), held, 2_000);
    expect(draw(waiting, 80, { rows: 6 })).toHaveLength(5);
  });

  test('say how far the reading is of what is there already, until the rest is sent', () => {
    const rereading = {
      type: 'layer-rereading',
      path: LONG,
      read: 1_000_000_000,
      size: 4_000_000_000,
    } as const;
    const reading = advance(progress, rereading, 3_000);
    expect(draw(reading, 120)[0]).toMatch(/25% +1\.00 GB of 4\.00 GB +reading$/);
    const sending = { type: 'layer-progress', path: LONG, sent: 4_500_000_000, size: 5_000_000_000 } as const;
    expect(draw(advance(reading, sending, 4_000), 120)[0]).not.toContain('reading');
  });

  test('say that a layer waits until its first byte is sent, such as for a connection to the Hub', () => {
    const started = { type: 'layer-started', path: LONG, size: 5_000_000_000 } as const;
    const later = advance(advance(NOTHING_YET, RESOLVED, 0), started, 0);
    expect(draw(later, 120, { now: 60_000 })[0]).toMatch(/0% +0 B of 5\.00 GB +waiting$/);
    const sent = { type: 'layer-progress', path: LONG, sent: 1, size: 5_000_000_000 } as const;
    expect(draw(advance(later, sent, 61_000), 120)[0]).not.toContain('waiting');
  });

  test('say that the registry is storing what it has got', () => {
    const all = { type: 'layer-progress', path: LONG, sent: 5_000_000_000, size: 5_000_000_000 } as const;
    expect(draw(advance(progress, all, 3_000), 80)[0]).toMatch(/100% .* storing$/);
  });

  test('are none before it is known what there is, and one when all layers are there', () => {
    expect(draw(NOTHING_YET, 80)).toEqual([]);
    const finished: Progress = {
      ...progress,
      finished: Array.from({ length: 12 }, (_, n) => ({ path: `${n}`, size: 1, outcome: 'uploaded' })),
    };
    expect(draw(finished, 80)).toEqual(['publishing the image …']);
  });
});
