import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { httpServer, type RawServer } from '../support/raw-server.ts';
import { hubToken, secret } from '../support/secrets.ts';

/**
 * The secrets of one push. No two begin alike, so that redacting one cannot hide another. The password has characters that
 * URLs, JSON and HTML escape.
 */
export const SECRETS: Readonly<Record<SecretName, string>> = {
  hubToken: `hf_4kWm8RzLqT${hubToken('hub token')}`,
  password: `p<&"7/+ ü%vX${secret('password')}`,
  identityToken: `idt/9+xQ=Zr3M${secret('identity token')}`,
  bearerToken: `eyJ.b3Arer.77T${secret('bearer token')}`,
  session: `8845-bbcc-d1E2${secret('session')}`,
  state: `St4te_q9Wz-0Pm${secret('upload state')}`,
  signature: `Sgn~7Yh2Kd-0Vn${secret('signature')}`,
  cookie: `n0de-Lb5Gt2Xs9${secret('cookie')}`,
  proxyPassword: `Px7-mN3vB8-qLw${secret('proxy password')}`,
};

type SecretName =
  | 'hubToken'
  | 'password'
  | 'identityToken'
  | 'bearerToken'
  | 'session'
  | 'state'
  | 'signature'
  | 'cookie'
  | 'proxyPassword';

const COMMIT = 'c'.repeat(40);
export const REPOSITORY = 'acme/llama';
/** Larger than one request; and large enough for a thread. */
const SIZE = 300_000;
const THREADED_SIZE = 9 * 2 ** 20;

/** How a server refuses: it repeats everything that it received. */
export type Kind = 'json' | 'text' | 'html';

interface Asked {
  readonly server: 'hub' | 'storage' | 'registry' | 'realm';
  /** `PATCH /v2/acme/llama/blobs/uploads/…` */
  readonly line: string;
  readonly authorized: boolean;
}

export interface EchoOptions {
  /** Which requests the server repeats in its answer. */
  readonly echoed: (asked: Asked) => boolean;
  readonly kind: Kind;
  readonly status?: number;
  /** The authorization that the registry wants. */
  readonly auth?: 'basic' | 'bearer';
  /** The registry repeats each request in a header of an answer that is honest otherwise. */
  readonly warns?: boolean;
  /** Requests that fail before any is echoed. */
  readonly broken?: (asked: Asked) => boolean;
  readonly redirects?: true;
  /** Two files, each worth a thread of its own. */
  readonly threads?: true;
}

export interface EchoWorld {
  readonly hub: RawServer;
  /** `127.0.0.1:port` */
  readonly registry: string;
  /** What was echoed, as `server line`. */
  readonly echoes: readonly string[];
}

/** A Hub, its storage, a registry and its token server, which are honest but repeat requests. */
export async function echoWorld(options: EchoOptions): Promise<EchoWorld> {
  const echoes: string[] = [];
  const bytes = Buffer.alloc(options.threads ? THREADED_SIZE : SIZE, 'w');
  const honest = {
    hub: honestHub(options.threads ? ['v.bin', 'w.bin'] : ['w.bin'], bytes),
    storage: honestStorage(bytes),
    registry: honestRegistry(options),
    realm: honestRealm,
  };
  const serve = (server: Asked['server'], places: () => Places) =>
    httpServer(async (request, response) => {
      const body = await buffer(request).catch(() => undefined);
      if (body === undefined) return;
      const { authorization } = request.headers;
      const asked = {
        server,
        line: `${request.method} ${request.url}`,
        authorized: authorization !== undefined,
      };
      const said = repeated(request, body);
      if (options.echoed(asked)) {
        echoes.push(`${server} ${asked.line}`);
        return echo(response, said, { ...options, line: asked.line });
      }
      if (options.broken?.(asked)) return void response.writeHead(500).end();
      if (options.warns)
        response.setHeader('warning', `299 - "${headerText(said).replace(/["\\]/g, '\\$&')}"`);
      honest[server](request, response, { ...places(), body });
    });
  const places: { hub?: RawServer; storage?: RawServer; realm?: RawServer } = {};
  const known = () => ({ storage: places.storage?.origin ?? '', realm: places.realm?.origin ?? '' });
  places.storage = await serve('storage', known);
  places.realm = await serve('realm', known);
  const hub = await serve('hub', known);
  const registry = await serve('registry', known);
  return { hub, registry: registry.origin.replace('http://', ''), echoes };
}

interface Places {
  readonly storage: string;
  readonly realm: string;
}

type Honest = (
  request: IncomingMessage,
  response: ServerResponse,
  places: Places & { readonly body: Buffer },
) => void;

const honestHub =
  (files: readonly string[], bytes: Buffer): Honest =>
  ({ url = '' }, response, { storage }) => {
    const oid = createHash('sha256').update(bytes).digest('hex');
    const size = bytes.length;
    if (url.includes('/revision/')) response.end(JSON.stringify({ sha: COMMIT }));
    else if (url.includes('/tree/')) {
      const entries = files.map((path) => ({ type: 'file', path, size, oid: COMMIT, lfs: { oid, size } }));
      response.end(JSON.stringify(entries));
    } else {
      const location = `${storage}/w.bin?Signature=${SECRETS.signature}&Key=k`;
      response.writeHead(302, { location }).end();
    }
  };

const honestStorage =
  (bytes: Buffer): Honest =>
  (_, response) => {
    response.end(bytes);
  };

const honestRealm: Honest = (_, response) => {
  response.end(JSON.stringify({ token: SECRETS.bearerToken, expires_in: 300 }));
};

/** A registry that accepts everything, and stores what it must return later. */
function honestRegistry({ auth }: EchoOptions): Honest {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
  let received = Buffer.alloc(0);
  return ({ method = '', url = '', headers }, response, { realm, body }) => {
    if (auth !== undefined && headers.authorization === undefined) {
      const challenge = auth === 'basic' ? 'Basic realm="r"' : `Bearer realm="${realm}/token",service="r"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    const path = url.replace(/\?.*/, '');
    const digest = new URLSearchParams(url.split('?')[1]).get('digest');
    const name = path.split('/').at(-1) ?? '';
    const location = `${path.replace(/[^/]*$/, SECRETS.session)}?_state=${SECRETS.state}`;
    if (path.includes('/manifests/')) {
      const found = manifests.get(name);
      if (method === 'PUT') {
        const stored = { bytes: body, type: headers['content-type'] ?? '' };
        manifests.set(name, stored).set(digestOf(body), stored);
        return void response.writeHead(201).end();
      }
      if (found === undefined) return void response.writeHead(404).end();
      response.setHeader('content-type', found.type);
      response.setHeader('docker-content-digest', digestOf(found.bytes));
      return void response.end(found.bytes);
    }
    if (path.endsWith('/tags/list'))
      return void response.end(JSON.stringify({ name: REPOSITORY, tags: ['v1'] }));
    if (path === '/v2/') return void response.end();
    if (method === 'POST') {
      received = Buffer.alloc(0);
      return void response.writeHead(202, { location, 'set-cookie': `LB=${SECRETS.cookie}; Path=/` }).end();
    }
    if (method === 'PATCH') {
      received = Buffer.concat([received, body]);
      return void response.writeHead(202, { location, range: `0-${received.length - 1}` }).end();
    }
    if (method === 'PUT') {
      blobs.set(digest ?? '', Buffer.concat([received, body]));
      received = Buffer.alloc(0);
      return void response.writeHead(201).end();
    }
    if (path.includes('/uploads/')) {
      return void response.writeHead(204, { location, range: `0-${received.length - 1}` }).end();
    }
    const blob = blobs.get(name);
    if (blob === undefined) return void response.writeHead(404).end();
    response.setHeader('content-length', blob.length);
    response.end(method === 'HEAD' ? undefined : blob);
  };
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The request in every spelling that servers, gateways and debugging proxies use. */
export function repeated(request: IncomingMessage, body: Buffer): string {
  const { method = '', url = '', headers } = request;
  const form = headers['content-type']?.includes('form') ? body.toString() : '';
  const secrets = ['authorization', 'cookie', 'proxy-authorization'].flatMap((name) => {
    const value = headers[name] ?? '';
    const word = String(value).replace(/^(Basic|Bearer) /, '');
    const account = String(value).startsWith('Basic ') ? Buffer.from(word, 'base64').toString() : '';
    return [String(value), word, account, account.slice(account.indexOf(':') + 1)];
  });
  const parts = [
    url,
    decodeURIComponent(url),
    ...url.split(/[/?&=]/),
    form,
    ...new URLSearchParams(form).values(),
  ];
  const all = [...new Set([...secrets, ...parts])].filter((text) => text.length > 3);
  const spelt = all.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text),
    JSON.stringify(JSON.stringify(text)),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    text.replace(/[!-/:-@[-`{-~]/g, '\\$&'),
    Buffer.from(text).toString('base64'),
    Buffer.from(`x:${text}`).toString('base64url'),
  ]);
  return [`${method} ${url}`, ...spelt].join(' ; ');
}

/** Cut to what a header can carry, as Latin-1. */
function headerText(said: string): string {
  return Buffer.from(said)
    .toString('latin1')
    .slice(0, 2_000)
    .replace(/[^\x20-\x7e\xa0-\xff]/g, ' ');
}

function echo(
  response: ServerResponse,
  said: string,
  { kind, status = 403, redirects, line }: EchoOptions & { line: string },
): void {
  const text = headerText(said);
  const inUrl = encodeURIComponent(said.slice(0, 1_000).toWellFormed());
  response.statusMessage = text.slice(0, 200);
  const headers = {
    'x-error-message': text,
    'x-request-id': text.slice(0, 200),
    'x-amz-cf-id': text.slice(0, 200),
    warning: `299 - "${text.replace(/["\\]/g, '\\$&')}"`,
    'docker-content-digest': text.slice(0, 300),
    'retry-after': '0',
    link: `</${inUrl}>; rel="next"`,
    ...(redirects && { location: `ftp://a.test/${inUrl}` }),
    ...(status === 401 && { 'www-authenticate': `Bearer realm="http://127.0.0.1:1/${inUrl}",service="r"` }),
  };
  const bodies = {
    json: JSON.stringify({ error: said, errors: [{ code: 'DENIED', message: said, detail: said }] }),
    text: `${status} you sent: ${said}`,
    html: `<html><title>${status}</title><body>${status} <b>you</b> sent ${said}</body></html>`,
  };
  const withMessage = kind === 'json' ? headers : { ...headers, 'x-error-message': '' };
  if (kind !== 'json') delete (withMessage as Record<string, unknown>)['x-error-message'];
  response.writeHead(status, withMessage);
  response.end(line.startsWith('HEAD ') ? undefined : bodies[kind]);
}
