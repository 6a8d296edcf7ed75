import { sign, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { secret } from '../support/secrets.ts';
import { CA_CERTIFICATE, CERTIFICATE, KEY } from '../support/test-certificate.ts';
import type { TokenAuthority } from './distribution-config.ts';

export interface TokenServerOptions {
  /** How long a token really lives; its end falls on a full second, so it may be up to one more. */
  readonly lifeSeconds: number;
  /** What is said of it. Default: the truth; `absent` says nothing. */
  readonly toldSeconds?: number | 'absent';
}

/** Gives out tokens that the real distribution takes (https://distribution.github.io/distribution/spec/auth/jwt/). */
export interface TokenServer {
  readonly authority: TokenAuthority;
  /** The status of each answer so far. */
  readonly answers: readonly number[];
  readonly username: string;
  /** May change while it runs. */
  password: string;
  /** What it answers instead of a token. */
  trouble: 503 | 401 | undefined;
  close(): Promise<void>;
}

const SERVICE = 'registry of the test';
const ISSUER = 'token server of the test';
/** distribution takes a token for so much longer than it says (registry/auth/token/token.go, Leeway). */
const LEEWAY_SECONDS = 60;

export async function startTokenServer({
  lifeSeconds,
  toldSeconds = lifeSeconds,
}: TokenServerOptions): Promise<TokenServer> {
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const status = token.trouble ?? (isOurs(request.headers.authorization) ? 200 : 401);
    answers.push(status);
    response.writeHead(status, { 'content-type': 'application/json' });
    if (status !== 200) {
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"no token for you"}]}');
      return;
    }
    const { searchParams } = new URL(request.url ?? '/', 'http://token.test');
    const life = toldSeconds === 'absent' ? {} : { expires_in: toldSeconds };
    response.end(JSON.stringify({ token: signedToken(searchParams.getAll('scope'), lifeSeconds), ...life }));
  });
  const isOurs = (authorization = ''): boolean =>
    authorization === `Basic ${Buffer.from(`${token.username}:${token.password}`).toString('base64')}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const token: TokenServer = {
    authority: { realm, service: SERVICE, issuer: ISSUER, rootCertificate: CA_CERTIFICATE },
    answers,
    username: 'ada',
    password: secret('registry password'),
    trouble: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return token;
}

function signedToken(scopes: readonly string[], lifeSeconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'ES256', typ: 'JWT', x5c: [new X509Certificate(CERTIFICATE).raw.toString('base64')] };
  const claims = {
    iss: ISSUER,
    aud: SERVICE,
    sub: 'ada',
    jti: secret('registry token'),
    nbf: now - 60,
    iat: now,
    exp: now + 1 + lifeSeconds - LEEWAY_SECONDS,
    access: scopes.flatMap((scope) => scope.split(' ')).map(grantOf),
  };
  const content = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const signature = sign('sha256', Buffer.from(content), { key: KEY, dsaEncoding: 'ieee-p1363' });
  return `${content}.${base64url(signature)}`;
}

/** Whoever may come in may do all that was asked. */
function grantOf(scope: string): object {
  const [type = '', name = '', actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}
