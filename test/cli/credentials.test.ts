import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { type CliRun, COMMAND, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

const USERNAME = 'ada';
const PASSWORD = secret('registry password');

/** What the registry takes; a test can change it. */
let password: string;
let registry: FakeRegistry;
let folder: string;
let config: string;

beforeEach(async () => {
  password = PASSWORD;
  const auth = {
    kind: 'basic',
    username: USERNAME,
    get password() {
      return password;
    },
  } as const;
  registry = await startFakeRegistry({ auth, repositories: ['acme/llama'] });
  onTestFinished(() => registry.close());
  folder = await tempFolder();
  config = JSON.stringify({ auths: { [registry.host]: { username: USERNAME, password: PASSWORD } } });
});

/** Exit code 4 where the login is good: the repository has no tags. */
const status = (env: Record<string, string>, host = registry.host): Promise<CliRun> =>
  runCli(['status', `${host}/acme/llama`, '--verbose'], { env });
const LOGGED_IN = 4;

async function push(env: Record<string, string>, to = registry): Promise<CliRun> {
  const hub = await startFakeHub({ repos: [demoRepo('acme/llama')] });
  onTestFinished(() => hub.close());
  return runCli(['push', 'acme/llama', `${to.host}/acme/llama:v1`], {
    env: { HF_ENDPOINT: hub.endpoint, ...env },
  });
}

describe('a wrong password in the environment', () => {
  test('is named by its variable, because a login has no effect while it is set', async () => {
    const run = await status({ OCI_USERNAME: USERNAME, OCI_PASSWORD: secret('wrong password') });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('hint: Check OCI_PASSWORD, or unset it and OCI_USERNAME');
  });

  test('is named by the variable of its file', async () => {
    const file = join(folder, 'password');
    await writeFile(file, secret('wrong password'));
    const run = await status({ OCI_USERNAME: USERNAME, OCI_PASSWORD_FILE: file });
    expect(run.stderr).toContain('hint: Check OCI_PASSWORD_FILE, or unset it and OCI_USERNAME');
  });

  test('in a login file is a matter of the login', async () => {
    password = secret('changed password');
    await writeFile(join(folder, 'config.json'), config);
    expect((await status({ DOCKER_CONFIG: folder })).stderr).toContain(
      'hint: Check the password, or log in again.',
    );
  });
});

describe('DOCKER_CONFIG', () => {
  test('that names the file itself logs in, and warns that docker would not', async () => {
    const file = join(folder, 'config.json');
    await writeFile(file, config);
    const run = await push({ DOCKER_CONFIG: file });
    expect(run.code).toBe(0);
    expect(run.stderr.match(/warning: DOCKER_CONFIG names a file, /g)).toHaveLength(1);
  });

  test('that names a missing folder causes a warning before the registry refuses', async () => {
    const run = await status({ DOCKER_CONFIG: join(folder, 'missing') });
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/warning: DOCKER_CONFIG names a folder that does not exist: (?:.|\n)*error: /);
  });

  test('that names a mounted Kubernetes Secret logs in', async () => {
    await writeFile(join(folder, '.dockerconfigjson'), config);
    const run = await status({ DOCKER_CONFIG: folder });
    expect(run).toMatchObject({ code: LOGGED_IN, stderr: expect.not.stringContaining('warning') });
    expect(run.stderr).toContain(`from ${join(folder, '.dockerconfigjson')}`);
  });
});

describe('a file of another user', () => {
  /** What `findCredentials` gives a process that may not read what belongs to us. */
  async function findAsOther(env: Record<string, string>, home = '/nonexistent'): Promise<unknown> {
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const program = `
      import { findCredentials } from ${JSON.stringify(library)};
      if (process.getuid() === 0) process.seteuid(65534);
      const places = ${JSON.stringify({ home, env })};
      const found = await findCredentials('${registry.host}', 'acme/llama', places).catch((error) => error);
      console.log(JSON.stringify({ ...found, message: found.message }));`;
    const node = ['--input-type=module', '--eval', program];
    return JSON.parse((await promisify(execFile)(process.execPath, node)).stdout);
  }

  /** Root needs no mode; any other user of the tests is kept out by it. */
  async function locked(path: string): Promise<string> {
    await writeFile(path, config);
    await chmod(path, process.getuid?.() === 0 ? 0o600 : 0);
    await chmod(folder, 0o755);
    return path;
  }

  test('at DOCKER_CONFIG is a usage error that names it', async () => {
    const file = await locked(join(folder, 'config.json'));
    expect(await findAsOther({ DOCKER_CONFIG: folder })).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`cannot read the registry credentials in ${file}: permission denied`),
    });
  });

  test('at REGISTRY_AUTH_FILE is a usage error that names it', async () => {
    const file = await locked(join(folder, 'auth.json'));
    expect(await findAsOther({ REGISTRY_AUTH_FILE: file })).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`cannot read the registry credentials in ${file}: permission denied`),
    });
  });

  test('in the home folder causes a warning', async () => {
    await mkdir(join(folder, '.docker'));
    const file = await locked(join(folder, '.docker/config.json'));
    expect(await findAsOther({}, folder)).toMatchObject({
      lookedIn: expect.arrayContaining(['~/.docker/config.json (permission denied)']),
      warnings: [`cannot read the registry credentials in ${file}: permission denied`],
    });
  });

  test('at HF_TOKEN_PATH causes a warning, and a public model is pushed without a token', async () => {
    const run = await push({ HF_TOKEN_PATH: folder, OCI_USERNAME: USERNAME, OCI_PASSWORD: PASSWORD });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`warning: cannot read the Hub token in ${folder}: it is a folder`);
  });
});

describe('the working directory supplies nothing', () => {
  test.each(['', 'relative'])('where HOME is %j', async (home) => {
    for (const place of ['.docker', 'relative/.docker']) {
      await mkdir(join(folder, place), { recursive: true });
      await writeFile(join(folder, place, 'config.json'), config);
    }
    const env = { PATH: process.env.PATH, HOME: home, REGISTRY_AUTH_FILE: '', XDG_RUNTIME_DIR: '' };
    const args = [COMMAND, 'status', `${registry.host}/acme/llama`];
    const failed = await promisify(execFile)(process.execPath, args, { cwd: folder, env }).catch(
      (error) => error,
    );
    expect(failed).toMatchObject({ code: 3, stdout: '' });
  });

  test('and no state if XDG_STATE_HOME is relative', async () => {
    const account = { OCI_USERNAME: USERNAME, OCI_PASSWORD: PASSWORD };
    const run = await push({ XDG_STATE_HOME: 'relative', ...account });
    expect(run.code).toBe(0);
    expect(run.filesLeft).toContain('.local/state/oci-modelcar/state.json');
    expect(run.filesLeft.filter((path) => path.startsWith('relative'))).toEqual([]);
  });
});

describe('an account in variables', () => {
  test.each(['push', 'status', 'validate'])(
    'that has no password ends %s before any request',
    async (name) => {
      const reference = `${registry.host}/acme/llama`;
      const args = { push: ['acme/llama', reference], status: [reference], validate: [`${reference}:v1`] }[
        name
      ];
      const run = await runCli([name, ...(args ?? [])], {
        env: { OCI_USERNAME: USERNAME, OCI_PASSWORD: '' },
      });
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain('OCI_USERNAME is set without OCI_PASSWORD');
      expect(run.stderr).toContain('is defined for this CI job');
      expect(registry.log).toEqual([]);
    },
  );

  test('may have its password in OCI_PASSWORD_FILE', async () => {
    const file = join(folder, 'password');
    await writeFile(file, `${PASSWORD}\n`);
    const run = await status({ OCI_USERNAME: USERNAME, OCI_PASSWORD_FILE: file });
    expect(run.code).toBe(LOGGED_IN);
    expect(run.stderr).toContain(`from OCI_USERNAME and OCI_PASSWORD_FILE (${file})`);
  });

  test('is a usage error if OCI_PASSWORD_FILE cannot be read', async () => {
    const run = await status({ OCI_USERNAME: USERNAME, OCI_PASSWORD_FILE: join(folder, 'missing') });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot read the password in') });
  });
});

describe('a secret that is replaced in the middle of a push', () => {
  let versions = 0;

  /** A volume of Kubernetes: its file is a link through `..data`, which is replaced as a whole. */
  async function mount(key: string, content: string): Promise<void> {
    versions += 1;
    await mkdir(join(folder, `..${versions}`));
    await writeFile(join(folder, `..${versions}`, key), content);
    await symlink(`..${versions}`, join(folder, '..new'));
    await rename(join(folder, '..new'), join(folder, '..data'));
    if (!existsSync(join(folder, key))) await symlink(`..data/${key}`, join(folder, key));
  }

  /** Runs `change` while the first bytes of a layer wait at the registry, which then refuses what was good. */
  async function pushDuring(
    change: () => Promise<void>,
    env: Record<string, string>,
    to = registry,
  ): Promise<void> {
    const gate = to.gate();
    to.addFault({ on: 'upload-patch', hold: gate });
    const pushed = push(env, to);
    await Promise.race([gate.reached, pushed]);
    await change();
    gate.release();
    expect(await pushed).toMatchObject({ code: 0 });
    const refused = to.log.filter(({ status: code, authorization }) => code === 401 && authorization);
    expect(refused).not.toEqual([]);
  }

  test('is read again from OCI_PASSWORD_FILE once the registry refuses the old one', async () => {
    await mount('password', PASSWORD);
    const env = { OCI_USERNAME: USERNAME, OCI_PASSWORD_FILE: join(folder, 'password') };
    await pushDuring(async () => {
      password = `other-${PASSWORD}`;
      await mount('password', password);
    }, env);
  });

  test('is read again from a mounted Kubernetes Secret once the registry refuses the old one', async () => {
    await mount('.dockerconfigjson', config);
    await pushDuring(
      async () => {
        password = `other-${PASSWORD}`;
        await mount('.dockerconfigjson', config.replace(PASSWORD, password));
      },
      { DOCKER_CONFIG: folder },
    );
  });

  test('is read again from a file with a registry token', async () => {
    const auth = { kind: 'bearer', username: USERNAME, password: PASSWORD } as const;
    const tokens = await startFakeRegistry({ auth });
    onTestFinished(() => tokens.close());
    const mountToken = async () => {
      const scope = 'repository:acme/llama:pull,push';
      const authorization = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`;
      const answer = await fetch(`${tokens.origin}/token?scope=${scope}`, { headers: { authorization } });
      const { token } = JSON.parse(await answer.text());
      await mount('auth.json', JSON.stringify({ auths: { [tokens.host]: { registrytoken: token } } }));
    };
    await mountToken();
    await pushDuring(
      async () => {
        tokens.auth.revokeTokens();
        await mountToken();
      },
      { REGISTRY_AUTH_FILE: join(folder, 'auth.json') },
      tokens,
    );
  });
});

describe('a cloud registry without an account in any file', () => {
  const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

  /** Every host is reached through a proxy, which is the registry itself. */
  async function ask(host: string, script: string): Promise<CliRun> {
    const helper = join(folder, 'docker-credential-ecr-login');
    await writeFile(helper, `#!/bin/sh\ncat >> '${folder}/asked'\n${script}\n`, { mode: 0o755 });
    const env = { HTTP_PROXY: registry.origin, PATH: `${folder}${delimiter}${process.env.PATH}` };
    return await status(env, `http://${host}`);
  }

  const asked = () => readFile(join(folder, 'asked'), 'utf8').catch(() => '');
  const GIVES = `printf '{"Username":"${USERNAME}","Secret":"${PASSWORD}"}'`;

  test("gets the account of the cloud's helper on PATH, and --verbose says so", async () => {
    const run = await ask(ECR, GIVES);
    expect(run.code).toBe(LOGGED_IN);
    expect(await asked()).toBe(ECR);
    expect(run.stderr).toContain(`credentials for ${ECR} from docker-credential-ecr-login (on PATH, `);
  });

  test('is asked as anonymous if the helper fails', async () => {
    const run = await ask(ECR, 'echo no region; exit 1');
    expect(run.code).toBe(3);
    expect(run.stderr).toContain(`no credentials for ${ECR}: going on as anonymous`);
    expect(run.stderr).not.toContain('cannot get credentials');
  });

  test.each([`${ECR}.evil.test`, 'x.dkr.ecr.us-east-1.amazonaws.com'])(
    '%s is not one, and no helper is started for it',
    async (host) => {
      expect((await ask(host, GIVES)).code).toBe(3);
      expect(await asked()).toBe('');
    },
  );
});

test("a config of Docker Desktop without its helper does not keep a public registry's tags away", async () => {
  const open = await startFakeRegistry({
    auth: { kind: 'bearer', username: USERNAME, password: PASSWORD, anonymousPull: true },
  });
  onTestFinished(() => open.close());
  await writeFile(join(folder, 'config.json'), '{"auths":{},"credsStore":"no-such-helper"}');
  const run = await status({ DOCKER_CONFIG: folder }, open.host);
  expect(run.code).toBe(LOGGED_IN);
  expect(run.stderr).toContain('names docker-credential-no-such-helper for all registries (credsStore)');
});
