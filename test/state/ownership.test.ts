import { chmod, chown, lchown, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Journal } from '../../src/core/ports.ts';
import { readJobs } from '../../src/state/read-jobs.ts';
import { createStateFile } from '../../src/state/state-file.ts';
import { thisUser } from '../../src/this-process.ts';
import { scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { BLOB, JOB, layer } from '../support/state-job.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { testClock } from '../support/test-clock.ts';
import { testProcesses } from '../support/test-processes.ts';

let path: string;
let folder: string;
/** The user that the test pretends this process runs as. */
let user: number | undefined;
let warnings: string[];

beforeEach(async () => {
  folder = join(await tempFolder(), 'state');
  path = join(folder, 'state.json');
  user = thisUser;
  warnings = [];
});

const journal = (): Journal =>
  createStateFile({
    path,
    clock: testClock(),
    processes: testProcesses(),
    user,
    onWarning: (said) => warnings.push(said),
  });

/** Only root can change the owner of files. For any other user, the test pretends that the process runs as another one. */
async function giveAway(what: string): Promise<void> {
  if (thisUser === 0) await chown(what, OTHER, OTHER);
  else user = OTHER;
}
const OTHER = 65_534;
const owner = thisUser === 0 ? OTHER : thisUser;

describe('a state file', () => {
  test.each<[what: string, spoil: () => Promise<void>, reason: () => string]>([
    [
      'that every user can write',
      () => chmod(path, 0o606),
      () => `every user can write to it (mode 0606); delete it, or run chmod go-w ${path} if no other user`,
    ],
    [
      'that its group can write',
      () => chmod(path, 0o660),
      () => `its group can write to it (mode 0660); delete it, or run chmod go-w ${path} if no other user`,
    ],
    ['of another user', () => giveAway(path), () => `user ${owner} owns `],
    [
      'in a folder that every user can write to',
      () => chmod(folder, 0o777),
      () =>
        `every user can write to the folder ${folder} (mode 0777); use a folder of your own, or run chmod`,
    ],
    [
      'in a folder that its group can write to',
      () => chmod(folder, 0o2770),
      () => `its group can write to the folder ${folder} (mode 2770); use a folder of your own, or run chmod`,
    ],
    [
      'in a folder of another user',
      () => giveAway(folder),
      () => `user ${owner} owns the folder ${folder}; use a folder of your own`,
    ],
  ])(
    '%s is neither read nor written: one warning, the push goes on, status says the same',
    async (_, spoil, reason) => {
      const told = await scenario();
      await told.push({ journal: journal() });
      const sent = told.layerPatches().length;
      await spoil();
      const [before, text] = [await stat(path), await readFile(path, 'utf8')];

      const { manifestDigest } = await told.push({ journal: journal() });
      expect(told.tags).toEqual({ v1: manifestDigest });
      expect(told.layerPatches().length).toBe(sent + told.model.siblings.length);
      expect(warnings).toEqual([
        expect.stringContaining(`cannot use ${path}, going on without it: ${reason()}`),
      ]);
      expect([await readFile(path, 'utf8'), (await stat(path)).mtimeMs]).toEqual([text, before.mtimeMs]);
      expect(await readdir(folder)).toEqual(['state.json']);

      const error = await failureOf(readJobs(path, user));
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(reason()) });
    },
  );

  test('in a sticky folder, as /tmp is, is used', async () => {
    await mkdir(folder);
    await chmod(folder, 0o1777);
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toEqual(BLOB);
    expect(warnings).toEqual([]);
  });

  test('in a folder of its own is used, also where its group can write to the folder above', async () => {
    // As the root of a Kubernetes volume with `fsGroup` is.
    await mkdir(folder);
    await chmod(folder, 0o2775);
    path = join(folder, 'oci-modelcar', 'state.json');
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toEqual(BLOB);
    expect(warnings).toEqual([]);
  });

  test('that a link points at is judged by the folder it is in, also before it exists', async () => {
    await mkdir(folder);
    await chmod(folder, 0o777);
    const link = join(dirname(folder), 'link.json');
    await symlink(path, link);
    path = link;
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    expect(warnings).toEqual([expect.stringContaining(`every user can write to the folder ${folder}`)]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('behind a link is not used where others can point the link elsewhere', async () => {
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    const shared = join(dirname(folder), 'shared');
    await mkdir(shared);
    await chmod(shared, 0o770);
    await symlink(path, join(shared, 'link.json'));
    path = join(shared, 'link.json');
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(`its group can write to the folder ${shared}`)]);
  });

  // Only root may give links away.
  test.runIf(thisUser === 0).each(['state.json', 'new.json'])(
    'behind a link that another user made in a sticky folder is neither used nor made: %s',
    async (name) => {
      await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
      const shared = join(dirname(folder), 'tmp');
      await mkdir(shared);
      await chmod(shared, 0o1777);
      path = join(shared, name);
      await symlink(join(folder, name), path);
      await lchown(path, OTHER, OTHER);
      expect((await journal().open(JOB)).recordedLayer(layer('a'))).toBeUndefined();
      const why = `user ${OTHER} made the link ${path}, in a folder that every user can write to`;
      expect(warnings).toEqual([expect.stringContaining(`${why}; use a file of your own`)]);
      const error = await failureOf(readJobs(path, user));
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) });
      expect(await readdir(folder)).toEqual(['state.json']);
    },
  );

  test('that others may read is used', async () => {
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    await chmod(path, 0o644);
    await chmod(folder, 0o755);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toEqual(BLOB);
    expect(warnings).toEqual([]);
  });

  test('is used whatever its mode where the system has no user IDs', async () => {
    user = undefined;
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    await chmod(path, 0o666);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toEqual(BLOB);
    expect([warnings, await readJobs(path, user)]).toEqual([[], [expect.objectContaining({ layers: 1 })]]);
  });

  test('that others could write at first is read again once its mode is right', async () => {
    await (await journal().open(JOB)).recordLayer(layer('a'), BLOB);
    await chmod(path, 0o666);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toBeUndefined();
    await chmod(path, 0o600);
    expect((await journal().open(JOB)).recordedLayer(layer('a'))).toEqual(BLOB);
  });
});

test('a folder that a push makes for its state is closed to others, whatever the umask', async () => {
  const umask = process.umask(0);
  try {
    path = join(folder, 'deeper', 'state.json');
    await journal().open(JOB);
  } finally {
    process.umask(umask);
  }
  const modes = [dirname(dirname(path)), dirname(path), path].map(
    async (one) => (await stat(one)).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o700, 0o700, 0o600]);
});
