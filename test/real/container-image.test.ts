import { chown, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { describePeers } from './peers.ts';
import { openPodman, type Podman } from './podman.ts';
import { type CommandOutput, runCommand } from './run-command.ts';

const USER = 1000;
const BASE = 'localhost/base:test';
const IMAGE = 'localhost/oci-modelcar:test';

/**
 * The last stage of the Containerfile, over a base made of this machine's node. The stage before it asks npm for
 * packages, so what it would leave is put in its place: the built command and its dependencies as they lie here.
 */
describePeers(['podman'], 'the container image', () => {
  let folder: string;
  let podman: Podman;
  let root: string;
  let hub: FakeHub;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'container-image-'));
    podman = await openPodman();
    await makeBase(join(folder, 'base'));
    await makeBuildStage(join(folder, 'build'));
    await build(join(folder, 'base'), '--tag', BASE, '--file', join(folder, 'base', 'Containerfile'));
    const stage = ['--build-arg', `BASE=${BASE}`, '--build-context', `build=${join(folder, 'build')}`];
    await build(PROJECT, '--tag', IMAGE, ...stage);
    root = await podman.mount(IMAGE);
    hub = await startFakeHub({ repos: [{ id: 'acme/llama', files: { 'config.json': text('{}') } }] });
  }, 120_000);

  afterAll(async () => {
    await hub?.close();
    await podman?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function build(context: string, ...options: string[]): Promise<CommandOutput> {
    return podman.run('build', '--quiet', '--isolation', 'chroot', '--pull=never', ...options, context);
  }

  async function imageConfig(): Promise<ImageConfig> {
    const { stdout } = await podman.run('image', 'inspect', '--format', '{{json .Config}}', IMAGE);
    return JSON.parse(stdout);
  }

  /**
   * Runs the entry point as the image says, with nothing below the root writable but the volume. chroot, because a
   * container needs cgroups, which a machine for tests may not give.
   */
  async function run(...args: string[]): Promise<CommandOutput & { state: string }> {
    const { Entrypoint, Env, User } = await imageConfig();
    const state = await mkdtemp(join(folder, 'state-'));
    await chown(state, USER, USER);
    const confine = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && mount --bind "$2" "$1/state" &&
      shift 2 && exec "$@"`;
    // Runtimes set HOME for every user, also for one that the base does not know.
    const env = [...Env, 'HOME=/', `HF_ENDPOINT=${hub.endpoint}`];
    const command = ['chroot', `--userspec=${User}`, root, 'env', '-i', ...env, ...Entrypoint, ...args];
    const output = await runCommand('unshare', [
      '--mount',
      'sh',
      '-ec',
      confine,
      'sh',
      root,
      state,
      ...command,
    ]);
    return { ...output, state };
  }

  test('runs as a user that Kubernetes can tell is not root', async () => {
    expect((await imageConfig()).User).toBe(`${USER}:${USER}`);
  });

  test('answers --version', async () => {
    const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
    expect((await run('--version')).stdout).toBe(`${version}\n`);
  });

  test('pushes with a read-only root, and writes down what it pushed in its volume', async () => {
    const registry = await startFakeRegistry();
    onTestFinished(() => registry.close());
    const { stdout, stderr, state } = await run('push', 'acme/llama', `${registry.host}/acme/llama:v1`);
    expect(stdout).toContain(`IMAGEREF=${registry.host}/acme/llama:v1\n`);
    expect(stderr).not.toContain('going on without it');
    expect(await stat(join(state, 'oci-modelcar', 'state.json'))).toMatchObject({ uid: USER });
  });

  test('has a volume that its user owns', async () => {
    expect((await imageConfig()).Volumes).toEqual({ '/state': {} });
    expect(await stat(join(root, 'state'))).toMatchObject({ uid: USER, gid: USER });
  });
});

interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Volumes: object;
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** node with the libraries that it names, and `env`: all that the image needs of its base. */
async function makeBase(folder: string): Promise<void> {
  const env = (await runCommand('sh', ['-c', 'command -v env'])).stdout.trim();
  for (const program of [process.execPath, env]) {
    const { stdout } = await runCommand('ldd', [program]);
    const libraries = stdout.match(/\/\S+/g) ?? [];
    for (const library of libraries) await copy(library, join(folder, library));
  }
  await copy(process.execPath, join(folder, 'usr/local/bin/node'));
  await copy(env, join(folder, 'usr/bin/env'));
  await writeFile(
    join(folder, 'Containerfile'),
    'FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/bin\n',
  );
}

async function makeBuildStage(folder: string): Promise<void> {
  const app = join(folder, 'image', 'app');
  await mkdir(join(folder, 'image', 'state'), { recursive: true });
  const { dependencies } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  const packages = Object.keys(dependencies).map((name) => join('node_modules', name));
  for (const path of ['package.json', 'LICENSE', 'dist', ...packages]) {
    await copy(join(PROJECT, path), join(app, path));
  }
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, dereference: true });
}
