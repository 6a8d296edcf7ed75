import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from './fake-registry.ts';

/** The plainest client there is: what a test sends is what goes over the wire. */

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface RawOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Send the body with `Transfer-Encoding: chunked`. */
  readonly chunked?: true;
}

/** A registry that is closed when the test is over. */
export async function registryFor(options?: FakeRegistryOptions): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(options);
  onTestFinished(() => registry.close());
  return registry;
}

export function call(
  registry: FakeRegistry,
  method: string,
  target: string,
  { headers = {}, body, chunked }: RawOptions = {},
): Promise<RawAnswer> {
  const url = new URL(target, registry.origin);
  const bytes = Buffer.from(body ?? '');
  const framing = chunked
    ? { 'transfer-encoding': 'chunked' }
    : body === undefined && (method === 'GET' || method === 'HEAD' || method === 'DELETE')
      ? {}
      : { 'content-length': String(bytes.length) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers: { ...framing, ...headers } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('error', reject);
      answer.once('end', () => {
        const whole = Buffer.concat(pieces);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: whole.toString(),
          bytes: whole,
        });
      });
    });
    sent.once('error', reject);
    sent.end(bytes);
  });
}

export async function beginAt(
  registry: FakeRegistry,
  repository = 'a/b',
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await call(registry, 'POST', `/v2/${repository}/blobs/uploads/`, { headers });
  return locationOf(answer);
}

export function locationOf({ headers }: RawAnswer): string {
  if (headers.location === undefined) throw new Error('the answer has no Location');
  return headers.location;
}

export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;
}

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** POST, one PATCH, PUT: how podman and docker push. */
export async function push(registry: FakeRegistry, repository: string, bytes: Buffer): Promise<string> {
  const digest = sha256(bytes);
  const patched = await call(registry, 'PATCH', await beginAt(registry, repository), {
    body: bytes,
    chunked: true,
  });
  const put = await call(registry, 'PUT', withDigest(locationOf(patched), digest));
  if (put.status !== 201) throw new Error(`PUT was answered ${put.status}: ${put.text}`);
  return digest;
}

/** Declare a whole body and send a part of it; the connection stays open for the test to do with it what it will. */
export function sendPart(
  registry: FakeRegistry,
  location: string,
  part: { readonly bytes: Buffer; readonly declared: number; readonly contentRange?: string },
): Promise<Socket> {
  const { pathname, search, host, hostname, port } = new URL(location, registry.origin);
  const head = [
    `PATCH ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${part.declared}`,
    ...(part.contentRange === undefined ? [] : [`Content-Range: ${part.contentRange}`]),
    '',
    '',
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.write(Buffer.concat([Buffer.from(head), part.bytes]), () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
