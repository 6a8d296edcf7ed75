import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { zeros } from '../src/core/bytes.ts';
import { tarLayer } from '../src/core/tar-layer.ts';
import { parseImageReference } from '../src/index.ts';
import type { PreferredFraming } from '../src/registry/upload/framing.ts';
import { type FakeHub, json, synthetic, text } from './fakes/hub/fake-hub.ts';
import type { PersonalityName } from './fakes/registry/personalities.ts';
import { someBytes, watched } from './support/byte-sources.ts';
import { localPush } from './support/local-push.ts';
import { layerOf, scenario } from './support/push-scenario.ts';
import { readAll } from './support/read-all.ts';
import { failureOf } from './support/rejection.ts';
import { runCli } from './support/run-cli.ts';
import { tarMembers } from './support/tar-members.ts';
import { tempFolder } from './support/temp-folder.ts';

/*
 * What the Python tool (https://pypi.org/project/oci-modelcar/) did wrong, one test each: (a) to (j) in 0.4.1, (k) to (r)
 * in 1.x. Most of it is proved in depth elsewhere; here is that none of it came along.
 */

const MODEL = 'acme/llama';
const FILES = {
  'config.json': json({ model_type: 'llama' }),
  'model.safetensors': synthetic({ size: 300_000, seed: 1 }),
  'tokenizer.json': json({ version: '1.0' }),
};

const tempState = async () => join(await tempFolder(), 'state.json');

/** The files whose bytes the Hub has sent since the log was last cleared. */
const read = ({ requests }: FakeHub): readonly string[] => {
  const sent = requests({ method: 'GET' }).filter(({ bytesSent }) => bytesSent > 0);
  return [...new Set(sent.map(({ file }) => file ?? ''))].filter((file) => file !== '');
};

test('(a) nested files with the same basename both arrive: 1_Pooling/config.json beside config.json', async () => {
  const files = { '1_Pooling/config.json': text('{"pooling":1}'), 'config.json': text('{"config":1}') };
  const { push, layers } = await localPush({ repos: [{ id: MODEL, files }] });
  await push(MODEL, { allowPatterns: ['*'] });
  expect(layers(MODEL).flatMap(tarMembers)).toEqual([
    { path: 'models/1_Pooling/config.json', content: '{"pooling":1}' },
    { path: 'models/config.json', content: '{"config":1}' },
  ]);
});

test('(b) a blob that the registry has cleaned away is pushed again, with --force and without', async () => {
  const { hub, registry, push } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const stateFile = await tempState();
  const first = await push(MODEL, { stateFile });
  const { digest: lost } = await layerOf('models/tokenizer.json', Buffer.from('{\n  "version": "1.0"\n}\n'));
  for (const force of [false, true]) {
    registry.dropBlob(MODEL, lost);
    hub.clearLog();
    const { transfer: _, ...again } = await push(MODEL, { stateFile, force });
    expect(first).toMatchObject(again);
    expect(registry.readBlob(MODEL, lost)).toBeDefined();
    expect(read(hub)).toContain('tokenizer.json');
    expect(read(hub).includes('model.safetensors')).toBe(force);
  }
});

test('(c) other filters, another prefix and another tag after a completed push are not a silent no-op', async () => {
  const { registry, push } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const stateFile = await tempState();
  const digests = [
    await push(MODEL, { stateFile }),
    await push(MODEL, { stateFile, ignorePatterns: ['tokenizer.json'] }),
    await push(MODEL, { stateFile, layerPrefix: 'weights/' }),
  ].map(({ manifestDigest }) => manifestDigest);
  expect(new Set(digests).size).toBe(3);
  expect(registry.tags(MODEL).get('v1')).toBe(digests[2]);
  await push(MODEL, { stateFile, alsoTags: ['latest'] });
  expect(Object.fromEntries(registry.tags(MODEL))).toEqual({ v1: digests[0], latest: digests[0] });
});

test('(c) the same model from another Hub is another job', async () => {
  const one = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const files = { ...FILES, 'config.json': json({ model_type: 'other' }) };
  const two = await localPush({ repos: [{ id: MODEL, files }] });
  const stateFile = await tempState();
  const first = await one.push(MODEL, { stateFile });
  const second = await one.push(MODEL, { stateFile, hub: { endpoint: two.hub.endpoint } });
  expect(second.manifestDigest).not.toBe(first.manifestDigest);
  expect(read(two.hub)).toContain('config.json');
});

test('(d) a job that is already complete asks the registry for every blob', async () => {
  const { registry, push, layers } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const stateFile = await tempState();
  await push(MODEL, { stateFile });
  const asked = registry.log.length;
  await push(MODEL, { stateFile });
  const heads = registry.log.slice(asked).filter(({ pathClass }) => pathClass === 'blob-head');
  expect(new Set(heads.map(({ reference }) => reference)).size).toBe(layers(MODEL).length + 1);
});

test.each<[PersonalityName, PreferredFraming]>([
  ['ghcr', 'stream'],
  ['ghcr', 8 * 2 ** 20],
  ['gar', 'stream'],
  ['ecr', 'stream'],
])('(e) a layer over 8 MiB arrives at %s, sent as %s', async (personality, framing) => {
  const bytes = someBytes(20 * 2 ** 20);
  const told = await scenario({ personality, framing, files: { 'model.safetensors': bytes } });
  const { manifestDigest } = await told.push();
  const layer = await layerOf('model.safetensors', bytes);
  expect(told.registry.readBlob(MODEL, layer.digest)?.equals(layer.bytes)).toBe(true);
  expect(told.tags).toEqual({ v1: manifestDigest });
});

test('(f) the commit is a request of its own, and is retried', async () => {
  const faults = [{ on: 'upload-put', times: 2, answer: { status: 503 } } as const];
  const told = await scenario({ faults });
  await told.push();
  const [layer, puts] = [told.layerPatches(), told.requests('upload-put')];
  expect(layer).toHaveLength(1); // no byte was sent twice
  // The last one is the config's, which is small and goes with it.
  expect(puts.map(({ bytesReceived }) => bytesReceived > 0)).toEqual([false, false, false, true]);
  expect(told.registry.pendingFaults).toEqual([]);
});

test('(g) a relative Location is resolved', async () => {
  const on = ['upload-post', 'upload-patch'] as const;
  const told = await scenario({ faults: [{ on, times: Infinity, location: 'relative' }] });
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
});

test('(h) the content is checked against the hash that the Hub promised', async () => {
  const told = await scenario();
  told.model.replace('model.safetensors', watched(someBytes(1_000_000, 2)));
  expect(await failureOf(told.push())).toMatchObject({ code: 'CONTENT_MISMATCH' });
  expect(told.tags).toEqual({});
});

test('(i) a listing of several pages is read to its end', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `part-${String(index).padStart(2, '0')}.json`);
  const files = Object.fromEntries(names.map((name) => [name, text(`{"${name}":1}`)]));
  const { push, layers } = await localPush({ repos: [{ id: MODEL, files }], pageSize: 10 });
  await push(MODEL, { allowPatterns: ['*'] });
  expect(
    layers(MODEL)
      .flatMap(tarMembers)
      .map(({ path }) => path),
  ).toEqual(names.map((name) => `models/${name}`));
});

test('(j) the default keeps what a server needs: chat_template.jinja, *.py, *.tiktoken', async () => {
  const needed = ['chat_template.jinja', 'configuration_llama.py', 'qwen.tiktoken'];
  const files = { ...FILES, ...Object.fromEntries(needed.map((name) => [name, text(name)])) };
  const { plan } = await localPush({ repos: [{ id: MODEL, files }] });
  const paths = (await plan(MODEL)).layers.map(({ sibling }) => sibling.path);
  expect(paths).toEqual(expect.arrayContaining(needed));
});

test.each(['model-Q4_K_M.gguf', 'pytorch_model.bin'])(
  '(j) %s is pushed when a pattern asks for it',
  async (name) => {
    const files = { ...FILES, [name]: synthetic({ size: 1000 }) };
    const { plan } = await localPush({ repos: [{ id: MODEL, files }] });
    const paths = (await plan(MODEL, { allowPatterns: [name] })).layers.map(({ sibling }) => sibling.path);
    expect(paths).toEqual([name]);
  },
);

test('(k) two fine-tunes with files of the same names and sizes share no bytes', async () => {
  const tuned = (seed: number) => ({ ...FILES, 'model.safetensors': synthetic({ size: 300_000, seed }) });
  const repos = ['acme/one', 'acme/two'].map((id, seed) => ({ id, files: tuned(seed) }));
  const { registry, push, layers } = await localPush({ repos });
  const stateFile = await tempState();
  const target = parseImageReference(`${registry.host}/acme/both`).location;
  for (const { id } of repos) await push(id, { stateFile, target, tag: id.slice(5) });
  const [one, two] = ['one', 'two'].map((tag) => layers('acme/both', tag));
  expect(one?.map((layer, index) => layer.equals(two?.[index] ?? layer))).toEqual([true, false, true]);
});

test('(l) a tag that is pushed again brings the new content of a file with the old name and size', async () => {
  const { hub, push, layers } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const stateFile = await tempState();
  await push(MODEL, { stateFile });
  hub.putFile(MODEL, 'main', 'config.json', json({ model_type: 'gemma' }));
  await push(MODEL, { stateFile });
  const config = layers(MODEL).flatMap(tarMembers)[0];
  expect(config?.content).toContain('gemma');
});

test('(m) a tag is written last, and a push that fails leaves it where it was', async () => {
  const { hub, registry, push } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const { manifestDigest } = await push(MODEL, { alsoTags: ['latest'] });
  const writes = registry.log.filter(({ method }) => ['POST', 'PATCH', 'PUT'].includes(method));
  expect(writes.slice(-3).map(({ reference }) => reference)).toEqual([manifestDigest, 'v1', 'latest']);
  hub.putFile(MODEL, 'main', 'config.json', json({ model_type: 'gemma' }));
  registry.addFault({ on: 'manifest-put', answer: { status: 400 } });
  expect((await failureOf(push(MODEL, { alsoTags: ['latest'] }))).code).toBe('REJECTED');
  expect(Object.fromEntries(registry.tags(MODEL))).toEqual({ v1: manifestDigest, latest: manifestDigest });
});

test('(n) a dry run stores nothing at the registry and writes nothing on disk', async () => {
  const { hub, registry } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const args = ['push', MODEL, `${registry.host}/${MODEL}:v1`, '--dry-run'];
  const run = await runCli(args, { env: { HF_ENDPOINT: hub.endpoint } });
  expect(run).toMatchObject({ code: 0, filesLeft: [] });
  expect([registry.blobs.size, registry.manifests(MODEL).size, registry.openSessions]).toEqual([0, 0, 0]);
});

test('(o) with force nothing is pushed that names what is not there', async () => {
  const { registry, push } = await localPush({ repos: [{ id: MODEL, files: FILES }] });
  const stateFile = await tempState();
  await push(MODEL, { stateFile });
  await push(MODEL, { stateFile, force: true });
  for (const { bytes } of registry.manifests(MODEL).values()) {
    const { config, layers, subject } = JSON.parse(String(bytes));
    expect(subject).toBeUndefined();
    for (const { digest } of [config, ...layers]) expect(registry.readBlob(MODEL, digest)).toBeDefined();
  }
});

describe('(p) the size of a layer of 8 GiB and more in the layout of the Python tool', () => {
  const GIB_8 = 8 * 2 ** 30;
  const HEADERS = 3 * 512; // the PAX header, its records, and the header itself
  const cases = Array.from({ length: 20 }, (_, blocks) => blocks).flatMap((blocks) => [
    GIB_8 + blocks * 512,
    GIB_8 + blocks * 512 + 1,
  ]);

  test.each(cases)('is right for a file of %d bytes', async (size) => {
    const layer = tarLayer('models/m.safetensors', zeros(size), 'reference');
    const end = HEADERS + Math.ceil(size / 512) * 512 + 2 * 512;
    expect(layer.size).toBe(Math.ceil(end / 10_240) * 10_240);
    const rest = await readAll(layer, HEADERS + size);
    expect(HEADERS + size + rest.length).toBe(layer.size);
  });
});

test('(q) Ctrl-C stops the download too', async () => {
  const files = { 'model.safetensors': synthetic({ size: 64 * 2 ** 20 }) };
  const { hub, registry } = await localPush({ repos: [{ id: MODEL, files }] }, { personality: 'dist3' });
  hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: 8 * 2 ** 20, seconds: 120 });
  const run = await runCli(['push', MODEL, `${registry.host}/${MODEL}:v1`], {
    env: { HF_ENDPOINT: hub.endpoint },
    kill: {
      signal: 'SIGINT',
      when: () => expect.poll(() => registry.bytesReceived).toBeGreaterThan(2 ** 20),
    },
  });
  expect(run.code).toBe(130);
  await expect
    .poll(() => hub.requests({ origin: 'cdn' }).map(({ outcome }) => outcome))
    .toEqual(['client went away']);
});

test('(q) a build of Azure Pipelines is known by TF_BUILD', async () => {
  const { hub, registry } = await localPush({ repos: [{ id: MODEL, files: { 'config.json': text('{}') } }] });
  const env = { HF_ENDPOINT: hub.endpoint, TF_BUILD: 'True', ALLOW_PATTERNS: '*' };
  const run = await runCli(['push', MODEL, `${registry.host}/${MODEL}:v1`], { env });
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(
    /^##vso\[task\.setvariable variable=manifestDigest;isOutput=true\]sha256:[0-9a-f]{64}$/m,
  );
});

test('(r) a list flag takes several words, commas, and repeats', async () => {
  const names = ['README.md', 'a.txt', 'b.txt', 'c.onnx', 'd.h5', 'e.msgpack', 'keep.json'];
  const files = Object.fromEntries(names.map((name) => [name, text(name)]));
  const { hub, registry, layers } = await localPush({ repos: [{ id: MODEL, files }] });
  const flags = ['*.md, *.txt,*.onnx', '*.h5,*.msgpack'].flatMap((words) => ['--ignore-patterns', words]);
  const env = { HF_ENDPOINT: hub.endpoint, ALLOW_PATTERNS: '*' };
  const run = await runCli(['push', MODEL, `${registry.host}/${MODEL}:v1`, ...flags], { env });
  expect(run.code).toBe(0);
  expect(layers(MODEL).flatMap(tarMembers)).toEqual([{ path: 'models/keep.json', content: 'keep.json' }]);
});
