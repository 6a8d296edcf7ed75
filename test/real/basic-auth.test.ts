import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli, variablesOf } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { HTPASSWD, PASSWORD, USER } from './htpasswd-account.ts';
import { describePeers, peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/tiny-embedder';

describePeers(['docker-registry', 'skopeo'], 'a registry that wants a user and a password', () => {
  let hub: FakeHub;
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startDockerRegistry({ htpasswd: HTPASSWD });
    hub = await startFakeHub({ repos: [demoRepo(MODEL)] });
  });

  afterAll(async () => {
    await hub?.close();
    await registry?.stop();
  });

  function push(repository: string, env: Record<string, string>, ...flags: string[]): Promise<CliRun> {
    const args = ['push', MODEL, `${registry.host}/${repository}:v1`, ...flags];
    return runCli(args, { env: { HF_ENDPOINT: hub.endpoint, ...env } });
  }

  test.each([
    ['streamed', []],
    ['in chunks by four workers', ['--chunk-mib', '1', '--workers', '4']],
  ])('gets a model %s from who knows both', async (how, flags) => {
    const repository = how.replaceAll(' ', '-');
    const run = await push(repository, { OCI_USERNAME: USER, OCI_PASSWORD: PASSWORD }, ...flags);
    expect(run).toMatchObject({ code: 0 });
    const args = ['inspect', '--tls-verify=false', `--creds=${USER}:${PASSWORD}`, '--format={{.Digest}}'];
    const reference = `docker://${registry.host}/${repository}:v1`;
    const { stdout } = await runCommand(peerPath('skopeo'), [...args, reference]);
    expect(stdout.trim()).toBe(variablesOf(run).MANIFESTDIGEST);
  });

  test('turns down a wrong password: exit code 3, nothing of it is shown', async () => {
    const wrong = secret('wrong password');
    const run = await push('refused', { OCI_USERNAME: USER, OCI_PASSWORD: wrong });
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain(registry.host);
  });

  test('turns down who has no account: exit code 3, and the hint names the variables', async () => {
    const run = await push('refused', {});
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain('OCI_USERNAME');
  });
});
