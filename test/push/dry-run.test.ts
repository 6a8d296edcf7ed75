import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { text } from '../fakes/hub/fake-hub.ts';
import { localPush } from '../support/local-push.ts';
import { runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MODEL = 'acme/tiny';
const REPOS = { repos: [{ id: MODEL, files: { 'config.json': text('{}') } }] };
const ada = { username: 'ada', password: secret('password') };

function account(password: string) {
  const credentials = { kind: 'account', username: ada.username, password } as const;
  return { registry: { credentials: async () => ({ credentials, origin: 'the test' }), retries: 0 } };
}

describe('a dry run', () => {
  test.each(['basic', 'bearer'] as const)(
    'with an account that may push finds no refusal at a registry with %s, and cancels the upload it opened',
    async (kind) => {
      const { plan, registry } = await localPush(REPOS, { auth: { kind, ...ada } });
      expect(await plan(MODEL, account(ada.password))).toMatchObject({ refusal: undefined });
      const asked = registry.log.map(({ pathClass }) => pathClass);
      // A token for pull and push does not cover the DELETE at distribution, which then discards the empty upload later.
      expect(asked).toContain('upload-delete');
      expect(registry.blobs.size).toBe(0);
    },
  );

  test('names the tags that exist, and whether they will move', async () => {
    const { plan, push } = await localPush(REPOS);
    const { manifestDigest } = await push(MODEL);
    const { tagsFound } = await plan(MODEL, { alsoTags: ['new'], ignorePatterns: ['none'] });
    expect(tagsFound).toEqual([{ tag: 'v1', digest: manifestDigest, outlook: expect.any(String) }]);
    const moving = await plan(MODEL, { tarLayout: 'reference' });
    expect(moving.tagsFound).toMatchObject([{ tag: 'v1', outlook: 'moves' }]);
  });

  test('does not wait for a registry that fails to cancel the upload', async () => {
    const { plan, registry } = await localPush(REPOS);
    registry.addFault({ on: 'upload-delete', answer: { status: 503 } });
    expect(await plan(MODEL)).toMatchObject({ refusal: undefined });
    expect(registry.log.filter(({ pathClass }) => pathClass === 'upload-delete')).toHaveLength(1);
  });

  test('with a wrong password has the plan and the refusal', async () => {
    const { plan } = await localPush(REPOS, { auth: { kind: 'basic', ...ada } });
    const found = await plan(MODEL, account(secret('wrong')));
    expect(found.layers).toHaveLength(1);
    expect(found.refusal).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('with an account that may only pull has the refusal', async () => {
    const { plan, registry } = await localPush(REPOS);
    registry.addFault({ on: 'upload-post', answer: { status: 403 } });
    expect((await plan(MODEL)).refusal).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('shows the plan and then the refusal, and ends with the exit code of the push', async () => {
    const { hub, registry } = await localPush(REPOS, { auth: { kind: 'basic', ...ada } });
    const args = ['push', MODEL, `${registry.host}/${MODEL}:v1`, '--dry-run'];
    const run = (...more: string[]) => runCli([...args, ...more], { env: { HF_ENDPOINT: hub.endpoint } });
    const people = await run();
    expect(people.code).toBe(3);
    expect(people.stderr).toMatch(
      /would be pushed as.*does not accept this push:\nerror: [^\n]*\(UNAUTHORIZED\)/s,
    );
    const machine = await run('--json');
    expect(machine.code).toBe(3);
    expect(JSON.parse(machine.stdout)).toMatchObject({
      type: 'plan',
      files: 1,
      refusal: { code: 'UNAUTHORIZED', exitCode: 3 },
    });
  });

  test('into a layout that holds something else has the refusal, and changes nothing', async () => {
    const { plan } = await localPush(REPOS);
    const folder = await tempFolder();
    await writeFile(join(folder, 'index.json'), '[]');
    const { refusal } = await plan(MODEL, { target: { kind: 'layout', folder } });
    expect(refusal).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('index.json') });
    expect(await readdir(folder)).toEqual(['index.json']);
  });

  test('into a folder that cannot be created has the refusal', async () => {
    const { plan } = await localPush(REPOS);
    const file = join(await tempFolder(), 'file');
    await writeFile(file, '');
    const { refusal } = await plan(MODEL, { target: { kind: 'layout', folder: join(file, 'layout') } });
    expect(refusal).toMatchObject({ code: 'REJECTED' });
  });
});
