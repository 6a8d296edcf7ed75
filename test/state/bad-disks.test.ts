import { rmSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Journal } from '../../src/core/ports.ts';
import { readJobs } from '../../src/state/read-jobs.ts';
import { createStateFile } from '../../src/state/state-file.ts';
import { thisUser } from '../../src/this-process.ts';
import { type Scenario, scenario } from '../support/push-scenario.ts';
import { smallDisk } from '../support/small-disk.ts';
import { BLOB, JOB, layer } from '../support/state-job.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type TestClock, testClock } from '../support/test-clock.ts';
import { testProcesses } from '../support/test-processes.ts';

let path: string;
let clock: TestClock;
let warnings: string[];

beforeEach(async () => {
  path = join(await tempFolder(), 'state', 'state.json');
  clock = testClock({ date: Date.UTC(2026, 10, 24) });
  warnings = [];
});

const journal = (): Journal =>
  createStateFile({
    path,
    clock,
    processes: testProcesses(),
    user: thisUser,
    onWarning: (said) => warnings.push(said),
  });

/** What a state file is for, at its end. */
async function expectPushWithOneWarning(told: Scenario, reason: RegExp): Promise<void> {
  const { manifestDigest } = await told.push({ journal: journal() });
  expect(told.tags).toEqual({ v1: manifestDigest });
  expect(warnings).toEqual([expect.stringMatching(reason)]);
  expect(warnings[0]).toContain('going on without it');
}

describe('a disk', () => {
  test('that is full costs one warning, and what it could not take is there once it has room again', async () => {
    const disk = await smallDisk();
    path = join(disk.folder, 'state.json');
    const records = await journal().open(JOB);
    await records.recordLayer(layer('before'), BLOB);
    await disk.fill();
    const before = await readFile(path, 'utf8');
    await records.recordLayer(layer('while-full'), BLOB);
    await records.recordLayer(layer('still-full'), BLOB);
    expect(warnings).toEqual([expect.stringMatching(/ENOSPC|EFBIG/)]);
    expect(await readFile(path, 'utf8')).toBe(before);

    await disk.makeRoom();
    clock.pass(10_000);
    await records.recordLayer(layer('after'), BLOB);
    const next = await journal().open(JOB);
    const names = ['before', 'while-full', 'still-full', 'after'];
    expect(names.map((name) => next.recordedLayer(layer(name)))).toEqual([BLOB, BLOB, BLOB, BLOB]);
    expect([warnings.length, await readdir(disk.folder)]).toEqual([1, ['state.json']]);
  });

  test('that is full from the start costs one warning, not the push', async () => {
    const disk = await smallDisk();
    path = join(disk.folder, 'state', 'state.json');
    await mkdir(dirname(path));
    await disk.fill();
    await expectPushWithOneWarning(await scenario(), /ENOSPC|EFBIG/);
  });

  test('that is read-only costs one warning, and what it says is used', async () => {
    const disk = await smallDisk();
    path = join(disk.folder, 'state.json');
    const told = await scenario();
    await told.push({ journal: journal() });
    disk.setReadOnly();
    const sent = told.layerPatches().length;
    await expectPushWithOneWarning(told, /EROFS|EFBIG/);
    expect(told.layerPatches().length).toBe(sent);
  });

  test('whose folder this user may not write in costs one warning, not the push', async () => {
    await mkdir(dirname(path), { recursive: true });
    await chmod(dirname(path), 0o500);
    onTestFinished(() => chmod(dirname(path), 0o700));
    // Modes are nothing to root, so it gets a folder that takes no file from anybody.
    if (process.getuid?.() === 0) path = '/proc/state.json';
    await expectPushWithOneWarning(await scenario(), /EACCES|ENOENT/);
  });

  test('that has a file where the folder should be costs one warning, not the push', async () => {
    await writeFile(dirname(path), '');
    await expectPushWithOneWarning(await scenario(), /ENOTDIR/);
  });
});

test('a folder that is removed in the middle of a push is made again, with the whole push in it', async () => {
  // Large enough to be written down, each, before the next one is begun.
  const told = await scenario({ files: { a: Buffer.alloc(600_000, 'a'), b: Buffer.alloc(600_000, 'b') } });
  await told.push({
    journal: journal(),
    onEvent(event) {
      if (event.type === 'layer-started' && event.path === 'b') rmSync(dirname(path), { recursive: true });
    },
  });
  expect(await readJobs(path, thisUser)).toMatchObject([{ complete: true, tags: ['v1'], layers: 2 }]);
  expect(warnings).toEqual([]);
});

test('an upload that fails is cancelled where its session could not be written down', async () => {
  await writeFile(dirname(path), '');
  const told = await scenario({
    personality: 'dist3',
    retries: 0,
    faults: [{ on: 'PATCH', cutAfter: 600_000 }],
  });
  await expect(told.push({ journal: journal() })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(told.registry.openSessions).toBe(0);
});

test('a session that was written down before the disk went bad is kept for the next run, a later one is not', async () => {
  const session = (id: number, offset: number) => ({
    location: `https://r.test/u/${id}?_state=${offset}`,
    offset,
  });
  const records = await journal().open(JOB);
  await records.recordSession(layer('a'), session(1, 0));
  await rename(dirname(path), `${dirname(path)}-aside`);
  await writeFile(dirname(path), '');

  await records.recordSession(layer('a'), session(1, 5));
  await records.recordSession(layer('b'), session(2, 0));
  expect(['a', 'b'].map((name) => records.isSessionKept(layer(name)))).toEqual([true, false]);
  // The registry has lost it, and the one that took its place is known to nobody.
  await records.recordSession(layer('a'), session(3, 0));
  expect(records.isSessionKept(layer('a'))).toBe(false);

  await rm(dirname(path));
  await rename(`${dirname(path)}-aside`, dirname(path));
  expect((await journal().open(JOB)).recordedSession(layer('a'))).toMatchObject(session(1, 0));
});
