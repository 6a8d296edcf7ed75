import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type PushEvent, type PushOptions, type PushResult, planPush, pushModel } from '../../src/index.ts';
import { demoModelFiles, demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { extraFile } from '../fakes/hub/listing-lies.ts';
import { failureOf } from '../support/rejection.ts';
import { everythingIn, SECRETS, TOKEN } from './hub-world.ts';

async function demoHub(): Promise<FakeHub> {
  const hub = await startFakeHub({
    repos: [{ ...demoRepo(), private: true }],
    tokens: { [TOKEN]: { user: 'jane', reads: ['acme/tiny-embedder'] } },
  });
  onTestFinished(() => hub.close());
  return hub;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oci-modelcar-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Options {
  readonly workers?: number;
  readonly events?: PushEvent[];
}

function push(hub: FakeHub, folder: string, { workers = 2, events = [] }: Options = {}): Promise<PushResult> {
  return pushModel({
    model: 'acme/tiny-embedder',
    target: { kind: 'layout', folder },
    hub: { endpoint: hub.endpoint, token: TOKEN },
    workers,
    onEvent: (event) => events.push(event),
  });
}

const indexOf = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'index.json'), 'utf8').catch(() => '{"manifests":[]}'));

test('the same model gives the same manifest, whatever happens on the way', async () => {
  const hub = await demoHub();
  const [first, second] = [await emptyFolder(), await emptyFolder()];
  const calm = await push(hub, first);
  const events: PushEvent[] = [];
  hub.addFault({ on: 'cdn', kind: 'reset', afterBytes: 100_000 });
  hub.addFault({ on: 'cdn', nth: 2, kind: 'status', status: 403 });
  hub.addFault({ on: 'resolve-cache', kind: 'cut', afterBytes: 10, times: 2 });
  const rough = await push(hub, second, { workers: 1, events });
  expect(rough.manifestDigest).toBe(calm.manifestDigest);
  expect(events.filter(({ type }) => type.endsWith('-retrying')).length).toBeGreaterThanOrEqual(4);
  expect((await indexOf(second)).manifests).toEqual([
    expect.objectContaining({ digest: calm.manifestDigest }),
  ]);
  expect((await push(hub, first)).manifestDigest).toBe(calm.manifestDigest);
  expect(hub.leaks()).toEqual([]);
  expect(hub.requests({ on: 'resolve' }).filter(({ range }) => range !== undefined)).toEqual([]);
});

test.each(['model.safetensors', 'config.json', '1_Pooling/config.json'])(
  'one wrong bit in %s and nothing is tagged',
  async (path) => {
    const hub = await demoHub();
    hub.addFault({ on: ['cdn', 'resolve-cache'], path, kind: 'flip-byte', at: 20, times: Infinity });
    const folder = await emptyFolder();
    const error = await failureOf(push(hub, folder));
    const words = new RegExp(
      `(?:^|: )${path} from the Hub .*expected (sha256|git-sha1) [0-9a-f]+, got [0-9a-f]+$`,
    );
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringMatching(words) });
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect((await indexOf(folder)).manifests).toEqual([]);
    const left = await readdir(folder, { recursive: true });
    expect(
      left.filter((name) => !/^(oci-layout|index\.json|blobs(\/sha256(\/[0-9a-f]{64})?)?)$/.test(name)),
    ).toEqual([]);
  },
);

test('a listing with a path outside the model is refused, and the push never asks for that file', async () => {
  const hub = await demoHub();
  hub.addFault({
    on: 'tree',
    kind: 'edit-json',
    edit: extraFile('../../etc/cron.d/x.json'),
    times: Infinity,
  });
  const folder = await emptyFolder();
  const options: PushOptions = {
    model: 'acme/tiny-embedder',
    target: { kind: 'layout', folder },
    hub: { endpoint: hub.endpoint, token: TOKEN },
  };
  for (const work of [planPush, pushModel]) {
    const error = await failureOf(work(options));
    expect(error).toMatchObject({
      code: 'REJECTED',
      message: expect.stringContaining('../../etc/cron.d/x.json'),
    });
  }
  expect(hub.log.filter(({ path }) => path.includes('cron'))).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test('a plan names every file of the model, those left out with the reason, and reads no weights', async () => {
  const hub = await demoHub();
  const folder = await emptyFolder();
  const events: PushEvent[] = [];
  const plan = await planPush({
    onEvent: (event) => events.push(event),
    model: 'acme/tiny-embedder',
    revision: 'v1.0',
    target: { kind: 'layout', folder },
    hub: { endpoint: hub.endpoint, token: TOKEN },
  });
  const names = [...plan.layers.map(({ sibling }) => sibling.path), '.gitattributes'];
  expect(names.sort()).toEqual(Object.keys(demoModelFiles()).sort());
  const { code, reason, siblings } = plan.leftOut[0] ?? {};
  expect([plan.leftOut.length, siblings?.map(({ path }) => path)]).toEqual([1, ['.gitattributes']]);
  expect(events).toEqual([
    expect.objectContaining({ type: 'model-resolved', files: plan.layers.length }),
    { type: 'files-left-out', code, reason, files: 1, size: siblings?.[0]?.size },
  ]);
  expect(plan.tags).toEqual([hub.commitOf('acme/tiny-embedder').slice(0, 12)]);
  expect(hub.requests({ origin: 'cdn' })).toEqual([]);
});
