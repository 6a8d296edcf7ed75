import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import type { ProcessMark } from './process-mark.ts';
import { sweepUnfinished, unfinishedSuffix } from './unfinished.ts';

const HOUR_MS = 3_600_000;

let folder: string;

beforeEach(async () => {
  folder = await tempFolder();
});

async function leave(name: string, hours = 0): Promise<string> {
  await writeFile(join(folder, name), '');
  const then = new Date(Date.now() - hours * HOUR_MS);
  await utimes(join(folder, name), then, then);
  return name;
}

const unfinished = (name: string, owner: ProcessMark, hours = 0) =>
  leave(name + unfinishedSuffix(owner), hours);
const sweep = (...names: string[]) =>
  sweepUnfinished(folder, (name) => names.includes(name), {
    processes: testProcesses({ alive: [42] }),
    clock: testClock({ date: Date.now() }),
  });

test('a file of a dead process is swept at once', async () => {
  await unfinished('a', mark(7));
  await unfinished('', mark(7));
  await sweep('a', '');
  expect(await readdir(folder)).toEqual([]);
});

test('a file of a live process stays, however old it is', async () => {
  const left = [await unfinished('a', mark(42), 1000), await unfinished('a', mark(1000), 1000)];
  await sweep('a');
  expect((await readdir(folder)).sort()).toEqual(left.sort());
});

test.each<[what: string, owner: ProcessMark]>([
  ['on another host', mark(7, { host: 'there' })],
  ['in another PID namespace', mark(7, { pidNamespace: 'pid:[1]' })],
  ['of another boot', mark(7, { boot: 'earlier' })],
])('a file of a process %s stays for a day', async (_, owner) => {
  const recent = await unfinished('a', owner, 23);
  await unfinished('a', owner, 25);
  await sweep('a');
  expect(await readdir(folder)).toEqual([recent]);
});

test('a file with another name stays, and so does one that only resembles ours', async () => {
  const kept = [
    await unfinished('b', mark(7), 1000),
    await leave('a', 1000),
    await leave('a.unfinished-mine', 1000),
    await leave(`a${unfinishedSuffix(mark(7))}.txt`, 1000),
  ];
  await sweep('a');
  expect((await readdir(folder)).sort()).toEqual(kept.sort());
});

test('a missing folder is not an error', async () => {
  folder = '/dev/null/a';
  await sweep('a');
});
