import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { testClock } from '../../test/support/test-clock.ts';
import { sha256 } from '../core/digest.ts';
import { ModelcarError } from '../core/error.ts';
import { MANIFEST } from '../core/media-type.ts';
import type { Pause } from '../core/ports.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import { putManifest } from './put-manifest.ts';

const bytes = Buffer.from('{"schemaVersion":2}');
const digest = sha256(bytes);
const manifest = { bytes, descriptor: { mediaType: MANIFEST, digest, size: bytes.length } };
const url = 'https://r.test/v2/acme/llama/manifests/v1';

const created = answer(201, { 'docker-content-digest': digest });
const there = answer(200, { 'docker-content-digest': digest });
const other = answer(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` });
const absent = answer(404);
const reset = new ModelcarError('UNAVAILABLE', 'PUT https://r.test/…: the connection was reset');

/** A registry that answers so to each PUT, and so to each HEAD; the last answer stays. */
async function put(
  puts: readonly (HttpResponse | Error)[],
  heads: readonly (HttpResponse | Error)[] = [absent],
  retries = 3,
) {
  const sent: HttpRequest[] = [];
  const pauses: Pause[] = [];
  const clock = testClock();
  const nth = <T>(answers: readonly T[], method: string): T => {
    const turn = sent.filter((request) => request.method === method).length;
    return answers[Math.min(turn, answers.length) - 1] ?? expect.fail('nothing is left to say');
  };
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    sent.push(request);
    const said = request.method === 'PUT' ? nth(puts, 'PUT') : nth(heads, 'HEAD');
    if (said instanceof Error) throw said;
    return said;
  };
  const done = putManifest(
    { what: 'tag r.test/acme/llama:v1', url, manifest, signal: new AbortController().signal },
    { once: send, retries, clock, onRetry: (pause) => pauses.push(pause) },
  );
  const error = await done.then(
    () => undefined,
    () => failureOf(done),
  );
  return { error, pauses, sleeps: clock.sleeps, methods: sent.map(({ method }) => method), sent };
}

test('a manifest is one PUT, with its type and its length', async () => {
  const { error, methods, sent } = await put([created]);
  expect([error, methods]).toEqual([undefined, ['PUT']]);
  expect(sent[0]).toMatchObject({
    url,
    body: bytes,
    headers: { 'content-type': MANIFEST, 'content-length': String(bytes.length) },
  });
});

test('is looked for also when no retry is left', async () => {
  const { error, methods } = await put([answer(504)], [there], 0);
  expect([error, methods]).toEqual([undefined, ['PUT', 'HEAD']]);
});

test('is asked for once after each failure: retries do not multiply', async () => {
  const { error, methods } = await put([answer(503)], [answer(503)], 3);
  expect(error?.code).toBe('UNAVAILABLE');
  expect(methods).toEqual(['PUT', 'HEAD', 'PUT', 'HEAD', 'PUT', 'HEAD', 'PUT', 'HEAD']);
});

describe('a manifest whose answer says nothing certain', () => {
  test.each<[what: string, said: HttpResponse | Error]>([
    ['a proxy that did not wait', answer(504)],
    ['a failure of the server', answer(500)],
    ['a busy registry', answer(429, { 'retry-after': '7' })],
    ['a broken connection', reset],
  ])('is looked for, and done where it is there: %s', async (_, said) => {
    const { error, methods, sleeps } = await put([said], [there]);
    expect([error, methods, sleeps]).toEqual([undefined, ['PUT', 'HEAD'], []]);
  });

  test.each<[what: string, said: HttpResponse]>([
    ['where it is not there', absent],
    ['where the tag points at another', other],
    ['where no digest is named', answer(200)],
    ['where nobody may ask', answer(403)],
  ])('is sent again %s', async (_, said) => {
    const { error, methods, pauses } = await put([answer(504), created], [said]);
    expect([error, methods]).toEqual([undefined, ['PUT', 'HEAD', 'PUT']]);
    expect(pauses).toEqual([
      { retry: 1, retries: 3, delayMs: 500, reason: 'cannot tag r.test/acme/llama:v1: 504' },
    ]);
  });

  test('is sent again after as long as the registry asks for', async () => {
    const { sleeps } = await put([answer(503, { 'retry-after': '7' }), created]);
    expect(sleeps).toEqual([7_000]);
  });

  test.each<[what: string, said: HttpResponse | Error, code: string]>([
    ['a server that fails', answer(502), 'UNAVAILABLE'],
    ['a registry that limits the rate', answer(429), 'RATE_LIMITED'],
    ['a connection that breaks', reset, 'UNAVAILABLE'],
  ])('is an error after the retries: %s', async (_, said, code) => {
    const { error, methods } = await put([said]);
    expect(error).toMatchObject({ code });
    expect(methods.filter((method) => method === 'PUT')).toHaveLength(4);
  });
});

describe('a manifest is not sent again', () => {
  test.each([
    [400, 'REJECTED'],
    [401, 'UNAUTHORIZED'],
    [403, 'UNAUTHORIZED'],
    [404, 'NOT_FOUND'],
    [413, 'REJECTED'],
  ])('when the registry refuses it with %i', async (status, code) => {
    const { error, methods } = await put([answer(status)]);
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(`tag r.test/acme/llama:v1: ${status}`),
    });
    // It is looked for once: an immutable tag may point at it already.
    expect(methods).toEqual(['PUT', 'HEAD']);
  });

  test.each([400, 401, 403, 404, 409, 412])(
    'when the registry refuses it with %i because it is there already',
    async (status) => {
      const { error, methods } = await put([answer(status)], [there]);
      expect([error, methods]).toEqual([undefined, ['PUT', 'HEAD']]);
    },
  );

  test('when the registry refuses it, and the look too', async () => {
    const { error } = await put([answer(412)], [new ModelcarError('UNSUPPORTED', 'no certificate')]);
    expect(error?.message).toBe('cannot tag r.test/acme/llama:v1: 412');
  });

  test('when the registry has taken other bytes', async () => {
    const { error, methods } = await put([
      answer(201, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }),
    ]);
    expect(error).toMatchObject({ code: 'CONTENT_MISMATCH', message: expect.stringContaining(digest) });
    expect(methods).toEqual(['PUT']);
  });

  test('when the failure is none of the network', async () => {
    const broken = new ModelcarError('UNSUPPORTED', 'the certificate is not trusted');
    const { error, methods } = await put([broken]);
    expect([error, methods]).toEqual([broken, ['PUT']]);
  });
});
