import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { JOB } from '../../test/support/state-job.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { testProcesses } from '../../test/support/test-processes.ts';
import { thisUser } from '../this-process.ts';
import { forgetJobs, type JobsToForget } from './forget-jobs.ts';
import { readJobs } from './read-jobs.ts';
import { createStateFile } from './state-file.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;

/** A state file with a complete job, `done`, and one that is not, `begun`. */
async function twoJobs() {
  const path = join(await tempFolder(), 'state.json');
  const clock = testClock({ date: Date.UTC(2026, 10, 23) });
  const world = { path, clock, processes: testProcesses(), user: thisUser, onWarning: expect.fail };
  const journal = createStateFile(world);
  await (await journal.open({ ...JOB, model: 'acme/done' })).recordImage(DIGEST, ['v1']);
  await journal.open({ ...JOB, model: 'acme/begun' });
  return {
    world,
    forget: async (which: JobsToForget) =>
      (await forgetJobs(which, world)).map(({ model }) => model).toSorted(),
    left: async () => (await readJobs(path, thisUser)).map(({ model }) => model).toSorted(),
  };
}

test.each<[JobsToForget, forgotten: string[], left: string[]]>([
  ['all', ['acme/begun', 'acme/done'], []],
  ['complete', ['acme/done'], ['acme/begun']],
])('forgetting %s removes those jobs and keeps the others', async (which, forgotten, left) => {
  const jobs = await twoJobs();
  expect(await jobs.forget(which)).toEqual(forgotten);
  expect(await jobs.left()).toEqual(left);
});

test('a job is forgotten by its key', async () => {
  const jobs = await twoJobs();
  const [one] = await readJobs(jobs.world.path, thisUser);
  expect(await jobs.forget([one?.key ?? ''])).toEqual([one?.model]);
  expect(await jobs.left()).not.toContain(one?.model);
});

test('a key that names no job is an error, and no job is forgotten', async () => {
  const jobs = await twoJobs();
  const [one] = await readJobs(jobs.world.path, thisUser);
  const error = await failureOf(jobs.forget([one?.key ?? '', 'nope']));
  expect(error).toMatchObject({ code: 'NOT_FOUND', message: `no job nope in ${jobs.world.path}` });
  expect(await jobs.left()).toHaveLength(2);
});

test('a missing state file is not created', async () => {
  const { world } = await twoJobs();
  const folder = await tempFolder();
  expect(await forgetJobs('all', { ...world, path: join(folder, 'none', 'state.json') })).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});
