import { describe, expect, test } from 'vitest';
import type { ImageReader, ImageTarget } from '../../src/core/ports.ts';
import { personalities } from '../fakes/registry/personalities.ts';
import { registryFor } from '../fakes/registry/raw-http.ts';
import { httpServer } from '../support/raw-server.ts';
import { registryReader, registryTarget } from '../support/registry-target.ts';
import { failureOf } from '../support/rejection.ts';

const { signal } = new AbortController();
const PAGE = '<!doctype html><html><title>Welcome</title></html>';

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

/** A host that gives one answer to `/v2/` and another one to everything else. */
async function host(root: Answer, rest: Answer = root): Promise<string> {
  const server = await httpServer(({ url, method }, response) => {
    const { status, type = 'text/html; charset=utf-8', body = PAGE } = url === '/v2/' ? root : rest;
    response.writeHead(status, { 'content-type': type, 'content-length': body.length });
    response.end(method === 'HEAD' ? '' : body);
  });
  return `127.0.0.1:${server.port}`;
}

/** The first thing that each command asks of a registry. */
const FIRST_QUESTIONS: readonly [
  what: string,
  ask: (target: ImageTarget, reader: ImageReader) => Promise<unknown>,
][] = [
  ['a push', (target) => target.prepare(signal)],
  ['a dry run', (target) => target.checkAccess(signal)],
  ['the list of tags', (_, reader) => reader.listTags(signal)],
  ['the check of an image', (_, reader) => reader.readManifest({ tag: 'v1' }, 1000, signal)],
];

describe.each(FIRST_QUESTIONS)('%s at a host that is not a registry', (_, ask) => {
  const from = (host: string) => ask(registryTarget({ host }), registryReader({ host }));

  test.each([
    [{ status: 200 }],
    [{ status: 404 }],
    [{ status: 404, type: 'text/html' }],
    [{ status: 405 }],
    [{ status: 501 }],
  ])('is told so at its first question: %j', async (answer) => {
    const name = await host(answer);
    expect(await failureOf(from(name))).toMatchObject({
      code: 'UNSUPPORTED',
      message: `${name} does not answer like a registry: ${answer.status} (text/html)`,
    });
  });
});

test('an HTML page is not taken for the manifest of a tag', async () => {
  const name = await host({ status: 200, type: 'application/json', body: '{}' }, { status: 200 });
  expect(await failureOf(registryTarget({ host: name }).resolveTag('v1', signal))).toMatchObject({
    code: 'UNSUPPORTED',
  });
});

test('text that is not JSON is not taken for the manifest of a tag', async () => {
  const name = await host({ status: 200, type: 'text/plain', body: 'OK' });
  expect(await failureOf(registryTarget({ host: name }).resolveTag('v1', signal))).toMatchObject({
    message: `${name} does not answer like a registry: 200 (text/plain)`,
  });
});

describe('a registry is accepted', () => {
  const JSON_404 = { status: 404, type: 'application/json', body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' };

  test('whose proxy knows only repositories, and has a page for /v2/', async () => {
    const name = await host({ status: 404 }, JSON_404);
    await registryTarget({ host: name }).prepare(signal);
  });

  test('whose proxy has a page for repositories that it does not know', async () => {
    const name = await host({ status: 200, type: 'application/json', body: '{}' }, { status: 404 });
    expect(await failureOf(registryReader({ host: name }).listTags(signal))).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await registryReader({ host: name }).readManifest({ tag: 'v1' }, 1000, signal)).toBeUndefined();
  });

  test('that answers /v2/ with a word that it calls HTML, as Quay does', async () => {
    const name = await host({ status: 200, body: 'true' }, JSON_404);
    await registryTarget({ host: name }).prepare(signal);
  });

  test.each(Object.keys(personalities) as (keyof typeof personalities)[])(
    'that is %s',
    async (personality) => {
      const registry = await registryFor({ personality, repositories: ['acme/llama'] });
      await registryTarget(registry).prepare(signal);
      await registryTarget(registry).checkAccess(signal);
    },
  );
});
