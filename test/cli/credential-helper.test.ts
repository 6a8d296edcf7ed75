import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { listTags, parseImageReference } from '../../src/index.ts';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Less than a helper's 30 s, and far more than a command takes to start. */
const SOON_MS = 20_000;

const auth = { kind: 'basic', username: 'ada', password: secret('registry password') } as const;

let registry: FakeRegistry;
let folder: string;
let env: Record<string, string>;

/** A registry that wants an account; {@link install} gives it a `docker-credential-fake`. */
beforeEach(async () => {
  registry = await startFakeRegistry({ auth });
  onTestFinished(() => registry.close());
  folder = await tempFolder();
  await mkdir(join(folder, 'docker'));
  const config = { credHelpers: { [registry.host]: 'fake' } };
  await writeFile(join(folder, 'docker', 'config.json'), JSON.stringify(config));
  env = { DOCKER_CONFIG: join(folder, 'docker'), PATH: `${folder}${delimiter}${process.env.PATH}` };
});

async function install(script: string): Promise<void> {
  const program = `#!/bin/sh\nHERE='${folder}'\n${script}\n`;
  await writeFile(join(folder, 'docker-credential-fake'), program, { mode: 0o755 });
}

const written = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');

async function timed(run: Promise<CliRun>): Promise<CliRun & { readonly ms: number }> {
  const started = performance.now();
  return { ...(await run), ms: performance.now() - started };
}

test('a credential helper that is not installed ends the command at once', async () => {
  const run = await timed(runCli(['status', `${registry.host}/acme/llama`], { env }));
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('it is not installed') });
  expect(run.ms).toBeLessThan(SOON_MS);
});

test('a credential helper that is not installed leaves nothing that keeps the process of a library user', async () => {
  const program = `
    import { findCredentials } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const env = { DOCKER_CONFIG: ${JSON.stringify(env.DOCKER_CONFIG)} };
    await findCredentials('${registry.host}', 'acme/llama', { home: '/nonexistent', env }).catch((error) => {
      console.log(error.code);
    });`;
  const node = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: SOON_MS });
  expect(stdout).toBe('UNAUTHORIZED\n');
});

test('a credential helper that cannot be started for want of open files is said to be that', async () => {
  await install('echo "{}"');
  const program = `
    import { closeSync, openSync } from 'node:fs';
    import { findCredentials } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const ask = () =>
      findCredentials('${registry.host}', 'acme/llama', { home: '/nonexistent', env: process.env })
        .catch(({ message }) => message);
    // Loads all modules.
    await ask();
    const open = [];
    try {
      for (;;) open.push(openSync('/dev/null'));
    } catch {}
    // The credentials file can be read; a program needs more.
    for (const file of open.splice(0, 3)) closeSync(file);
    const message = await ask();
    for (const file of open) closeSync(file);
    console.log(message);`;
  const limited = ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, '--input-type=module', '--eval'];
  const { stdout } = await promisify(execFile)('sh', [...limited, program], { env, timeout: SOON_MS });
  expect(stdout).toBe(
    `cannot get credentials for ${registry.host} from docker-credential-fake, which ${env.DOCKER_CONFIG}/config.json names: spawn docker-credential-fake EMFILE\n`,
  );
});

test('SIGTERM ends a push whose credential helper does not answer, and the helper with it', async () => {
  await install('sleep 50 & echo $! > "$HERE/child"; echo $$ > "$HERE/pid"; exec sleep 51');
  const hub = await startFakeHub({ repos: [demoRepo('acme/llama')] });
  onTestFinished(() => hub.close());
  const pushed = runCli(['push', 'acme/llama', `${registry.host}/acme/llama:v1`], {
    env: { ...env, HF_ENDPOINT: hub.endpoint },
    kill: {
      signal: 'SIGTERM',
      when: () => expect.poll(() => written('pid'), { timeout: SOON_MS }).toMatch(/\d\n/),
    },
  });
  // The helper's child inherits the command's stderr, so do not wait until that is closed.
  await expect.poll(() => isThere('pid'), { timeout: SOON_MS }).toBe(false);
  process.kill(Number(await written('child')));
  const run = await timed(pushed);
  expect(run).toMatchObject({ code: 143, stderr: expect.stringContaining('stopped by SIGTERM') });
  expect(run.ms).toBeLessThan(SOON_MS);
}, 60_000);

async function isThere(name: string): Promise<boolean> {
  const pid = Number(await written(name));
  if (pid === 0) return true;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a source of credentials learns when the work is done, and nothing waits for it any more', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const { username, password } = auth;
  const credentials = async (_host: string, _repository: string, signal?: AbortSignal) => {
    signals.push(signal);
    return {
      credentials: { kind: 'account', username, password } as const,
      origin: `the test, aborted: ${signal?.aborted}`,
    };
  };
  const origins: (string | undefined)[] = [];
  const { location: target } = parseImageReference(`${registry.host}/acme/llama`);
  const listed = listTags({
    target,
    registry: { credentials },
    onEvent: (event) => event.type === 'credentials-chosen' && origins.push(event.origin),
  });
  expect((await failureOf(listed)).code).toBe('NOT_FOUND');
  expect(origins).toEqual(['the test, aborted: false']);
  expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
});

test('a source of credentials is aborted with the push that waits for it', async () => {
  const controller = new AbortController();
  const world = await localPush({ repos: [demoRepo('acme/llama')] }, { auth });
  const reasons: unknown[] = [];
  const credentials = (_host: string, _repository: string, signal?: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
      controller.abort(new Error('enough'));
    });
  const pushed = world.push('acme/llama', { registry: { credentials }, signal: controller.signal });
  await expect(pushed).rejects.toThrow('enough');
  expect(reasons).toEqual([controller.signal.reason]);
});
