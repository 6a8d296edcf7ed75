import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { HTPASSWD } from './htpasswd-account.ts';
import { describePeers } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';

const MODEL = 'acme/tiny-embedder';
let hub: FakeHub;

beforeAll(async () => {
  hub = await startFakeHub({ repos: [demoRepo(MODEL)] });
});

afterAll(() => hub?.close());

const push = (host: string, env: Record<string, string> = {}): Promise<CliRun> =>
  runCli(['push', MODEL, `${host}/acme/x:v1`], { env: { HF_ENDPOINT: hub.endpoint, ...env } });

describePeers(['docker-registry', 'distribution-3'], 'a registry in read-only mode', () => {
  test.each([
    ['distribution 2.8', startDockerRegistry],
    ['distribution 3', startDistribution3],
  ])('(%s) ends the push with 75 before a byte of a layer is sent', async (_, start) => {
    const registry = await start({ readOnly: true });
    onTestFinished(() => registry.stop());
    const run = await push(registry.host);
    expect(run).toMatchObject({ code: 75, stdout: '' });
    expect(run.stderr).toMatch(
      /error: cannot push models\/\S+ to \S+: the registry is in read-only mode: 405 Method not allowed \(UNAVAILABLE\)/,
    );
    expect(run.stderr).toContain('hint: Wait until the registry leaves its read-only mode');
  });
});

describePeers(['docker-registry'], 'a registry that refuses an account', () => {
  test('is said to have refused it, with where it came from: exit code 3', async () => {
    const registry = await startDockerRegistry({ htpasswd: HTPASSWD });
    onTestFinished(() => registry.stop());
    const run = await push(registry.host, { OCI_USERNAME: 'bar', OCI_PASSWORD: secret('wrong password') });
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain(`cannot log in to ${registry.host} as user "bar" (from OCI_USERNAME): 401`);
    expect(run.stderr).toContain('hint: Check OCI_PASSWORD, or unset it');
  });
});
