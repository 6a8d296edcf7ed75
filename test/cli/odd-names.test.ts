import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { bytes, type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { someBytes } from '../support/byte-sources.ts';
import { hubCache } from '../support/hub-cache.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Members that every JavaScript object has, which some parsers drop as dangerous. */
const ODD = ['__proto__', 'constructor', 'prototype', 'toString', '__defineGetter__'];
const NAMES = ['vocab.json', ...ODD].sort();
const FILES = Object.fromEntries(NAMES.map((name, seed) => [name, someBytes(300_000 + seed)]));
const WHOLE = Object.values(FILES).reduce((sum, { length }) => sum + length, 0);

let hub: FakeHub;
let registry: FakeRegistry;
let env: Record<string, string>;

beforeEach(async () => {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([name, content]) => [name, bytes(content, { lfs: true })]),
  );
  hub = await startFakeHub({ repos: [{ id: 'acme/odd', files }] });
  registry = await startFakeRegistry({ personality: 'dist3' });
  env = { HF_ENDPOINT: hub.endpoint, STATE_FILE: join(await tempFolder(), 'state.json') };
  onTestFinished(async () => {
    await Promise.all([hub.close(), registry.close()]);
  });
});

const image = (name = 'odd') => `${registry.host}/acme/${name}:v1`;
const push = (...args: string[]) =>
  runCli(['push', 'acme/odd', image(), '--allow-patterns', '*', '--layer-prefix', '', ...args], { env });
const pushed = (run: { readonly stderr: string }) =>
  [...run.stderr.matchAll(/\] pushed +(\S+)/g)].map(([, name]) => name).sort();

/** The paths of the image's layers. */
function paths(): readonly string[] {
  const digest = registry.tags('acme/odd').get('v1') ?? '';
  const { layers } = JSON.parse(String(registry.manifests('acme/odd').get(digest)?.bytes));
  return layers.map(({ annotations }: { annotations: object }) => Object.values(annotations)[0]).sort();
}

test('files named like members of objects are pushed and recorded, and a second push sends none of them', async () => {
  expect((await push()).code).toBe(0);
  expect(paths()).toEqual(NAMES);
  const state = JSON.parse(await readFile(env.STATE_FILE ?? '', 'utf8'));
  const [job] = Object.values<{ layers: object }>(state.jobs);
  expect(Object.keys(job?.layers ?? {}).sort()).toEqual(NAMES);
  const [sent, read] = [registry.bytesReceived, hub.bytesSent()];
  const again = await push();
  expect([again.code, pushed(again), registry.bytesReceived - sent]).toEqual([0, [], 0]);
  expect(hub.bytesSent() - read).toBeLessThan(10_000);
  const status = await runCli(['status', '--json'], { env });
  expect(JSON.parse(status.stdout).jobs).toMatchObject([{ layers: NAMES.length, complete: true }]);
  expect((await runCli(['validate', image()], { env })).code).toBe(0);
});

test.each(ODD)(
  'a push killed while it sends a file named %s resumes and sends the rest once',
  async (name) => {
    hub.addFault({ on: 'cdn', path: name, kind: 'stall', afterBytes: 200_000, seconds: 120 });
    const killed = runCli(['push', 'acme/odd', image(), '--allow-patterns', '*', '--layer-prefix', ''], {
      env,
      kill: {
        signal: 'SIGKILL',
        when: () =>
          expect
            .poll(() => readFile(env.STATE_FILE ?? '', 'utf8').catch(() => ''))
            .toMatch(new RegExp(`"sessions": {\\s+"${name}"`)),
      },
    });
    expect((await killed).code).toBe('SIGKILL');
    hub.clearFaults();
    const again = await push();
    expect(again.code).toBe(0);
    // Documents, tar headers and requests without a body are small; a file would not be.
    expect(registry.bytesReceived).toBeLessThan(WHOLE + 50_000);
    expect(pushed(again)).toEqual(NAMES.slice(NAMES.indexOf(name)));
    expect(paths()).toEqual(NAMES);
  },
);

test('a cache that lists files named like members of objects is pushed whole', async () => {
  await push();
  const commit = hub.commitOf('acme/odd');
  const { folder } = await hubCache({ name: 'acme/odd', commit, files: FILES });
  env = { ...env, HF_HUB_CACHE: folder, HF_HUB_OFFLINE: '1' };
  const run = await push('--source', 'cache', '--force');
  expect([run.code, paths()]).toEqual([0, NAMES]);
});
