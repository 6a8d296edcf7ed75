import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { JobJournal } from '../../src/core/ports.ts';
import { readJobs } from '../../src/state/read-jobs.ts';
import { createStateFile } from '../../src/state/state-file.ts';
import { thisUser } from '../../src/this-process.ts';
import { failureOf } from '../support/rejection.ts';
import { BLOB, JOB, layer } from '../support/state-job.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { testClock } from '../support/test-clock.ts';
import { testProcesses } from '../support/test-processes.ts';

const DATE = Date.UTC(2026, 10, 24, 3, 41, 58, 7);

let folder: string;
let path: string;
let warnings: string[];

beforeEach(async () => {
  folder = await tempFolder();
  path = join(folder, 'state.json');
  warnings = [];
});

function open(): Promise<JobJournal> {
  const onWarning = (message: string) => warnings.push(message);
  return createStateFile({
    path,
    clock: testClock({ date: DATE }),
    processes: testProcesses(),
    user: thisUser,
    onWarning,
  }).open(JOB);
}

/** What a push with two layers and an open upload leaves. */
async function written(): Promise<Buffer> {
  const journal = await open();
  await journal.recordLayer(layer('a'), BLOB);
  await journal.recordSession(layer('b'), { location: 'https://r.test/v2/a/blobs/uploads/1', offset: 7 });
  return readFile(path);
}

const asides = async () => (await readdir(folder)).filter((name) => name.startsWith('state.json.damaged-'));

describe('a state file that a power loss has torn', () => {
  test('wherever it is cut is moved aside, and the push goes on with a new one', async () => {
    const whole = await written();
    for (let length = 0; length < whole.length - 1; length += 41) {
      warnings = [];
      await writeFile(path, whole.subarray(0, length));
      const journal = await open();
      expect([journal.recordedLayer(layer('a')), warnings.length]).toEqual([undefined, 1]);
      await journal.recordLayer(layer('c'), BLOB);
      expect((await open()).recordedLayer(layer('c'))).toEqual(BLOB);
      expect(warnings).toHaveLength(1);
    }
    expect(await asides()).toHaveLength(Math.ceil((whole.length - 1) / 41));
  });

  test('is kept beside itself to the byte, for its owner alone, and the warning says where and what it costs', async () => {
    const torn = (await written()).subarray(0, 300);
    await writeFile(path, torn);
    await chmod(path, 0o644);
    await open();
    const aside = `${path}.damaged-2026-11-24T03-41-58-007Z`;
    expect((await readFile(aside)).equals(torn)).toBe(true);
    expect((await stat(aside)).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([
      expect.stringContaining(`now ${aside}: what earlier pushes wrote down is lost`),
    ]);
  });

  test('takes the place of no file that is there, not even at the same millisecond', async () => {
    const first = `${path}.damaged-2026-11-24T03-41-58-007Z`;
    await writeFile(first, 'of somebody');
    await writeFile(path, '{\n  "ver');
    await open();
    expect(await readFile(first, 'utf8')).toBe('of somebody');
    expect(await readFile(`${first}-2`, 'utf8')).toBe('{\n  "ver');
  });

  test('with zeros for its end gives what it still holds', async () => {
    const whole = await written();
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(4096)]));
    const journal = await open();
    expect([journal.recordedLayer(layer('a')), warnings, await asides()]).toEqual([BLOB, [], []]);
    expect((await readFile(path)).includes(0)).toBe(false);
  });

  test.each([
    ['of zeros', () => Buffer.alloc(4096)],
    ['of no bytes', () => Buffer.alloc(0)],
  ])('%s is moved aside', async (_, content) => {
    await writeFile(path, content());
    await open();
    expect([warnings.length, (await asides()).length]).toEqual([1, 1]);
  });

  test('is told of by status, which changes nothing', async () => {
    const torn = (await written()).subarray(0, 300);
    await writeFile(path, torn);
    const before = await stat(path);
    const error = await failureOf(readJobs(path, thisUser));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('cut short') });
    expect(error.hint).toContain('The next push moves it aside');
    expect(await readdir(folder)).toEqual(['state.json']);
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
    expect((await readFile(path)).equals(torn)).toBe(true);
  });

  test('is warned of and left where it is when it cannot be moved', async () => {
    const torn = '{\n  "version": 2,';
    await writeFile(path, torn);
    // The name that it would be given is too long for a file.
    const long = join(folder, `${'x'.repeat(240)}.json`);
    await writeFile(long, torn);
    path = long;
    const journal = await open();
    await journal.recordLayer(layer('a'), BLOB);
    expect(warnings).toEqual([expect.stringContaining('going on without it')]);
    expect(await readFile(long, 'utf8')).toBe(torn);
  });
});

test.each([
  ['of the Python tool', '{"jobs":{},"version":1}'],
  ['of the Python tool, cut short', '{"jobs":{"a'],
  ['of a later version', '{\n  "version": 3,\n  "jobs": {}\n}\n'],
  ['of a later version, cut short', '{\n  "version": 3,\n  "jobs": {'],
  ['of ours with a member that a person broke', '{\n  "version": 2,\n  "jobs": {\n    "x": {}\n  }\n}\n'],
  ['of another program', '[core]\n\tbare = false\n'],
  ['of zeros and more', '\0\0\0ELF'],
  ['of white space', '\n'],
])('a file %s stays as it is, and stops the push', async (_, content) => {
  await writeFile(path, content);
  const before = await stat(path);
  expect(await failureOf(open())).toMatchObject({ code: 'USAGE', message: expect.stringContaining(path) });
  expect(await readFile(path, 'utf8')).toBe(content);
  expect([(await stat(path)).mtimeMs, await readdir(folder)]).toEqual([before.mtimeMs, ['state.json']]);
});

test('a folder, or anything that is no ordinary file, stops the push with what to give instead', async () => {
  await mkdir(path);
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // Do not use /dev/null: if this test fails, root moves it away.
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [other, what] of [
    [path, 'a folder'],
    [socket, 'a socket'],
    [pipe, 'a named pipe'],
  ] as const) {
    path = other;
    const error = await failureOf(open());
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(`${other} is ${what}`) });
    expect(error.hint).toContain('--state-file');
  }
  expect((await readdir(folder)).sort()).toEqual(['pipe', 'socket', 'state.json']);
});

test('a file larger than any of ours is not even read', async () => {
  await writeFile(path, '');
  await truncate(path, 2 ** 40);
  const before = process.memoryUsage().rss;
  expect(await failureOf(open())).toMatchObject({ code: 'USAGE', message: expect.stringContaining('bytes') });
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
});
