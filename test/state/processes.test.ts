import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createStateFile } from '../../src/state/state-file.ts';
import { systemClock } from '../../src/system-clock.ts';
import { systemProcesses, thisUser } from '../../src/this-process.ts';
import { BLOB, JOB, layer } from '../support/state-job.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CHILD = fileURLToPath(new URL('../support/journal-child.mjs', import.meta.url));
const LAYERS = 8;

/** Writes a job down as a process of its own; killed, if ever, as soon as it has said so many layers. */
async function writer(path: string, model: string, killAfter?: number): Promise<readonly string[]> {
  const layers = killAfter === undefined ? LAYERS : 1_000_000;
  const child = spawn(process.execPath, [CHILD, path, model, String(layers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === killAfter) child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  expect([code, signal]).toEqual(killAfter === undefined ? [0, null] : [null, 'SIGKILL']);
  return said;
}

test('of many processes on one file, some of them killed, every layer that was written down is there', async () => {
  const folder = await tempFolder();
  const path = join(folder, 'state.json');
  const models = Array.from({ length: 6 }, (_, index) => ({
    model: `acme/model-${index}`,
    killAfter: index % 2 === 0 ? 1 + index : undefined,
  }));
  const said = await Promise.all(models.map(({ model, killAfter }) => writer(path, model, killAfter)));
  expect(said.flat().filter((line) => !line.startsWith('layer-'))).toEqual([]);

  const journal = createStateFile({
    path,
    clock: systemClock,
    processes: systemProcesses,
    user: thisUser,
    onWarning: expect.fail,
  });
  for (const [index, { model, killAfter }] of models.entries()) {
    const lines = said[index] ?? [];
    expect(lines.length).toBeGreaterThanOrEqual(killAfter ?? LAYERS);
    const records = await journal.open({ ...JOB, model });
    expect(lines.filter((name) => records.recordedLayer(layer(name)) === undefined)).toEqual([]);
    expect(records.recordedLayer(layer('layer-0'))).toEqual(BLOB);
  }
  // What the killed ones left of their last write is gone too.
  expect(await readdir(folder)).toEqual(['state.json']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
