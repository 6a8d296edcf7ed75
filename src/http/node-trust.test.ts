import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFakeProxy } from '../../test/fakes/proxy/fake-proxy.ts';
import { httpServer, listen, type RawServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { secret } from '../../test/support/secrets.ts';
import {
  CA_CERTIFICATE,
  CERTIFICATE,
  EXPIRED_CERTIFICATE,
  KEY,
  OTHER_CERTIFICATE,
  SELF_SIGNED_CERTIFICATE,
  trusting,
} from '../../test/support/test-certificate.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
import type { HomeServer } from './node-route.ts';
import { tlsTrouble } from './tls-error.ts';
import { readText } from './transport.ts';

function tlsServer(cert: string): Promise<RawServer> {
  return listen(https.createServer({ key: KEY, cert }, (_, response) => response.end('fine')));
}

async function ask(port: number, options: NodeTransportOptions): Promise<string> {
  const { send, close } = createNodeTransport(options);
  onTestFinished(close);
  return readText(await send({ method: 'GET', url: `https://127.0.0.1:${port}/v2/?state=secret` }));
}

/** The options of a user who named the server on this port, and set `--insecure`. */
function unverified(port: number): NodeTransportOptions {
  return { home: { origin: `https://127.0.0.1:${port}`, insecure: true } };
}

const REGISTRY: NodeTransportOptions = { home: { origin: 'https://127.0.0.1', insecure: false } };
const TRUST = /--ca-file.*--insecure/;
/** A Hub is always verified. */
const TRUST_HUB = /--ca-file, or in the system's store\.$/;

describe('a server', () => {
  test('whose certificate is by a CA that was given is trusted', async () => {
    expect(await ask((await tlsServer(CERTIFICATE)).port, { trusted: trusting(CA_CERTIFICATE) })).toBe(
      'fine',
    );
  });

  test('is trusted by the second certificate that was given, too', async () => {
    const trusted = trusting(SELF_SIGNED_CERTIFICATE, CA_CERTIFICATE);
    expect(await ask((await tlsServer(CERTIFICATE)).port, { trusted })).toBe('fine');
    expect(await ask((await tlsServer(SELF_SIGNED_CERTIFICATE)).port, { trusted })).toBe('fine');
  });

  test.each<[fact: string, certificate: string, options: NodeTransportOptions, said: string, hint: RegExp]>([
    ['of an unknown CA', CERTIFICATE, REGISTRY, 'by a CA that is not known here', TRUST],
    ['without a CA', SELF_SIGNED_CERTIFICATE, REGISTRY, 'is self-signed', TRUST],
    ['without a CA, at a Hub,', SELF_SIGNED_CERTIFICATE, {}, 'is self-signed', TRUST_HUB],
    ['of yesterday', EXPIRED_CERTIFICATE, { trusted: trusting(CA_CERTIFICATE) }, 'has expired', /clock/],
    [
      'of another name',
      OTHER_CERTIFICATE,
      { trusted: trusting(CA_CERTIFICATE) },
      'for another name: ',
      /name/,
    ],
  ])(
    'with a certificate %s is refused once and for all, with what to do',
    async (_, cert, options, said, hint) => {
      const { port } = await tlsServer(cert);
      expect(await failureOf(ask(port, options))).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining(
          `GET https://127.0.0.1:${port}/v2/: no secure connection: its certificate`,
        ),
        hint: expect.stringMatching(hint),
      });
      expect((await failureOf(ask(port, options))).message).toContain(said);
    },
  );

  test.each([CERTIFICATE, SELF_SIGNED_CERTIFICATE, EXPIRED_CERTIFICATE, OTHER_CERTIFICATE])(
    'is taken for what it says it is where that was asked for',
    async (cert) => {
      const { port } = await tlsServer(cert);
      expect(await ask(port, unverified(port))).toBe('fine');
    },
  );

  test('is verified for every server but the one that need not be, with a hint', async () => {
    const [home, other] = [await tlsServer(CERTIFICATE), await tlsServer(CERTIFICATE)];
    expect(await failureOf(ask(other.port, unverified(home.port)))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`GET https://127.0.0.1:${other.port}/v2/: no secure connection`),
      hint: expect.stringContaining('for the registry alone, --insecure'),
    });
  });

  test('without TLS is told from one with a bad certificate', async () => {
    const { port } = await httpServer((_, response) => response.end());
    expect(await failureOf(ask(port, unverified(port)))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('it answers without TLS'),
      hint: expect.stringContaining('http://'),
    });
  });
});

test('a CA that cannot be read counts for nothing, and the next one is trusted', async () => {
  const broken = CA_CERTIFICATE.replace('MII', 'AAA');
  const { port } = await tlsServer(CERTIFICATE);
  expect(await ask(port, { trusted: trusting('garbage', broken, CA_CERTIFICATE) })).toBe('fine');
});

test('an unknown CA: the error names where CAs were looked for, what could not be used, and where one belongs', async () => {
  const { port } = await tlsServer(CERTIFICATE);
  const trusted = { ca: [], origins: ['/etc/bundle.crt'], unusable: ['/etc/corp.pem (permission denied)'] };
  const home = { origin: `https://127.0.0.1:${port}`, certificateFolder: '/certs.d/registry.test' };
  expect(await failureOf(ask(port, { trusted, home }))).toMatchObject({
    message: expect.stringContaining(
      '(trusted CAs: Node.js, /etc/bundle.crt; not usable: /etc/corp.pem (permission denied))',
    ),
    hint: expect.stringMatching(
      /--ca-file, as \/certs\.d\/registry\.test\/ca\.crt, or in the system's store/,
    ),
  });
});

describe('a client certificate', () => {
  const client = { certificate: CERTIFICATE, key: `${secret('client key')}\n${KEY}` };

  interface Asking extends RawServer {
    /** The subject of each certificate that was shown, or nothing. */
    readonly shown: readonly unknown[];
  }

  /** Asks for a certificate; `required` hangs up on a client without a good one. */
  async function asking(more: https.ServerOptions = {}): Promise<Asking> {
    const shown: unknown[] = [];
    const options = { key: KEY, cert: CERTIFICATE, ca: CA_CERTIFICATE, requestCert: true, ...more };
    const server = https.createServer({ rejectUnauthorized: false, ...options }, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
      response.end('fine');
    });
    return Object.assign(await listen(server), { shown });
  }

  function as(port: number, more: Partial<HomeServer> = {}): NodeTransportOptions {
    const folder = '/certs.d/registry.test';
    const home = { origin: `https://127.0.0.1:${port}`, certificateFolder: folder, ...more };
    return { trusted: trusting(CA_CERTIFICATE), home };
  }

  test('is shown to the registry, and to no other port, even unverified', async () => {
    const [home, other] = [await asking(), await asking()];
    for (const insecure of [false, true]) {
      const options = as(home.port, { clientCertificate: client, insecure });
      expect(await ask(home.port, options)).toBe('fine');
      expect(await ask(other.port, options)).toBe('fine');
    }
    expect([home.shown, other.shown]).toEqual([
      ['localhost', 'localhost'],
      [undefined, undefined],
    ]);
  });

  test('goes through a proxy to the registry, and not to a TLS proxy', async () => {
    const home = await asking();
    const proxy = await startFakeProxy({ tls: true });
    onTestFinished(() => proxy.close());
    const options = { ...as(home.port, { clientCertificate: client }), proxyFor: () => proxy.url };
    expect(await ask(home.port, options)).toBe('fine');
    expect(home.shown).toEqual(['localhost']);
  });

  test.each([
    ['TLSv1.3', 'UNAUTHORIZED', 'it wants a client certificate (TLS alert: certificate required)'],
    ['TLSv1.2', 'UNSUPPORTED', 'it refused the connection (TLS alert: handshake failure)'],
  ] as const)(
    'that is missing is asked for by %s: the error says where it belongs',
    async (version, code, said) => {
      const { port } = await asking({ rejectUnauthorized: true, maxVersion: version });
      expect(await failureOf(ask(port, as(port)))).toMatchObject({
        code,
        message: expect.stringContaining(said),
        hint: expect.stringMatching(/^Put client\.cert and client\.key into \/certs\.d\/registry\.test/),
      });
    },
  );

  test('that another server than the registry wants is not promised', async () => {
    const { port } = await asking({ rejectUnauthorized: true });
    expect(await failureOf(ask(port, as(1, { clientCertificate: client })))).toMatchObject({
      code: 'UNAUTHORIZED',
      hint: expect.stringContaining("only the registry's own host and port"),
    });
  });
});

test.each([
  [
    'bad certificate',
    true,
    'UNAUTHORIZED',
    'it does not accept our client certificate',
    /the CA and the expiry/,
  ],
  ['unknown ca', true, 'UNAUTHORIZED', 'it does not accept our client certificate', /the CA and the expiry/],
  ['unknown ca', false, 'UNAUTHORIZED', 'it wants a client certificate', /client\.cert/],
  ['protocol version', false, undefined, 'it refused the connection', /TLS versions/],
  ['unrecognized name', true, undefined, 'it refused the connection', /host name/],
  ['handshake failure', true, undefined, 'it refused the connection', /TLS versions/],
] as const)('the TLS alert "%s", client certificate %s, is %s', (alert, has, errorCode, said, hint) => {
  const message = `write EPROTO 00:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert ${alert}:../rec.c:918:SSL alert number 42`;
  const verification = {
    trusted: trusting(),
    folder: '/certs.d/r',
    hasClientCertificate: has,
    isRegistry: true,
  };
  expect(tlsTrouble('EPROTO', message, { redact: (text) => text }, verification)).toMatchObject({
    said: `${said} (TLS alert: ${alert})`,
    hint: expect.stringMatching(hint),
    ...(errorCode && { errorCode }),
  });
});
