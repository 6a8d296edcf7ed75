import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { ModelcarError } from '../../src/core/error.ts';
import type { PushEvent } from '../../src/core/event.ts';
import { readJobs } from '../../src/state/read-jobs.ts';
import { createStateFile } from '../../src/state/state-file.ts';
import { systemClock } from '../../src/system-clock.ts';
import { thisUser } from '../../src/this-process.ts';
import { someBytes } from '../support/byte-sources.ts';
import { scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { testProcesses } from '../support/test-processes.ts';

const FILES = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [`${at}.json`, someBytes(1000, at + 1)]),
);

let path: string;
beforeEach(async () => {
  path = join(await tempFolder(), 'state.json');
});

const journal = () =>
  createStateFile({
    path,
    clock: systemClock,
    processes: testProcesses(),
    user: thisUser,
    onWarning: expect.fail,
  });

/** Sees which layers are done, and does something when there are half of them. */
function halfWay(then: () => void) {
  const done: string[] = [];
  const onEvent = (event: PushEvent) => {
    if (event.type === 'layer-done') done.push(event.path);
    if (event.type === 'layer-done' && done.length === 30) then();
  };
  return { done, onEvent };
}

test('a push that is stopped has written down every small layer that it has pushed', async () => {
  const told = await scenario({ files: FILES });
  const abort = new AbortController();
  const { done, onEvent } = halfWay(() => abort.abort(new ModelcarError('CANCELLED', 'stopped')));
  await failureOf(told.push({ journal: journal(), onEvent, signal: abort.signal }));
  expect(await readJobs(path, thisUser)).toMatchObject([{ layers: done.length, complete: false }]);
});

test('so has one that fails', async () => {
  const told = await scenario({ files: FILES, retries: 0 });
  const { done, onEvent } = halfWay(() =>
    told.registry.addFault({ on: ['POST', 'PUT', 'HEAD'], times: 1000, answer: { status: 403 } }),
  );
  await failureOf(told.push({ journal: journal(), onEvent }));
  expect(await readJobs(path, thisUser)).toMatchObject([{ layers: done.length, complete: false }]);
});

test('the next one asks for them, and sends the others', async () => {
  const told = await scenario({ files: FILES });
  const abort = new AbortController();
  const { done, onEvent } = halfWay(() => abort.abort(new ModelcarError('CANCELLED', 'stopped')));
  await failureOf(told.push({ journal: journal(), onEvent, signal: abort.signal }));
  const before = done.length;
  const outcomes: string[] = [];
  await told.push({
    journal: journal(),
    onEvent: (event) => event.type === 'layer-done' && outcomes.push(event.outcome),
  });
  expect(outcomes.filter((outcome) => outcome === 'existed')).toHaveLength(before);
  expect(await readJobs(path, thisUser)).toMatchObject([{ layers: 60, complete: true }]);
});
