import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MODEL = 'acme/small';
let hub: FakeHub;
let registry: FakeRegistry;
let state: string;
let digest: string;

beforeEach(async () => {
  hub = await startFakeHub({
    repos: [{ id: MODEL, files: { 'config.json': text('{}'), 'a.json': text('1') } }],
  });
  registry = await startFakeRegistry();
  state = join(await tempFolder(), 'state.json');
  onTestFinished(async () => {
    await Promise.all([hub.close(), registry.close()]);
  });
  const args = ['push', MODEL, `${registry.host}/${MODEL}:v1`, '--state-file', state, '--also-tag', 'latest'];
  digest = variablesOf(await runCli(args, { env: { HF_ENDPOINT: hub.endpoint } })).MANIFESTDIGEST ?? '';
});

describe('status', () => {
  test('lists what was pushed, from the flag or the variable', async () => {
    const line = new RegExp(
      `^${MODEL}@[0-9a-f]{12} +-> +${registry.host}/${MODEL}:v1 .*complete .* ${digest}\\n$`,
      's',
    );
    expect(await runCli(['status', '--state-file', state])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(line),
      stderr: '',
    });
    const { stdout } = await runCli(['status', '--json'], { env: { STATE_FILE: state } });
    expect(JSON.parse(stdout)).toMatchObject({
      jobs: [{ model: MODEL, complete: true, manifestDigest: digest, tags: ['v1', 'latest'], layers: 2 }],
    });
  });

  test('says that nothing was written down where there is no file', async () => {
    const run = await runCli(['status'], { env: { STATE_FILE: `${state}.none` } });
    expect(run).toMatchObject({ code: 0, stdout: `no jobs in ${state}.none\n` });
  });

  test('lists the tags of a repository and what they point at', async () => {
    const run = await runCli(['status', `${registry.host}/${MODEL}`]);
    expect([run.code, run.stdout]).toEqual([0, `latest  ${digest}\nv1      ${digest}\n`]);
  });

  test('a repository that is not there, and a tag, are errors', async () => {
    expect((await runCli(['status', `${registry.host}/acme/nothing`])).code).toBe(4);
    expect((await runCli(['status', `${registry.host}/${MODEL}:v1`])).code).toBe(2);
  });

  test.each([':v1', `@sha256:${'0'.repeat(64)}`])(
    '%s after the repository is refused as one image',
    async (name) => {
      expect(await runCli(['status', `${registry.host}/${MODEL}${name}`])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(
          'status lists all tags of a repository, and this names one image of it',
        ),
      });
    },
  );
});

describe('validate', () => {
  const validate = (...args: string[]) => runCli(['validate', ...args]);

  test('says that a whole image is whole, by tag, by digest and by flags', async () => {
    const repository = `${registry.host}/${MODEL}`;
    for (const run of [
      await validate(`${repository}:v1`),
      await validate(`${repository}@${digest}`),
      await validate('--registry', registry.host, '--target-repo', MODEL, '--target-tag', 'v1'),
    ]) {
      expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^OK .*sha256:.* 3 blobs/) });
    }
  });

  test('names every blob that is gone, and ends with 5', async () => {
    const { stdout } = await validate(`${registry.host}/${MODEL}:v1`, '--json');
    const { blobs } = JSON.parse(stdout);
    for (const blob of blobs) registry.dropBlob(MODEL, blob.digest);
    const run = await validate(`${registry.host}/${MODEL}:v1`);
    expect(run.code).toBe(5);
    for (const blob of blobs) expect(run.stdout).toMatch(new RegExp(`${blob.digest}.* is not there`));
    expect(run.stdout).toMatch(/^BROKEN .*3 problems$/m);
  });

  test('a tag that is not there ends with 4, none at all with 2', async () => {
    expect((await validate(`${registry.host}/${MODEL}:v9`)).code).toBe(4);
    expect((await validate(`${registry.host}/${MODEL}`)).code).toBe(2);
    expect((await validate()).code).toBe(2);
  });
});
