import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type CliRun, runCli, variablesOf } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { HTPASSWD, PASSWORD, USER } from './htpasswd-account.ts';
import { describePeers, peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/tiny-embedder';

describePeers(['skopeo', 'docker-registry'], 'a login of skopeo', () => {
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

  /** The file that `skopeo login` writes for the registry, or for a namespace of it. */
  async function logIn(namespace = ''): Promise<string> {
    const file = join(await tempFolder(), 'auth.json');
    const flags = ['--authfile', file, '--tls-verify=false', '--username', USER, '--password', PASSWORD];
    await runCommand(peerPath('skopeo'), ['login', ...flags, `${registry.host}${namespace}`]);
    return file;
  }

  async function push(repository: string, env: Record<string, string>): Promise<CliRun> {
    const args = ['push', MODEL, `${registry.host}/${repository}:v1`, '--verbose'];
    return await runCli(args, { env: { HF_ENDPOINT: hub.endpoint, ...env } });
  }

  /** That the image is there, as skopeo sees it. */
  async function expectPushed(run: CliRun, repository: string): Promise<void> {
    expect(run).toMatchObject({ code: 0 });
    const args = ['inspect', '--tls-verify=false', `--creds=${USER}:${PASSWORD}`, '--format={{.Digest}}'];
    const { stdout } = await runCommand(peerPath('skopeo'), [
      ...args,
      `docker://${registry.host}/${repository}:v1`,
    ]);
    expect(stdout.trim()).toBe(variablesOf(run).MANIFESTDIGEST);
  }

  function expectAnonymous(run: CliRun): void {
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr.match(/anonymous/g)).toHaveLength(1);
  }

  test('is what REGISTRY_AUTH_FILE pushes with', async () => {
    const file = await logIn();
    const run = await push('acme/named', { REGISTRY_AUTH_FILE: file });
    await expectPushed(run, 'acme/named');
    expect(run.stderr).toContain(`credentials for ${registry.host} from ${file}`);
  });

  test.each([
    ['DOCKER_CONFIG', 'config.json'],
    ['DOCKER_CONFIG', '.dockerconfigjson'],
    ['XDG_RUNTIME_DIR', 'containers/auth.json'],
    ['XDG_CONFIG_HOME', 'containers/auth.json'],
    ['HOME', '.docker/config.json'],
    ['HOME', '.config/containers/auth.json'],
  ])('is found below %s, in %s', async (variable, path) => {
    const folder = await tempFolder();
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await copyFile(await logIn(), file);
    const repository = `acme/${variable}-${path}`.toLowerCase().replaceAll(/[^a-z/]+/g, '-');
    const run = await push(repository, { [variable]: folder });
    await expectPushed(run, repository);
    expect(run.stderr).toContain(`credentials for ${registry.host} from ${file}`);
  });

  test('is found where skopeo itself puts it, below XDG_RUNTIME_DIR', async () => {
    const folder = await tempFolder();
    const flags = ['--tls-verify=false', '--username', USER, '--password', PASSWORD];
    const env = { XDG_RUNTIME_DIR: folder, REGISTRY_AUTH_FILE: '' };
    await runCommand(peerPath('skopeo'), ['login', ...flags, registry.host], { env });
    const run = await push('acme/runtime', { XDG_RUNTIME_DIR: folder });
    await expectPushed(run, 'acme/runtime');
  });

  test('in the file that DOCKER_CONFIG names in place of its folder is used, with a warning', async () => {
    const file = await logIn();
    const run = await push('acme/file', { DOCKER_CONFIG: file });
    await expectPushed(run, 'acme/file');
    expect(run.stderr).toContain(`warning: DOCKER_CONFIG names a file, ${file}`);
  });

  test('to a namespace is used for what is in it', async () => {
    const file = await logIn('/acme');
    expect(Object.keys(JSON.parse(await readFile(file, 'utf8')).auths)).toEqual([`${registry.host}/acme`]);
    await expectPushed(await push('acme/x', { REGISTRY_AUTH_FILE: file }), 'acme/x');
  });

  test.each(['other/x', 'acme2/x'])('to the namespace acme is not used for %s', async (repository) => {
    expectAnonymous(await push(repository, { REGISTRY_AUTH_FILE: await logIn('/acme') }));
  });

  test('is never used on another port of the same host', async () => {
    const other = await startDockerRegistry({ htpasswd: HTPASSWD });
    try {
      const args = ['push', MODEL, `${other.host}/acme/x:v1`];
      const env = { HF_ENDPOINT: hub.endpoint, REGISTRY_AUTH_FILE: await logIn() };
      expectAnonymous(await runCli(args, { env }));
    } finally {
      await other.stop();
    }
  });

  test('is missed, and said to be, where there is no file: exit code 3', async () => {
    const run = await push('acme/refused', {});
    expectAnonymous(run);
    expect(run.stderr).toContain(`no credentials for ${registry.host}: going on as anonymous`);
  });

  test('is missed where REGISTRY_AUTH_FILE names nothing: a wrong call, exit code 2', async () => {
    const file = join(await tempFolder(), 'nothing.json');
    const run = await push('acme/refused', { REGISTRY_AUTH_FILE: file });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(file);
  });
});

describePeers(['podman', 'docker-registry'], 'a login of podman', () => {
  test('is found where podman itself puts it, below XDG_RUNTIME_DIR', async () => {
    const registry = await startDockerRegistry({ htpasswd: HTPASSWD });
    try {
      const folder = await tempFolder();
      const flags = ['--tls-verify=false', '--username', USER, '--password', PASSWORD];
      const env = { XDG_RUNTIME_DIR: folder, REGISTRY_AUTH_FILE: '' };
      await runCommand(peerPath('podman'), ['login', ...flags, registry.host], { env });
      const args = ['status', `${registry.host}/acme/nothing`, '--verbose'];
      // Logged in, and nothing was pushed there yet.
      expect(await runCli(args, { env: { XDG_RUNTIME_DIR: folder } })).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`from ${join(folder, 'containers/auth.json')}`),
      });
    } finally {
      await registry.stop();
    }
  });
});
