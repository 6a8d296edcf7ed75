import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { makePipe } from '../../test/support/in-the-way.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import { systemClock } from '../system-clock.ts';
import { withFileLock } from './file-lock.ts';
import type { ProcessMark } from './process-mark.ts';

const processes = testProcesses({ alive: [42] });

let path: string;
let lock: string;

beforeEach(async () => {
  path = join(await tempFolder(), 'state.json');
  lock = `${path}.lock`;
});

async function leave(file: string, ageMs = 0, content = 'of a process that was killed'): Promise<void> {
  await writeFile(file, content);
  const then = new Date(Date.now() - ageMs);
  await utimes(file, then, then);
}

test('a lock that was left just now is waited for, then taken over', async () => {
  await leave(lock);
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
  expect(clock.now()).toBeGreaterThan(4000);
  expect(clock.now()).toBeLessThan(6000);
  expect(await readdir(dirname(path))).toEqual([]);
});

test('a waiter that was killed while it took a lock over is in the way of nobody', async () => {
  await leave(lock, 60_000);
  await leave(`${lock}.takeover`, 60_000);
  expect(
    await withFileLock(path, { clock: testClock({ date: Date.now() }), processes }, async () => 'done'),
  ).toBe('done');
  expect(await readdir(dirname(path))).toEqual([]);
});

test('many who find a stale lock take it over one after the other', async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    await leave(lock, 60_000);
    let holders = 0;
    const held: number[] = [];
    const work = async () => {
      holders += 1;
      held.push(holders);
      await readdir(dirname(path));
      holders -= 1;
    };
    await Promise.all(
      Array.from({ length: 12 }, () => withFileLock(path, { clock: systemClock, processes }, work)),
    );
    expect(held).toEqual(Array(12).fill(1));
  }
});

test('a holder that was too slow leaves the lock of the one after it alone', async () => {
  await withFileLock(path, { clock: testClock(), processes }, () => writeFile(lock, 'of another'));
  expect(await readFile(lock, 'utf8')).toBe('of another');
});

test('a lock that others hold in turn all the time is given up on, with the file to look at', async () => {
  await leave(lock);
  const clock = testClock({ date: Date.now() });
  const busy = {
    ...clock,
    async sleep(ms: number) {
      await clock.sleep(ms);
      const now = new Date(clock.date());
      await utimes(lock, now, now);
    },
  };
  const error = await failureOf(withFileLock(path, { clock: busy, processes }, expect.fail));
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(lock) });
});

const ownedBy = (pid: number) => JSON.stringify({ owner: mark(pid), id: 'x' });

test('the lock of a process that is known to be gone costs no wait', async () => {
  await leave(lock, 0, ownedBy(7));
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
  expect(clock.sleeps).toEqual([]);
});

test('the lock of a process that lives is not taken from it, however slow its disk is', async () => {
  await leave(lock, 20_000, ownedBy(42));
  const clock = testClock({ date: Date.now() });
  const error = await failureOf(withFileLock(path, { clock, processes }, expect.fail));
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(lock) });
  expect(await readFile(lock, 'utf8')).toBe(ownedBy(42));
});

test('a lock whose number another process has by now is in the way for a minute at most', async () => {
  await leave(lock, 61_000, ownedBy(42));
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
});

test('a waiter that found a stale takeover leaves alone the fresh one that another waiter put there meanwhile', async () => {
  const takeover = `${lock}.takeover`;
  await leave(lock, 0, ownedBy(7));
  await leave(takeover, 0, ownedBy(8));
  const overtaken = {
    ...processes,
    isAlive(asked: ProcessMark) {
      const isAlive = processes.isAlive(asked);
      // After we have read the takeover and before we remove it, process 42 replaces it with its own.
      if (asked.pid === 8) writeFileSync(takeover, ownedBy(42));
      return isAlive;
    },
  };
  const clock = testClock({ date: Date.now() });
  const found: string[] = [];
  const other = {
    ...clock,
    async sleep(ms: number) {
      found.push(readFileSync(takeover, 'utf8'), readFileSync(lock, 'utf8'));
      for (const file of [lock, takeover]) rmSync(file); // 42 is done
      await clock.sleep(ms);
    },
  };
  await withFileLock(path, { clock: other, processes: overtaken }, async () => 'done');
  expect(found).toEqual([ownedBy(42), ownedBy(7)]);
  expect(await readdir(dirname(path))).toEqual([]);
});

test('waiters that were killed at each step of a takeover cost no wait', async () => {
  for (const file of [lock, `${lock}.takeover`, `${lock}.takeover.takeover`])
    await leave(file, 0, ownedBy(7));
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
  expect(clock.now()).toBeLessThan(1000);
  expect(await readdir(dirname(path))).toEqual([]);
});

test('a lock of another PID namespace is waited for, not taken as that of a dead process', async () => {
  await leave(lock, 0, JSON.stringify({ owner: mark(7, { pidNamespace: 'pid:[1]' }), id: 'x' }));
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
  expect(clock.now()).toBeGreaterThan(4000);
});

test('a pipe in place of the lock does not hang: its age decides', async () => {
  await makePipe(lock);
  const clock = testClock({ date: Date.now() });
  expect(await withFileLock(path, { clock, processes }, async () => 'done')).toBe('done');
  expect(clock.now()).toBeGreaterThan(4000);
});

test('a lock that another program replaced by a named pipe is left there, and waited for by nobody', async () => {
  await withFileLock(path, { clock: systemClock, processes }, async () => {
    rmSync(lock);
    await makePipe(lock);
  });
  expect(await readdir(dirname(path))).toEqual(['state.json.lock']);
});
