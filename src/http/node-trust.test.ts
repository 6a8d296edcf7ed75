import https from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { httpServer, listen, type RawServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import {
  CA_CERTIFICATE,
  CERTIFICATE,
  EXPIRED_CERTIFICATE,
  KEY,
  OTHER_CERTIFICATE,
  SELF_SIGNED_CERTIFICATE,
} from '../../test/support/test-certificate.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-http.ts';
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

const TRUST = /--ca-file.*--insecure/;

describe('a server', () => {
  test('whose certificate is by a CA that was given is trusted', async () => {
    expect(await ask((await tlsServer(CERTIFICATE)).port, { ca: [CA_CERTIFICATE] })).toBe('fine');
  });

  test('is trusted by the second certificate that was given, too', async () => {
    const ca = [SELF_SIGNED_CERTIFICATE, CA_CERTIFICATE];
    expect(await ask((await tlsServer(CERTIFICATE)).port, { ca })).toBe('fine');
    expect(await ask((await tlsServer(SELF_SIGNED_CERTIFICATE)).port, { ca })).toBe('fine');
  });

  test.each<[fact: string, certificate: string, options: NodeTransportOptions, said: string, hint: RegExp]>([
    ['of an unknown CA', CERTIFICATE, {}, 'by a CA that is not known here', TRUST],
    ['without a CA', SELF_SIGNED_CERTIFICATE, {}, 'is self-signed', TRUST],
    ['of yesterday', EXPIRED_CERTIFICATE, { ca: [CA_CERTIFICATE] }, 'has expired', /clock/],
    ['of another name', OTHER_CERTIFICATE, { ca: [CA_CERTIFICATE] }, 'for another name: ', /name/],
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
      hint: expect.stringContaining("only for the registry's own host and port"),
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
