import { lstat, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { BLOB, JOB, layer } from '../../test/support/state-job.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { mark, testProcesses } from '../../test/support/test-processes.ts';
import { type Job, jobKey } from '../core/job.ts';
import type { JobJournal } from '../core/ports.ts';
import type { ProcessMark } from '../files/process-mark.ts';
import { unfinishedSuffix } from '../files/unfinished.ts';
import { systemClock } from '../system-clock.ts';
import { thisUser } from '../this-process.ts';
import { readJobs } from './read-jobs.ts';
import { createStateFile } from './state-file.ts';

let path: string;
let warnings: string[];

beforeEach(async () => {
  path = join(await tempFolder(), 'state', 'state.json');
  warnings = [];
});

const open = (job = JOB, processes = testProcesses()): Promise<JobJournal> =>
  createStateFile({
    path,
    clock: systemClock,
    processes,
    user: thisUser,
    onWarning: (message) => warnings.push(message),
  }).open(job);

test('what one run has pushed, the next one knows', async () => {
  await (await open()).recordLayer(layer('a'), BLOB);
  const next = await open();
  expect(next.recordedLayer(layer('a'))).toEqual(BLOB);
  expect(next.recordedLayer(layer('b'))).toBeUndefined();
});

test('a job whose image is forgotten is not complete, and keeps its layers', async () => {
  const first = await open();
  await first.recordLayer(layer('a'), BLOB);
  await first.recordImage(BLOB.digest, ['v1']);
  await (await open()).forgetImage();
  expect(await readJobs(path, thisUser)).toMatchObject([
    { complete: false, manifestDigest: undefined, tags: [], layers: 1 },
  ]);
  expect((await open()).recordedLayer(layer('a'))).toEqual(BLOB);
});

test('a tag that a later job moved belongs to that job alone', async () => {
  const other = `sha256:${'b'.repeat(64)}` as const;
  const later: Job = { ...JOB, patterns: { allow: ['*.json'], ignore: [] } };
  const sameImage: Job = { ...JOB, patterns: { allow: ['*'], ignore: [] } };
  const elsewhere: Job = { ...JOB, target: 'r.test/acme/other' };
  for (const job of [JOB, sameImage, elsewhere])
    await (await open(job)).recordImage(BLOB.digest, ['v1', 'latest']);
  await (await open(later)).recordImage(other, ['v1']);
  const jobs = await readJobs(path, thisUser);
  const named = (job: Job) => jobs.find(({ key }) => key === jobKey(job));
  expect([JOB, sameImage, elsewhere, later].map((job) => named(job)?.tags)).toEqual([
    ['latest'],
    ['latest'],
    ['v1', 'latest'],
    ['v1'],
  ]);
  expect(jobs.every(({ complete }) => complete)).toBe(true);
});

test('a file whose content is another now is not the one that was pushed', async () => {
  await (await open()).recordLayer(layer('a'), BLOB);
  expect((await open()).recordedLayer(layer('a', '2'.repeat(64)))).toBeUndefined();
});

test.each<[what: string, other: Partial<Job>]>([
  ['endpoint', { endpoint: 'https://mirror.test' }],
  ['commit', { commit: '1'.repeat(40) }],
  ['repository', { target: 'r.test/acme/other' }],
  ['folder in the image', { prefix: '' }],
  ['tar layout', { tarLayout: 'reference' }],
  ['filter', { patterns: { allow: ['*.json'], ignore: [] } }],
])('another %s is another job', async (_, other) => {
  await (await open()).recordLayer(layer('a'), BLOB);
  expect((await open({ ...JOB, ...other })).recordedLayer(layer('a'))).toBeUndefined();
});

test('the file and its folder are for their owner alone', async () => {
  await open();
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
  expect(((await stat(dirname(path))).mode & 0o777).toString(8)).toBe('700');
});

test('many who write at once lose nothing, and leave nothing else behind', async () => {
  const journals = await Promise.all([open(), open(), open({ ...JOB, prefix: '' })]);
  await Promise.all(
    journals.flatMap((journal) => [...'abcdefgh'].map((name) => journal.recordLayer(layer(name), BLOB))),
  );
  for (const job of [JOB, { ...JOB, prefix: '' }]) {
    const later = await open(job);
    expect([...'abcdefgh'].filter((name) => later.recordedLayer(layer(name)) === undefined)).toEqual([]);
  }
  expect([warnings, await readdir(dirname(path))]).toEqual([[], ['state.json']]);
});

test('a lock that a dead process has left is taken over', async () => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.lock`, '');
  const old = new Date(Date.now() - 60_000);
  await utimes(`${path}.lock`, old, old);
  await (await open()).recordLayer(layer('a'), BLOB);
  expect((await open()).recordedLayer(layer('a'))).toEqual(BLOB);
});

describe('a file that is not ours is refused and left as it is', () => {
  test.each([
    ['of the Python tool', '{"jobs":{},"version":1}', 'of version 1'],
    ['cut short, of another program', '{"version":2,"jobs":{"ab', 'damaged, or not ours'],
    ['of another program', '{"hello":"world"}', 'damaged, or not ours'],
    [
      'with a digest that is none',
      '{"version":2,"jobs":{"x":{"layers":{"a":{"digest":"x"}}}}}',
      'damaged, or not ours',
    ],
  ])('%s', async (_, text, what) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    const error = await failureOf(open());
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(what) });
    expect(error.hint).toContain('--state-file');
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});

test('a folder that cannot be written is warned of once, and the push goes on', async () => {
  const file = join(await tempFolder(), 'a-file');
  await writeFile(file, '');
  path = join(file, 'state.json');
  const journal = await open();
  await journal.recordLayer(layer('a'), BLOB);
  await journal.recordImage(BLOB.digest, ['v1']);
  expect(warnings).toEqual([expect.stringContaining('going on without it')]);
});

test('a folder that vanishes in the middle is made again', async () => {
  const journal = await open();
  await rm(dirname(path), { recursive: true });
  await journal.recordLayer(layer('a'), BLOB);
  expect((await open()).recordedLayer(layer('a'))).toEqual(BLOB);
});

test('opening it sweeps up: jobs and sessions of no more use, and what a killed process was writing', async () => {
  await (await open()).recordSession(layer('a'), { location: 'https://r.test/v2/uploads/1', offset: 7 });
  await writeFile(path + unfinishedSuffix(mark(7)), 'of a process that was killed');
  const clock = testClock({ date: Date.now() + 9 * 86_400_000 });
  const next = await createStateFile({
    path,
    clock,
    processes: testProcesses(),
    user: thisUser,
    onWarning: expect.fail,
  }).open({ ...JOB, prefix: '' });
  await next.recordLayer(layer('b'), BLOB);
  expect(await readFile(path, 'utf8')).not.toContain('"location"');
  expect(await readdir(dirname(path))).toEqual(['state.json']);
});

describe('a state file that is a link', () => {
  let volume: string;
  let real: string;

  beforeEach(async () => {
    volume = await tempFolder();
    real = join(volume, 'state.json');
    await mkdir(dirname(path), { recursive: true });
    await symlink(real, path);
  });

  test.each(['exists', 'does not exist yet'])(
    'a state file that is a link stays one, and a push uses what it points at, which %s',
    async (what) => {
      if (what === 'exists') await writeFile(real, '{"version":2,"jobs":{}}');
      await (await open()).recordLayer(layer('a'), BLOB);
      expect((await lstat(path)).isSymbolicLink()).toBe(true);
      expect([await readdir(dirname(path)), await readdir(volume)]).toEqual([['state.json'], ['state.json']]);
      path = real;
      expect((await open()).recordedLayer(layer('a'))).toEqual(BLOB);
    },
  );

  test('pushes through several links to one state file lose nothing of each other', async () => {
    const link = path;
    const other = join(volume, 'other.json');
    await symlink(link, other);
    const names = [...'abcdefgh'];
    const journals = [];
    for (path of [link, other, real]) journals.push(await open());
    await Promise.all(
      journals.flatMap((journal, index) =>
        names.map((name) => journal.recordLayer(layer(`${name}${index}`), BLOB)),
      ),
    );
    const later = await open();
    const all = names.flatMap((name) => [0, 1, 2].map((index) => `${name}${index}`));
    expect(all.filter((name) => later.recordedLayer(layer(name)) === undefined)).toEqual([]);
    expect([warnings, (await readdir(volume)).sort()]).toEqual([[], ['other.json', 'state.json']]);
  });

  test('the unfinished files of a state file that is a link are swept where it points', async () => {
    await writeFile(real + unfinishedSuffix(mark(7)), 'of a process that was killed');
    await open();
    expect(await readdir(volume)).toEqual(['state.json']);
  });
});

describe('an upload session that a run has left open', () => {
  const session = { location: 'https://r.test/v2/a/blobs/uploads/1?_state=x', offset: 7, chunkSize: 4096 };

  test('is known to the next run, as long as the content is the same', async () => {
    await (await open()).recordSession(layer('a'), session);
    const next = await open();
    expect(next.recordedSession(layer('a'))).toMatchObject(session);
    expect(next.recordedSession(layer('a', '2'.repeat(64)))).toBeUndefined();
    expect(next.recordedSession(layer('b'))).toBeUndefined();
  });

  test('is forgotten with its layer pushed, or when it is of no use any more', async () => {
    const first = await open();
    await first.recordSession(layer('a'), session);
    await first.recordSession(layer('b'), session);
    await first.recordLayer(layer('a'), BLOB);
    await first.recordSession(layer('b'), undefined);
    expect(await readFile(path, 'utf8')).not.toContain('_state');
  });

  test('the last of many in a row is the one that stays', async () => {
    const first = await open();
    await Promise.all([1, 2, 3, 4].map((offset) => first.recordSession(layer('a'), { ...session, offset })));
    expect((await open()).recordedSession(layer('a'))).toMatchObject({ offset: 4 });
  });

  describe('and the process that opened it', () => {
    const restarted = mark(1, { started: '7' });
    const leftBy = async (owner: ProcessMark) =>
      (await open(JOB, testProcesses({ self: owner }))).recordSession(layer('a'), session);
    const foundBy = async (self: ProcessMark, alive: readonly number[] = []) =>
      (await open(JOB, testProcesses({ self, alive }))).recordedSession(layer('a'));

    test.each<[what: string, owner: ProcessMark, self: ProcessMark]>([
      ['is gone', mark(7), mark(8)],
      ['is this one', mark(8), mark(8)],
      ['ran on another machine', mark(7, { host: 'there' }), mark(8)],
      ['had the number of this one in a container before it was started anew', mark(1), restarted],
    ])('%s: it is taken', async (_, owner, self) => {
      await leftBy(owner);
      expect(await foundBy(self)).toMatchObject(session);
      expect(warnings).toEqual([]);
    });

    test('lives: it is left to that, which is said', async () => {
      await leftBy(mark(7));
      expect(await foundBy(mark(8), [7])).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining('process 7 is at the same push')]);
      expect(await foundBy(mark(7))).toMatchObject(session);
    });

    test('is gone: of two that come at once one takes it', async () => {
      await leftBy(mark(7));
      const found = await Promise.all([foundBy(mark(8), [9]), foundBy(mark(9), [8])]);
      expect(found.filter((one) => one !== undefined)).toHaveLength(1);
    });

    test('is not known, as in a file of an older version: it is taken', async () => {
      await leftBy(mark(7));
      const { jobs, ...rest } = JSON.parse(await readFile(path, 'utf8'));
      for (const job of Object.values<{ sessions: Record<string, { owner?: unknown }> }>(jobs)) {
        for (const one of Object.values(job.sessions)) delete one.owner;
      }
      await writeFile(path, JSON.stringify({ ...rest, jobs }));
      expect(await foundBy(mark(8), [7])).toMatchObject(session);
    });
  });

  test('was opened when its upload began, however far it got since', async () => {
    const clock = testClock({ date: Date.UTC(2026, 10, 24) });
    const options = { path, clock, processes: testProcesses(), user: thisUser, onWarning: expect.fail };
    const first = await createStateFile(options).open(JOB);
    await first.recordSession(layer('a'), session);
    clock.pass(3_600_000);
    await first.recordSession(layer('a'), {
      ...session,
      offset: 8,
      location: session.location.replace('x', 'y'),
    });
    const next = await createStateFile(options).open(JOB);
    expect(next.recordedSession(layer('a'))).toMatchObject({
      offset: 8,
      openedAt: '2026-11-24T00:00:00.000Z',
    });
  });
});
