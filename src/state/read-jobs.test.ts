import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { JOB } from '../../test/support/state-job.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { testProcesses } from '../../test/support/test-processes.ts';
import { thisUser } from '../this-process.ts';
import { readJobs } from './read-jobs.ts';
import { createStateFile } from './state-file.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;

test('the job that was touched last comes first, with how far it is', async () => {
  const path = join(await tempFolder(), 'state.json');
  const clock = testClock({ date: Date.UTC(2026, 10, 23) });
  const journal = createStateFile({
    path,
    clock,
    processes: testProcesses(),
    user: thisUser,
    onWarning: expect.fail,
  });
  const done = await journal.open(JOB);
  const sibling = { path: 'a', size: 7, oid: { algorithm: 'sha256', hex: '1'.repeat(64) } } as const;
  await done.recordLayer({ path: 'models/a', size: 2560, sibling }, { digest: DIGEST, size: 2560 });
  await done.recordImage(DIGEST, ['v1', 'latest']);
  clock.pass(60_000);
  const other = await journal.open({ ...JOB, model: 'acme/other' });
  await other.recordSession(
    { path: 'models/a', size: 2560, sibling },
    { location: 'http://r/1', offset: 99 },
  );

  const { model, target, endpoint, commit } = JOB;
  const at = (minute: number) => `2026-11-23T00:0${minute}:00.000Z`;
  const key = expect.stringMatching(/^[0-9a-f]{16}$/);
  expect(await readJobs(path, thisUser)).toEqual([
    {
      ...{ key, endpoint, model: 'acme/other', commit, target, tags: [] },
      ...{ complete: false, manifestDigest: undefined, layers: 0, size: 0, openUploads: 1, openSize: 99 },
      ...{ startedAt: at(1), updatedAt: at(1) },
    },
    {
      ...{ key, endpoint, model, commit, target, tags: ['v1', 'latest'] },
      ...{ complete: true, manifestDigest: DIGEST, layers: 1, size: 2560, openUploads: 0, openSize: 0 },
      ...{ startedAt: at(0), updatedAt: at(0) },
    },
  ]);
});

test('where there is no file there are no jobs', async () => {
  expect(await readJobs(join(await tempFolder(), 'nothing', 'state.json'), thisUser)).toEqual([]);
});

test.each(['{"jobs":', '{"version":1,"jobs":{}}', '[]'])('%s is refused and left as it is', async (text) => {
  const path = join(await tempFolder(), 'state.json');
  await writeFile(path, text);
  const error = await failureOf(readJobs(path, thisUser));
  expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(path) });
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a file that cannot be read is refused, by name', async () => {
  const path = join(await tempFolder(), 'state.json');
  await mkdir(path);
  const error = await failureOf(readJobs(path, thisUser));
  expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(path) });
});
