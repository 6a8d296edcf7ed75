import { describe, expect, test } from 'vitest';
import { manualTime } from '../../../test/support/manual-time.ts';
import { virtualTerminal } from '../../../test/support/virtual-terminal.ts';
import type { PushEvent } from '../../index.ts';
import type { Verbosity } from './choose.ts';
import { createRenderer } from './create-renderer.ts';

const GB = 1_000_000_000;

function liveRenderer(columns = 80, verbosity: Verbosity = 'normal') {
  const time = manualTime();
  const terminal = virtualTerminal(columns);
  const env = { TERM: 'xterm', NO_COLOR: '1' };
  const options = { style: 'text', verbosity, env, stdout: terminal, stderr: terminal, time } as const;
  const renderer = createRenderer(options);
  const send = (at: number, ...events: readonly PushEvent[]) => {
    for (const event of events) renderer.event(event);
    time.moveTo(at);
  };
  return { renderer, terminal, time, send };
}

const resolved = (files: number): PushEvent => ({
  type: 'model-resolved',
  model: 'a/b',
  revision: 'v1',
  commit: 'c',
  files,
  size: files * GB,
});
const started = (path: string) => ({ type: 'layer-started', path, size: GB }) as const;
const progress = (path: string, sent: number) => ({ type: 'layer-progress', path, sent, size: GB }) as const;
const done = (path: string) =>
  ({ type: 'layer-done', path, size: GB, digest: 'sha256:0', outcome: 'uploaded' }) as const;
const failure = { error: new Error('x'), exitCode: 75, lines: ['error: x'] };

describe('the live view', () => {
  test('is drawn in place, with what is over above it', () => {
    const { terminal, send } = liveRenderer();
    send(1_000, resolved(2), started('models/a'), started('models/b'));
    send(2_000, progress('models/a', GB / 2));
    send(3_000, done('models/a'), { type: 'warning', message: 'slow' });
    const rows = terminal.screen().filter((row) => row !== '');
    expect(rows.slice(0, 4)).toEqual([
      'a/b@v1 is commit c',
      '── Pushing 2 layers (2.00 GB) ──',
      '[1/2] pushed models/a (1.00 GB)',
      'warning: slow',
    ]);
    expect(rows.slice(4).map((row) => row.split(/ {2}/)[0])).toEqual(['models/b', '1 of 2 layers']);
  });

  test('shows eight layers at once and the total, and no lines of progress', () => {
    const { terminal, send } = liveRenderer();
    const names = Array.from({ length: 8 }, (_, n) => `models/${n}`);
    send(100, resolved(8), ...names.map(started));
    for (let second = 1; second <= 60; second += 1) {
      send(second * 1_000, ...names.map((name) => progress(name, second * 10_000_000)));
    }
    const rows = terminal.screen().filter((row) => row !== '');
    expect(rows).toHaveLength(2 + 8 + 1);
    expect(rows.at(-1)).toMatch(/^0 of 8 layers .*60% .*78\.\d MB\/s +41s$/);
  });

  test('leaves no trace of the ^C that the terminal itself shows', () => {
    const { renderer, terminal, send } = liveRenderer();
    send(1_000, resolved(1), started('models/a'));
    terminal.write('^C');
    renderer.close();
    renderer.error({ ...failure, lines: ['error: stopped by SIGINT'] });
    const rows = terminal.screen().filter((row) => row !== '');
    expect(rows).toEqual([
      'a/b@v1 is commit c',
      '── Pushing 1 layer (1.00 GB) ──',
      'error: stopped by SIGINT',
    ]);
  });

  test.each([
    [120, 40],
    [80, 20],
    [80, 13],
    [40, 120],
  ])('leaves nothing behind when %d columns become %d between two frames', (before, after) => {
    const { terminal, send, renderer } = liveRenderer(before);
    const names = ['models/模型-00001-of-00002.safetensors', 'models/model-00002-of-00002.safetensors'];
    send(1_000, resolved(3), ...names.map(started));
    send(3_000, ...names.map((name) => progress(name, GB / 2)));
    terminal.resize(after);
    send(5_000, ...names.map((name) => progress(name, GB / 3)));
    const live = terminal.screen().filter((row) => /\d%/.test(row));
    expect(live).toHaveLength(3);
    renderer.close();
    const rest = terminal.screen().join('');
    expect(rest.replaceAll(' ', '')).toBe('a/b@v1iscommitc──Pushing3layers(3.00GB)──');
  });

  test('is one write a frame, ten frames a second, and none when nothing changed', () => {
    const { terminal, send } = liveRenderer();
    send(100, resolved(1), started('models/a'));
    for (let ms = 110; ms <= 2_100; ms += 10) send(ms, progress('models/a', ms * 1_000));
    expect(terminal.writes.length).toBeLessThanOrEqual(22);
    const { terminal: idle, send: wait } = liveRenderer();
    wait(60_000);
    expect(idle.writes.filter((text) => text.includes('\u001b[J')).length).toBeLessThanOrEqual(1);
  });

  test.each<[end: string, finish: (renderer: ReturnType<typeof liveRenderer>['renderer']) => void]>([
    ['by its result', (renderer) => renderer.result({ ...RESULT })],
    ['by an error', (renderer) => renderer.error(failure)],
    ['by Ctrl-C', (renderer) => renderer.close()],
  ])('that ends %s gives back the cursor, takes its lines away and has no timer left', (_, finish) => {
    const { renderer, terminal, time, send } = liveRenderer();
    send(1_000, resolved(2), started('models/a'), progress('models/a', GB / 2));
    expect(terminal.cursorVisible).toBe(false);
    renderer.event({ type: 'warning', message: 'said last' });
    finish(renderer);
    renderer.close();
    expect([terminal.cursorVisible, time.waiting()]).toEqual([true, 0]);
    expect(terminal.screen()).toContain('warning: said last');
    expect(terminal.screen().filter((row) => row.includes('%'))).toEqual([]);
  });

  test('after its end says plainly what is still to be said', () => {
    const { renderer, terminal, send } = liveRenderer();
    send(1_000, resolved(2), started('models/a'));
    renderer.close();
    renderer.event(done('models/a'));
    renderer.error(failure);
    expect(terminal.writes.slice(-2)).toEqual(['[1/2] pushed models/a (1.00 GB)\n', 'error: x\n']);
    expect(terminal.cursorVisible).toBe(true);
  });

  test('is not for a quiet run, which says nothing of what goes well', () => {
    const { renderer, terminal, time, send } = liveRenderer(80, 'quiet');
    send(1_000, resolved(1), started('models/a'), done('models/a'));
    renderer.close();
    expect([terminal.writes, time.waiting()]).toEqual([[], 0]);
  });
});

const RESULT = {
  manifestDigest: 'sha256:0',
  imageReference: 'r/a:t',
  imageReferenceDigest: 'r/a@sha256:0',
  commit: 'c',
  transfer: { sent: 0, resumed: 0, existed: 0 },
  movedTags: [],
  cost: { retries: 0, reread: 0, resent: 0 },
} as const;

test('a terminal that says it has no columns and no rows is drawn on as one of 80 by 24', () => {
  const time = manualTime();
  const written: string[] = [];
  const stderr = { write: (text: string) => written.push(text), isTTY: true, columns: 0, rows: 0 };
  const options = {
    style: 'text',
    verbosity: 'normal',
    env: { TERM: 'xterm' },
    stdout: stderr,
    stderr,
    time,
  } as const;
  const renderer = createRenderer(options);
  for (const event of [resolved(1), started('models/a')]) renderer.event(event);
  time.moveTo(1_000);
  renderer.event(progress('models/a', GB / 2));
  time.moveTo(2_000);
  renderer.close();
  expect(written.join('')).toContain('models/a');
  expect(written.join('')).toContain('\x1b[2A');
  expect(written.join('')).not.toMatch(/NaN|Infinity/);
});
