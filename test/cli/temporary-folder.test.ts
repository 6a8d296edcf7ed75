import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/*
 * Any user can create a predictable folder in /tmp first, and then owns what others store there. The compile cache of
 * Node 22.8 and later is such a folder: a command that enables it there may run the code of another user.
 */

let hub: FakeHub;
let registry: FakeRegistry;
let shared: string;

beforeAll(async () => {
  const large = (seed: number) => synthetic({ size: 400_000, seed });
  const files = { 'config.json': text('{}'), 'a.safetensors': large(1), 'b.safetensors': large(2) };
  hub = await startFakeHub({ repos: [{ id: 'acme/llama', files }] });
  registry = await startFakeRegistry();
  expect(await runCli(['push', 'acme/llama', image()], { env: env() })).toMatchObject({ code: 0 });
});
afterAll(() => Promise.all([hub.close(), registry.close()]));

beforeEach(async () => {
  shared = await tempFolder();
  await chmod(shared, 0o1777);
});

const image = (): string => `${registry.host}/acme/llama:v1`;
const env = () => ({ HF_ENDPOINT: hub.endpoint });

test.each<[what: string, args: () => Promise<string[]>]>([
  ['a push to a registry', async () => ['push', 'acme/llama', image(), '--force']],
  ['a push by two threads', async () => ['push', 'acme/llama', image(), '--force', '--workers', '2']],
  ['a push into a layout', async () => ['push', 'acme/llama', `oci:${join(await tempFolder(), 'image')}:v1`]],
  ['a dry run', async () => ['push', 'acme/llama', image(), '--dry-run']],
  ['status', async () => ['status']],
  ['status of a repository', async () => ['status', `${registry.host}/acme/llama`]],
  ['validate', async () => ['validate', image()]],
  ['completion', async () => ['completion', 'bash']],
  ['help', async () => ['help', 'push']],
])('%s leaves the shared temporary folder empty', async (_, args) => {
  const run = await runCli(await args(), { env: { ...env(), TMPDIR: shared } });
  expect(run).toMatchObject({ code: 0 });
  expect(await readdir(shared)).toEqual([]);
});
