import { expect, test } from 'vitest';
import { deferred } from '../../test/support/deferred.ts';
import { mapOf } from '../../test/support/map-of.ts';
import { testClock } from '../../test/support/test-clock.ts';
import type { JobChanges } from './job-changes.ts';
import { JobWriter } from './job-writer.ts';

const session = (offset: number) => ({
  location: 'https://r.test/u/1',
  oid: 'sha256:1',
  openedAt: '2026-11-24T00:00:00.000Z',
  offset,
});
const further = (offset: number): JobChanges => ({ sessions: mapOf({ a: session(offset) }) });
const offsets = (written: readonly JobChanges[]) => written.map(({ sessions }) => sessions?.get('a')?.offset);

function setUp({ healthy = true } = {}) {
  const clock = testClock();
  const written: JobChanges[] = [];
  const disk = { hasRoom: true, tries: 0 };
  const write = async (changes: JobChanges) => {
    disk.tries += 1;
    if (disk.hasRoom) written.push(changes);
    return disk.hasRoom;
  };
  return { clock, written, disk, writer: new JobWriter({ clock, write, healthy }) };
}

test('of a thousand offsets in a row the first and the last are written, a second apart', async () => {
  const { clock, written, writer } = setUp();
  const first = writer.change(further(0), 'now');
  await first;
  await Promise.all(Array.from({ length: 1000 }, (_, index) => writer.change(further(index + 1), 'soon')));
  expect([offsets(written), clock.sleeps]).toEqual([[0, 1000], [1000]]);
});

test('a minute of offsets costs a write a second', async () => {
  const { clock, written, writer } = setUp();
  for (let offset = 0; offset < 600; offset += 1) {
    const noted = writer.change(further(offset), 'soon');
    if (offset % 10 === 9) await noted;
    else clock.pass(100);
  }
  expect(written.length).toBeLessThanOrEqual(61);
  expect(offsets(written).at(-1)).toBe(599);
});

test('what must not wait takes along what waits', async () => {
  const clock = { ...testClock(), sleep: waitsForSignal };
  const written: JobChanges[] = [];
  const writer = new JobWriter({ clock, healthy: true, write: async (changes) => written.push(changes) > 0 });
  await writer.change(further(1), 'now');
  const waiting = writer.change(further(2), 'soon');
  await writer.change({ image: { manifestDigest: undefined, tags: ['v1'] } }, 'now');
  await waiting;
  expect(offsets(written)).toEqual([1, 2]);
  expect(written[1]).toMatchObject({ image: { tags: ['v1'] } });
});

/** A sleep that only the signal ends. */
async function waitsForSignal(_: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw signal.reason;
  await new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

test('what waits is written at once where it is asked for', async () => {
  const clock = { ...testClock(), sleep: waitsForSignal };
  const written: JobChanges[] = [];
  const writer = new JobWriter({ clock, healthy: true, write: async (changes) => written.push(changes) > 0 });
  await writer.flush();
  await writer.change(further(1), 'soon');
  const waiting = writer.change(further(2), 'soon');
  await writer.flush();
  await waiting;
  expect(offsets(written)).toEqual([1, 2]);
});

test('one write is under way at a time and one waits, whoever asks', async () => {
  const gates = [deferred(), deferred()];
  const begun: JobChanges[] = [];
  const write = async (changes: JobChanges) => {
    await gates[begun.push(changes) - 1]?.promise;
    return true;
  };
  const writer = new JobWriter({ clock: testClock(), write, healthy: true });
  const first = writer.change(further(1), 'now');
  await Promise.resolve();
  await Promise.resolve();
  const others = [2, 3, 4].map((offset) => writer.change(further(offset), 'now'));
  expect(new Set(others).size).toBe(1);
  expect(offsets(begun)).toEqual([1]);
  gates[0]?.resolve();
  await first;
  gates[1]?.resolve();
  await Promise.all(others);
  expect(offsets(begun)).toEqual([1, 4]);
});

test('what a full disk did not take is written when there is room again', async () => {
  const { clock, written, disk, writer } = setUp();
  disk.hasRoom = false;
  await writer.change({ layers: mapOf({ a: layer('1') }) }, 'now');
  expect([writer.healthy, written]).toEqual([false, []]);
  disk.hasRoom = true;
  await writer.change({ layers: mapOf({ b: layer('2') }) }, 'now');
  expect(written).toEqual([]);
  clock.pass(10_000);
  await writer.change({ layers: mapOf({ b: layer('3') }) }, 'now');
  expect(written).toMatchObject([{ layers: mapOf({ a: layer('1'), b: layer('3') }) }]);
  expect(writer.healthy).toBe(true);
});

test('a disk that stays full is tried a few times in a night of pushing, each after a longer while', async () => {
  const { clock, disk, writer } = setUp();
  disk.hasRoom = false;
  for (let minute = 0; minute < 600; minute += 1) {
    await writer.change({ layers: mapOf({ a: layer('1') }) }, 'now');
    clock.pass(60_000);
  }
  expect(disk.tries).toBeGreaterThan(10);
  expect(disk.tries).toBeLessThan(70);
});

test('the last word of a push is tried, however shortly ago the disk was full', async () => {
  const { written, writer } = setUp({ healthy: false });
  await writer.change({ layers: mapOf({ a: layer('1') }) }, 'now');
  await writer.change({ image: { manifestDigest: undefined, tags: ['v1'] } }, 'at-last');
  expect(written).toMatchObject([{ layers: mapOf({ a: layer('1') }), image: { tags: ['v1'] } }]);
});

function layer(digit: string) {
  return { oid: 'sha256:1', digest: `sha256:${digit.repeat(64)}`, size: 1, pushedAt: 'now' } as const;
}
