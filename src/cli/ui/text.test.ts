import { expect, test } from 'vitest';
import { printable } from './printable.ts';
import { createTextFormat, toLines } from './text.ts';
import { formatSize } from './units.ts';

test('progress of a layer is told every five seconds, not more often', () => {
  let now = 0;
  const format = createTextFormat(() => now);
  const progress = (sent: number) => format({ type: 'layer-progress', path: 'models/a', sent, size: 1000 });
  format({ type: 'layer-started', path: 'models/a', size: 1000 });
  expect(progress(100)).toEqual([]);
  now = 5000;
  expect(progress(200)).toEqual(['models/a: 20% (200 B of 1.00 kB)']);
  now = 9999;
  expect(progress(300)).toEqual([]);
  now = 10_000;
  expect(progress(400)).toEqual(['models/a: 40% (400 B of 1.00 kB)']);
});

test('a retry says why, where it goes on, and when', () => {
  const format = createTextFormat(() => 0);
  const retry = {
    type: 'layer-retrying',
    path: 'models/a',
    side: 'target',
    offset: 5,
    retry: 2,
    reason: '503',
  } as const;
  expect(format({ ...retry, delayMs: 1500 })).toEqual(['models/a: going on in 2 s at byte 5 (retry 2): 503']);
  expect(format({ ...retry, delayMs: 0 })).toEqual(['models/a: going on now at byte 5 (retry 2): 503']);
});

test('layers are counted as they are done', () => {
  const format = createTextFormat(() => 0);
  format({ type: 'model-resolved', model: 'a/b', revision: 'main', commit: 'c', files: 10, size: 1 });
  const done = { type: 'layer-done', path: 'models/a', digest: 'sha256:0', size: 2560 } as const;
  expect(format({ ...done, outcome: 'uploaded' })).toEqual(['[ 1/10] pushed models/a (2.56 kB) sha256:0']);
  expect(format({ ...done, outcome: 'existed' })).toEqual(['[ 2/10] was there models/a (2.56 kB) sha256:0']);
});

test('a foreign name cannot move the cursor, start a line or turn the text around', () => {
  expect(printable('a\u001b[2Jb\nc\rd\u202ee\u0085f')).toBe('a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf');
  expect(toLines(['a\nMANIFESTDIGEST=forged'])).toBe('a\ufffdMANIFESTDIGEST=forged\n');
  expect(printable('größe 😀.json')).toBe('größe 😀.json');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [453_336, '453.3 kB'],
  [2_147_483_648, '2.15 GB'],
  [688_586_727_753, '688.6 GB'],
  [1.5e12, '1.50 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
