import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  listTags,
  type NetworkAccess,
  type PushEvent,
  type PushOptions,
  planPush,
  pushModel,
  type RegistryAccess,
} from '../../src/index.ts';
import { demoRepo } from '../fakes/hub/demo-model.ts';
import { type FakeHub, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { type FakeProxy, type FakeProxyOptions, startFakeProxy } from '../fakes/proxy/fake-proxy.ts';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../fakes/registry/fake-registry.ts';
import { httpServer, listen } from '../support/raw-server.ts';
import { failureOf } from '../support/rejection.ts';
import { hubToken, secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CA_CERTIFICATE, CERTIFICATE, KEY, SELF_SIGNED_CERTIFICATE } from '../support/test-certificate.ts';
import { everythingIn } from './hub-world.ts';

const MODEL = 'acme/tiny-embedder';
const PASSWORD = secret('registry password');
const PROXY_ACCOUNT = 'ada:proxy-secret';

interface Network {
  readonly hub: FakeHub;
  readonly registry: FakeRegistry;
  readonly proxy: FakeProxy;
}

/** A Hub, a registry behind a private CA that wants a token, and a proxy. */
async function network(
  options: FakeRegistryOptions = {},
  proxyOptions: FakeProxyOptions = {},
): Promise<Network> {
  const hub = await startFakeHub({ repos: [demoRepo(MODEL)] });
  const auth = { kind: 'bearer', username: 'jane', password: PASSWORD, realmOnOtherOrigin: true } as const;
  const registry = await startFakeRegistry({ tls: true, auth, repositories: ['acme/tiny'], ...options });
  const proxy = await startFakeProxy({ account: PROXY_ACCOUNT, ...proxyOptions });
  onTestFinished(async () => {
    await Promise.all([hub.close(), registry.close(), proxy.close()]);
  });
  return { hub, registry, proxy };
}

function options({ hub, registry }: Network, access: NetworkAccess, more: RegistryAccess = {}): PushOptions {
  return {
    model: MODEL,
    target: {
      kind: 'registry',
      registry: { scheme: 'https', host: registry.host },
      repository: 'acme/tiny',
    },
    tag: 'v1',
    hub: { endpoint: hub.endpoint },
    registry: {
      credentials: async () => ({
        credentials: { kind: 'account', username: 'jane', password: PASSWORD },
        origin: 'the test',
      }),
      retries: 3,
      ...more,
    },
    network: access,
    workers: 2,
  };
}

function urlOf(proxy: FakeProxy): string {
  return proxy.url.replace('://', `://${PROXY_ACCOUNT}@`);
}

describe.each([
  ['a proxy', {}],
  ['a proxy that is spoken to with TLS', { tls: true }],
])('a push through %s to a registry behind a private CA', (_, proxyOptions) => {
  test('arrives, and the proxy sees no secret of the registry', async () => {
    const world = await network({}, proxyOptions);
    const { hub, registry, proxy } = world;
    const access = { ca: CA_CERTIFICATE, proxyFor: () => urlOf(proxy) };
    const { manifestDigest } = await pushModel(options(world, access));
    expect(registry.tags('acme/tiny').get('v1')).toBe(manifestDigest);
    const tunnels = proxy.log.filter(({ method }) => method === 'CONNECT');
    expect(new Set(tunnels.map(({ target }) => target))).toEqual(
      new Set([registry.host, registry.otherHost]),
    );
    expect(tunnels.reduce((sum, { bytesUp }) => sum + bytesUp, 0)).toBeGreaterThan(registry.bytesReceived);
    // All that the Hub and its storage were asked came by way of the proxy too.
    expect(proxy.log.length - tunnels.length).toBe(hub.log.length);
    const seen = JSON.stringify(proxy.log);
    for (const each of [PASSWORD, ...registry.auth.tokens.map(({ token }) => token)]) {
      expect(seen).not.toContain(each);
    }
  });

  test('whose tunnels break is taken up again', async () => {
    const world = await network({}, proxyOptions);
    const { registry, proxy } = world;
    proxy.addFault({ kind: 'cut', afterBytes: 12_000, times: 3 });
    const proxyFor = (url: string) => (url.startsWith('https:') ? urlOf(proxy) : undefined);
    const { manifestDigest } = await pushModel(options(world, { ca: CA_CERTIFICATE, proxyFor }));
    expect(registry.tags('acme/tiny').get('v1')).toBe(manifestDigest);
    expect(proxy.log.some(({ cut }) => cut)).toBe(true);
  });
});

test('the account of a proxy goes to the proxy alone', async () => {
  const world = await network();
  const { hub, registry, proxy } = world;
  await pushModel(options(world, { ca: CA_CERTIFICATE, proxyFor: () => urlOf(proxy) }));
  for (const { headers } of [...hub.log, ...registry.log])
    expect(headers).not.toHaveProperty('proxy-authorization');
});

test('every request to the Hub, its storage, the registry and its token server says who asks', async () => {
  const world = await network();
  await pushModel(options(world, { ca: CA_CERTIFICATE }));
  const agents = [...world.hub.log, ...world.registry.log].map(({ headers }) => headers['user-agent']);
  expect(new Set(agents)).toEqual(new Set([expect.stringMatching(/^oci-modelcar\/\S+ node\/\S+$/)]));
  expect(world.registry.log.map(({ origin }) => origin)).toContain('other');
});

test('a proxy that turns the push away is named once, without its account', async () => {
  const world = await network({}, { account: 'somebody:else' });
  const error = await failureOf(pushModel(options(world, { proxyFor: () => urlOf(world.proxy) })));
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining(world.proxy.url) });
  expect(everythingIn(error)).not.toMatch(/proxy-secret|registry-secret/);
  expect(world.proxy.log.length).toBe(1);
});

test('a push asks for tokens with TLS if a registry behind a TLS proxy names its token server with http', async () => {
  const auth = { kind: 'bearer', username: 'jane', password: PASSWORD, realmWithoutTls: true } as const;
  const world = await network({ auth });
  const { manifestDigest } = await pushModel(options(world, { ca: CA_CERTIFICATE }));
  expect(world.registry.tags('acme/tiny').get('v1')).toBe(manifestDigest);
  expect(world.registry.auth.tokens.length).toBeGreaterThan(0);
});

describe('a registry whose CA nobody knows', () => {
  test('gets nothing, is asked once, and the error says what to do', async () => {
    const world = await network();
    const error = await failureOf(pushModel(options(world, {})));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringMatching(/--ca-file.*--insecure/),
    });
    expect(world.registry.log).toEqual([]);
  });

  test.each([1, 2])('gets the push where it need not be verified, with %i at once', async (workers) => {
    const auth = { kind: 'bearer', username: 'jane', password: PASSWORD } as const;
    const world = await network({ auth });
    const insecure = options(world, {}, { insecure: true });
    const { manifestDigest } = await pushModel({ ...insecure, workers });
    expect(world.registry.tags('acme/tiny').get('v1')).toBe(manifestDigest);
  });

  test('cannot have a password sent to an unverified token server elsewhere, even with --insecure', async () => {
    const world = await network();
    const { host, otherHost, log } = world.registry;
    expect(await failureOf(pushModel(options(world, {}, { insecure: true })))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`GET https://${otherHost}/token: no secure connection`),
      hint: expect.stringContaining('for the registry alone, --insecure'),
    });
    expect(log.filter(({ origin }) => origin === 'other')).toEqual([]);
    expect(log.some(({ headers }) => headers.host === host)).toBe(true);
  });

  test('cannot have a layer sent to an unverified storage elsewhere, even with --insecure', async () => {
    const auth = { kind: 'bearer', username: 'jane', password: PASSWORD } as const;
    const world = await network({ auth });
    const { otherHost, log } = world.registry;
    world.registry.addFault({
      on: 'upload-post',
      answer: { status: 202, headers: { location: `https://${otherHost}/storage` } },
      times: Number.POSITIVE_INFINITY,
    });
    expect(await failureOf(pushModel(options(world, {}, { insecure: true })))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`https://${otherHost}/storage: no secure connection`),
    });
    expect(log.filter(({ origin }) => origin === 'other')).toEqual([]);
  });
});

describe('a secret that is sent over a network without TLS', () => {
  /** A local proxy plays servers on other machines, which answer 401 and 404. */
  async function warnings(
    scheme: 'http' | 'https',
    { token = hubToken('plain'), registry = 'r.test', hub = 'hub.test' },
  ) {
    const proxy = await httpServer(({ url = '', headers }, response) => {
      const isAsked = url.includes('/v2/') && headers.authorization === undefined;
      response.writeHead(isAsked ? 401 : 404, isAsked ? { 'www-authenticate': 'Basic' } : {}).end();
    });
    const said: string[] = [];
    const onEvent = (event: PushEvent) => event.type === 'warning' && said.push(event.message);
    const network = { proxyFor: () => proxy.origin };
    const target = {
      kind: 'registry',
      registry: { scheme, host: registry },
      repository: 'acme/tiny',
    } as const;
    const credentials = async () => ({
      credentials: { kind: 'account', username: 'jane', password: PASSWORD } as const,
      origin: 'the test',
    });
    const access = { target, registry: { credentials, retries: 0 }, network, onEvent };
    await failureOf(listTags(access));
    const endpoint = `${scheme}://${hub}`;
    await failureOf(planPush({ model: MODEL, hub: { endpoint, token, retries: 0 }, ...access }));
    return said;
  }

  test('causes one warning: the account of a registry, the token of the Hub', async () => {
    expect(await warnings('http', {})).toEqual([
      'the account at r.test is sent without TLS (http)',
      'the Hub token is sent to hub.test without TLS (http)',
    ]);
  });

  test('causes none with TLS, on this machine, or without a token', async () => {
    expect(await warnings('https', {})).toEqual([]);
    expect(await warnings('http', { registry: 'localhost:5000', hub: '127.0.0.1:1' })).toEqual([]);
    expect(await warnings('http', { registry: '127.0.0.1:1', token: '' })).toEqual([]);
  });
});

test('the certificate of the Hub is verified also where that of the registry is not', async () => {
  const world = await network();
  const server = await listen(https.createServer({ key: KEY, cert: CERTIFICATE }));
  const insecure = options(world, {}, { insecure: true });
  const hub = { endpoint: `https://127.0.0.1:${server.port}` };
  expect((await failureOf(pushModel({ ...insecure, hub }))).code).toBe('UNSUPPORTED');
});

test('the system CAs that the caller passes are trusted for the Hub, the registry and a TLS proxy', async () => {
  const world = await network({}, { tls: true });
  const systemCa = { ca: ['garbage', CA_CERTIFICATE], origins: ['the system'], unusable: [] };
  const access = { systemCa, proxyFor: () => urlOf(world.proxy) };
  const { manifestDigest } = await pushModel(options(world, access));
  expect(world.registry.tags('acme/tiny').get('v1')).toBe(manifestDigest);
  const server = await listen(
    https.createServer({ key: KEY, cert: CERTIFICATE }, (_, response) => {
      response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
    }),
  );
  const hub = { endpoint: `https://127.0.0.1:${server.port}` };
  const pushed = pushModel({ ...options(world, { systemCa }), hub });
  expect((await failureOf(pushed)).code).toBe('NOT_FOUND');
});

test('the CAs of a registry are trusted for it and its token server, and not for the Hub', async () => {
  const world = await network();
  const folder = '/certs.d/registry';
  const certificates = async () => ({ folder, ca: [CA_CERTIFICATE], warnings: ['an odd file'] });
  const events: PushEvent[] = [];
  const asked = {
    ...options(world, {}, { certificates }),
    onEvent: (event: PushEvent) => events.push(event),
  };
  await pushModel(asked);
  expect(world.registry.log.map(({ origin }) => origin)).toContain('other');
  expect(events).toContainEqual({ type: 'warning', message: 'an odd file' });
  const server = await listen(https.createServer({ key: KEY, cert: CERTIFICATE }));
  const hub = { endpoint: `https://127.0.0.1:${server.port}` };
  const error = await failureOf(pushModel({ ...asked, hub }));
  expect(error).toMatchObject({ code: 'UNSUPPORTED' });
  // The option is for registries only.
  expect(error.hint).not.toContain('--insecure');
  expect(`${error.message} ${error.hint}`).not.toContain(folder);
});

test('a CA file without a certificate is refused before anything is asked', async () => {
  const world = await network();
  expect((await failureOf(pushModel(options(world, { ca: KEY })))).code).toBe('USAGE');
  expect(world.hub.log).toEqual([]);
});

test('further CAs leave those of NODE_EXTRA_CA_CERTS in place', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'extra.pem'), CA_CERTIFICATE);
  const server = await listen(
    https.createServer({ key: KEY, cert: CERTIFICATE }, (_, response) => {
      response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
    }),
  );
  const library = new URL('../../dist/index.js', import.meta.url).href;
  const program = `
    import { pushModel } from ${JSON.stringify(library)};
    const hub = { endpoint: 'https://127.0.0.1:${server.port}', retries: 0 };
    const network = { ca: process.env.FURTHER };
    pushModel({ model: 'a/b', target: { kind: 'layout', folder: 'x' }, hub, network }).catch(({ code }) => console.log(code));`;
  const env = { NODE_EXTRA_CA_CERTS: join(folder, 'extra.pem'), FURTHER: SELF_SIGNED_CERTIFICATE };
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder });
  expect(stdout).toBe('NOT_FOUND\n');
});

describe('a Hub that says nothing', () => {
  test.each([
    ['about the model is given up after its time limit', { metadataTimeoutMs: 150 }, 'no answer'],
    ['in the middle of a listing is given up after its time limit', { stallTimeoutMs: 150 }, 'no byte came'],
  ])('%s', async (_, limits, said) => {
    const server = await httpServer((_, response) => {
      if ('stallTimeoutMs' in limits) response.write('{');
    });
    const hub = { endpoint: server.origin, retries: 0, ...limits };
    const target = { kind: 'layout', folder: await tempFolder() } as const;
    const error = await failureOf(pushModel({ model: MODEL, target, hub }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(said) });
  });

  test.each([
    { metadataTimeoutMs: 0 },
    { stallTimeoutMs: -1 },
    { metadataTimeoutMs: 1.5 },
    { stallTimeoutMs: 2 ** 31 },
  ])('cannot be waited for %j', async (limits) => {
    const target = { kind: 'layout', folder: await tempFolder() } as const;
    expect((await failureOf(pushModel({ model: MODEL, target, hub: limits }))).code).toBe('USAGE');
  });
});
