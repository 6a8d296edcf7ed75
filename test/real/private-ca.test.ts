import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { type CliRun, COMMAND, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CA_CERTIFICATE, CERTIFICATE, KEY } from '../support/test-certificate.ts';
import { describePeers, peerPath } from './peers.ts';
import { type CommandOutput, runCommand } from './run-command.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startNginx } from './start-nginx.ts';

const MODEL = 'acme/small';
const MIB = 2 ** 20;

let hub: FakeHub;
/** HOME of the command. */
let home: string;

beforeAll(async () => {
  const files = Object.fromEntries([1, 2, 3].map((n) => [`${n}.bin`, text(`${n}`.repeat(4 * MIB))]));
  hub = await startFakeHub({ repos: [{ id: MODEL, files: { 'config.json': text('{}'), ...files } }] });
});
afterAll(() => hub.close());

beforeEach(async () => {
  home = await tempFolder();
});

interface Behind {
  readonly host: string;
  stop(): Promise<void>;
}

/** nginx with a private CA in front of docker-registry. */
async function startBehindNginx(verifiesClients: boolean): Promise<Behind> {
  const registry = await startDockerRegistry();
  const directives = ['client_max_body_size 0', 'proxy_set_header X-Forwarded-Proto $scheme'];
  const nginx = await startNginx(registry.host, directives, { verifiesClients });
  return {
    host: nginx.host,
    async stop() {
      await nginx.stop();
      await registry.stop();
    },
  };
}

const CA = { 'ca.crt': CA_CERTIFICATE };
const CLIENT = { 'client.cert': CERTIFICATE, 'client.key': `${secret('client key')}\n${KEY}` };

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

/** What `~/.config/containers/certs.d` has for a registry. */
async function certsOf(host: string, files: Readonly<Record<string, string>>): Promise<void> {
  await write(join(home, '.config/containers/certs.d', host), files);
}

function reference(host: string, repository = 'acme/small'): string {
  return `https://${host}/${repository}:v1`;
}

/** `push` with four workers, so that threads connect too. */
function push(host: string, env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  const args = ['push', MODEL, reference(host), '--allow-patterns', '*', '--workers', '4'];
  return runCli(args, { env: { HF_ENDPOINT: hub.endpoint, HOME: home, ...env } });
}

/** What skopeo sees there, with the same certificates. */
async function digestOf(host: string): Promise<string> {
  const args = ['inspect', '--format={{.Digest}}', `docker://${host}/acme/small:v1`];
  return (await runCommand(peerPath('skopeo'), args, { env: { HOME: home } })).stdout.trim();
}

/** A store of the system that trusts the private CA; that of this machine stays as it is. */
async function updatedStore(etc: string): Promise<string> {
  const [local, hooks, store] = [join(home, 'local'), join(home, 'hooks'), join(etc, 'ssl/certs')];
  await write(local, { 'corp.crt': `${CA_CERTIFICATE}\n` });
  await mkdir(hooks);
  await mkdir(store, { recursive: true });
  const folders = ['--localcertsdir', local, '--hooksdir', hooks, '--etccertsdir', store];
  await runCommand(peerPath('update-ca-certificates'), folders);
  return store;
}

/** Linux as most distributions set it up: who is nobody special may have a file system of his own. */
const OWN_MOUNTS = ['--user', '--map-root-user', '--mount'];
const hasMounts = spawnSync('unshare', [...OWN_MOUNTS, 'true']).status === 0;

/** The command on a machine whose `/etc` is this folder, without a variable that says anything about certificates. */
function pushWithEtc(etc: string, host: string): Promise<CommandOutput> {
  const words = [
    process.execPath,
    COMMAND,
    'push',
    MODEL,
    reference(host),
    '--allow-patterns',
    'config.json',
  ];
  const script = 'mount --bind "$1" /etc && shift && exec env -i "$@"';
  const env = [`HF_ENDPOINT=${hub.endpoint}`, `HOME=${home}`];
  return runCommand('unshare', [...OWN_MOUNTS, 'sh', '-c', script, 'sh', etc, ...env, ...words]);
}

describePeers(
  ['nginx', 'docker-registry', 'skopeo', 'update-ca-certificates'],
  'nginx with a private CA in front of docker-registry',
  () => {
    let registry: Behind;

    beforeAll(async () => {
      registry = await startBehindNginx(false);
    });
    afterAll(() => registry?.stop());

    test('is refused if no source has its CA, and the error says where to put it', async () => {
      const run = await push(registry.host);
      expect(run.code).toBe(6);
      expect(run.stderr).toContain('its certificate is by a CA that is not known here (trusted CAs: Node.js');
      expect(run.stderr).toContain(`${home}/.config/containers/certs.d/${registry.host}/ca.crt`);
    });

    test('is reached with certs.d of podman: push, status and validate, as skopeo reaches it', async () => {
      await certsOf(registry.host, CA);
      const { code, stdout } = await push(registry.host);
      expect(code).toBe(0);
      expect(stdout).toContain(await digestOf(registry.host));
      for (const words of [
        ['status', `https://${registry.host}/acme/small`],
        ['validate', reference(registry.host)],
      ])
        expect(await runCli(words, { env: { HOME: home } })).toMatchObject({ code: 0 });
    });

    test('is reached with the bundle that update-ca-certificates writes', async () => {
      const store = await updatedStore(home);
      const run = await push(registry.host, { SSL_CERT_FILE: join(store, 'ca-certificates.crt') });
      expect(run.code).toBe(0);
    });

    test('is reached with the folder that update-ca-certificates writes', async () => {
      const run = await push(registry.host, { SSL_CERT_DIR: await updatedStore(home) });
      expect(run.code).toBe(0);
    });

    describe.skipIf(!hasMounts)('on a machine of which nothing is said in variables', () => {
      test('is refused without its CA', async () => {
        const pushed = pushWithEtc(await tempFolder(), registry.host);
        await expect(pushed).rejects.toThrow('(trusted CAs: Node.js)');
      });

      test('is reached after update-ca-certificates', async () => {
        const etc = await tempFolder();
        await updatedStore(etc);
        expect((await pushWithEtc(etc, registry.host)).stdout).toContain('IMAGEREF=');
      });

      test.each(['docker', 'containers'])('is reached with /etc/%s/certs.d', async (tool) => {
        const etc = await tempFolder();
        await write(join(etc, tool, 'certs.d', registry.host), CA);
        expect((await pushWithEtc(etc, registry.host)).stdout).toContain('IMAGEREF=');
      });
    });
  },
);

describePeers(['nginx', 'docker-registry', 'skopeo'], 'a registry that wants a client certificate,', () => {
  const starts = {
    nginx: () => startBehindNginx(true),
    'docker-registry': () => startDockerRegistry({ mutualTls: true }),
  };

  describe.each(['nginx', 'docker-registry'] as const)('%s,', (name) => {
    let registry: Behind;

    beforeAll(async () => {
      registry = await starts[name]();
    });
    afterAll(() => registry?.stop());

    test('gets the one of certs.d from every worker, as from skopeo', async () => {
      await certsOf(registry.host, { ...CA, ...CLIENT });
      const { code, stdout } = await push(registry.host);
      expect(code).toBe(0);
      expect(stdout).toContain(await digestOf(registry.host));
      expect(await runCli(['validate', reference(registry.host)], { env: { HOME: home } })).toMatchObject({
        code: 0,
      });
    });

    test('refuses a client without one, and the error says where to put one', async () => {
      await certsOf(registry.host, CA);
      const run = await push(registry.host);
      expect(run.code).toBe(3);
      expect(run.stderr).toMatch(
        /hint: Put .*client\.cert and client\.key,? into \S*\.config\/containers\/certs\.d/,
      );
    });
  });
});
