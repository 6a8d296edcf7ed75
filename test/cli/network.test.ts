import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { startFakeProxy } from '../fakes/proxy/fake-proxy.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { type CliRun, runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CA_CERTIFICATE, KEY, SELF_SIGNED_CERTIFICATE } from '../support/test-certificate.ts';

let hub: FakeHub;
let registry: FakeRegistry;
let caFile: string;

beforeEach(async () => {
  hub = await startFakeHub({ repos: [{ id: 'acme/small', files: { 'config.json': text('{}') } }] });
  registry = await startFakeRegistry({ tls: true });
  caFile = join(await tempFolder(), 'ca.pem');
  await writeFile(caFile, CA_CERTIFICATE);
  onTestFinished(async () => {
    await Promise.all([hub.close(), registry.close()]);
  });
});

function push(flags: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  const reference = `https://${registry.host}/acme/small:v1`;
  return runCli(['push', 'acme/small', reference, '--allow-patterns', '*', ...flags], {
    env: { HF_ENDPOINT: hub.endpoint, ...env },
  });
}

describe('a registry behind a private CA', () => {
  test('is refused at once, with the flag that helps', async () => {
    const run = await push([]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/certificate(?:.|\n)*hint: .*--ca-file.*certs\.d/);
    expect(run.stderr).not.toContain('retry');
  });

  test.each(['--ca-file', 'CA_FILE', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])(
    'is reached with %s',
    async (name) => {
      const run = name.startsWith('-') ? await push([name, caFile]) : await push([], { [name]: caFile });
      expect(run.code).toBe(0);
      expect(registry.tags('acme/small').has('v1')).toBe(true);
    },
  );

  test('is reached with a CA of SSL_CERT_FILE beside another one of --ca-file', async () => {
    const other = join(await tempFolder(), 'other.pem');
    await writeFile(other, SELF_SIGNED_CERTIFICATE);
    expect(await push(['--ca-file', other], { SSL_CERT_FILE: caFile })).toMatchObject({ code: 0 });
  });

  test('is not reached with --ca-file that names its key, and the error names that file', async () => {
    const file = join(await tempFolder(), 'tls.key');
    await writeFile(file, KEY);
    const run = await push(['--ca-file', file]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`error: cannot use ${file}: there is no PEM certificate in it (USAGE)`);
  });

  test('is reached with certs.d, and each unusable file there causes one warning', async () => {
    const HOME = await tempFolder();
    const folder = join(HOME, '.config/containers/certs.d', registry.host);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'ca.crt'), CA_CERTIFICATE);
    await writeFile(join(folder, 'der.crt'), '0\u0082');
    const run = await push(['--workers', '4'], { HOME });
    expect(run.code).toBe(0);
    expect(run.stderr.match(/warning: .*der\.crt has no PEM certificate/g)).toHaveLength(1);
  });

  test('with a client certificate without a key in certs.d is a usage error before any request', async () => {
    const HOME = await tempFolder();
    const folder = join(HOME, '.config/containers/certs.d', registry.host);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'client.cert'), CA_CERTIFICATE);
    const run = await push([], { HOME });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`cannot use ${folder}/client.cert: its key client.key is missing`);
    expect(hub.log).toEqual([]);
  });

  test.each([
    [['--insecure'], {}],
    [[], { INSECURE: '1' }],
  ] as const)('is reached unchecked with %o and %o, which is said', async (flags, env) => {
    const run = await push(flags, env);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`warning: the certificate of ${registry.host} is not checked`);
  });

  test('status and validate reach it in the same ways', async () => {
    await push(['--ca-file', caFile]);
    const repository = `https://${registry.host}/acme/small`;
    const status = await runCli(['status', repository, '--ca-file', caFile]);
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/^v1 +sha256:[0-9a-f]{64}\n$/) });
    const validate = await runCli(['validate', `${repository}:v1`, '--insecure', '--json']);
    expect(JSON.parse(validate.stdout)).toMatchObject({ valid: true, problems: [] });
  });
});

test.each([
  ['is not there', 'missing.pem', undefined],
  ['has no certificate in it', 'empty.pem', 'nothing'],
])('a CA file that %s is an error of usage', async (_, name, content) => {
  const file = join(await tempFolder(), name);
  if (content !== undefined) await writeFile(file, content);
  expect(await push(['--ca-file', file])).toMatchObject({ code: 2, stdout: '' });
});

test.each(['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE'])(
  '%s may be a folder, or gone: it was not said to us',
  async (name) => {
    const flags = ['--ca-file', caFile];
    expect((await push(flags, { [name]: '/' })).code).toBe(0);
    expect((await push(['--insecure'], { [name]: '/nonexistent' })).code).toBe(0);
  },
);

test('HTTPS_PROXY is the way to a registry, and its password shows nowhere', async () => {
  const password = secret('proxy password');
  const proxy = await startFakeProxy({ account: `ada:${password}` });
  onTestFinished(() => proxy.close());
  proxy.addFault({ kind: 'status', status: 403, times: 10 });
  const run = await runCli(
    ['push', 'acme/small', 'registry.invalid/acme/small:v1', '--allow-patterns', '*'],
    {
      env: { HF_ENDPOINT: hub.endpoint, HTTPS_PROXY: proxy.url.replace('://', `://ada:${password}@`) },
    },
  );
  expect(proxy.log.map(({ method, target }) => `${method} ${target}`)).toContain(
    'CONNECT registry.invalid:443',
  );
  expect(run.code).toBe(6);
  expect(run.stderr).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+: the proxy answered 403/);
});

describe('the time limits of the Hub', () => {
  test('HF_HUB_DOWNLOAD_TIMEOUT is how long a download may stand still', async () => {
    hub.addFault({ on: 'resolve-cache', kind: 'stall', afterBytes: 1, seconds: 60 });
    const run = await push(['--verbose'], { HF_HUB_DOWNLOAD_TIMEOUT: '1', CA_FILE: caFile });
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/1 s; .*(retry 1|1 of \d+)/);
  });

  test.each(['0', 'soon', '1.5'])('%o is refused, by the name of its variable', async (value) => {
    const run = await push([], { HF_HUB_ETAG_TIMEOUT: value });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(`HF_HUB_ETAG_TIMEOUT: ${value}`)]);
  });
});
