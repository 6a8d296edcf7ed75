import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { readAccepted, readCommitted, readExists, readOpened, readPosted, readStatus } from './read-reply.ts';
import type { UploadReply } from './upload-state.ts';

const MIB = 2 ** 20;
const url = 'https://registry.test/v2/acme/llama/blobs/uploads/1?_state=old';
const asked = { url, date: Date.parse('Mon, 23 Nov 2026 10:00:00 GMT') };

type Row = [who: string, status: number, headers: Record<string, string>, expected: unknown];

/** An answer as registries write their errors (OCI distribution-spec, "Error Codes"). */
const problem = (status: number, code: string, message = '', headers: Record<string, string> = {}) =>
  answer(status, headers, JSON.stringify({ errors: [{ code, message }] }));

describe('a PATCH of the bytes 100 to 199 was taken', () => {
  const read = (status: number, headers: Record<string, string>): Promise<UploadReply> =>
    readAccepted(answer(status, headers), { ...asked, offset: 100, end: 200, bodySize: 100 });

  test.each<Row>([
    ['distribution: 202', 202, { range: '0-199' }, { end: 200, claimed: 200 }],
    ['ECR: 201', 201, { range: '0-199' }, { end: 200, claimed: 200 }],
    ['Pulp, older crane: 204', 204, { range: '0-199' }, { end: 200, claimed: 200 }],
    ['some proxy: 200', 200, { range: '0-199' }, { end: 200, claimed: 200 }],
    ['no Range: all of it', 202, {}, { claimed: 200 }],
    ['Quay: with "bytes="', 202, { range: 'bytes=0-199' }, { claimed: 200 }],
    ['RFC 9110 style: with "bytes "', 202, { range: 'bytes 0-199' }, { claimed: 200 }],
    ['Quay, Gitea: the end instead of the last byte', 202, { range: '0-200' }, { claimed: 200 }],
    ['a short accept', 202, { range: '0-149' }, { claimed: 150 }],
    ['ECR: the end of the first chunk', 202, { range: '0-99' }, { claimed: 100 }],
    ['"0-0" says nothing', 202, { range: '0-0' }, { claimed: 0 }],
    ['olareg: "0--1" is nothing', 202, { range: '0--1' }, { claimed: 0 }],
    ['Quay: "bytes=0--1" is nothing', 202, { range: 'bytes=0--1' }, { claimed: 0 }],
    ['old zot: the last chunk only is no claim', 202, { range: '100-199' }, { claimed: 200 }],
    ['nonsense is no claim', 202, { range: 'yes' }, { claimed: 200 }],
    ['no Location: the old one', 202, {}, { location: url }],
    [
      'a new Location',
      202,
      { location: '/v2/x?_state=new' },
      { location: 'https://registry.test/v2/x?_state=new' },
    ],
  ])('%s', async (_, status, headers, expected) => {
    expect(await read(status, headers)).toMatchObject({ type: 'accepted', ...(expected as object) });
  });

  test.each([
    ['0-0', 1],
    ['0-1', 1],
  ])('one byte is "%s"', async (range, claimed) => {
    const one = { ...asked, offset: 0, end: 1, bodySize: 1 };
    expect(await readAccepted(answer(202, { range }), one)).toMatchObject({ type: 'accepted', claimed });
  });
});

describe('a POST with all of a blob', () => {
  const base = 'https://registry.test/v2/acme/llama/blobs';
  const read = (response: ReturnType<typeof answer>) =>
    readPosted(response, { ...asked, url: `${base}/uploads/?digest=sha256:1`, bodySize: 100 });

  test.each<[who: string, response: ReturnType<typeof answer>, expected: object]>([
    ['olareg: 201', answer(201, { location: '/v2/acme/llama/blobs/sha256:1' }), { type: 'committed' }],
    ['a 201 that does not say where', answer(201), { type: 'committed' }],
    [
      'distribution: 202, a session and no blob',
      answer(202, { location: '/v2/acme/llama/blobs/uploads/2' }),
      { type: 'opened', location: `${base}/uploads/2` },
    ],
    [
      'a 201 that leads to a session',
      answer(201, { location: `${base}/uploads/2` }),
      { type: 'opened', location: `${base}/uploads/2` },
    ],
    ['a proxy: 413', answer(413), { type: 'too-large', bodySize: 100 }],
    ['no such route: 404', answer(404), { type: 'refused' }],
    ['no such method: 405', answer(405), { type: 'refused' }],
    ['a digest that differs', problem(400, 'DIGEST_INVALID'), { type: 'refused' }],
    [
      'a 401 that no other token can change',
      answer(401),
      { type: 'refused', failure: { code: 'UNAUTHORIZED' } },
    ],
    ['too many: 429', answer(429), { type: 'busy', status: 429 }],
    ['no such thing: 501', answer(501), { type: 'busy', status: 501 }],
  ])('%s', async (_, response, expected) => {
    expect(await read(response)).toMatchObject(expected);
  });
});

describe('a PATCH was too large', () => {
  const read = (response: ReturnType<typeof answer>) =>
    readAccepted(response, { ...asked, offset: 0, end: 8 * MIB, bodySize: 8 * MIB });
  const html = '<html>\r\n<head><title>413 Request Entity Too Large</title></head><body>nginx</body></html>';

  test('nginx, Cloudflare: HTML means the request', async () => {
    expect(await read(answer(413, {}, html))).toEqual({
      type: 'too-large',
      bodySize: 8 * MIB,
      reason: '413 Request Entity Too Large nginx',
    });
  });

  test('a proxy that says blob in its HTML still means the request', async () => {
    expect((await read(answer(413, {}, '<p>/v2/x/blobs/uploads too large</p>'))).type).toBe('too-large');
  });

  test('R2: JSON about the size means the request', async () => {
    expect((await read(problem(413, 'SIZE_INVALID', 'chunk too large'))).type).toBe('too-large');
  });

  test.each([
    ['Quay', 'BLOB_UPLOAD_INVALID', 'Uploaded blob is larger than allowed by this registry'],
    ['GitLab', 'TOOLARGE', 'the layer exceeds the maximum size'],
  ])('%s: JSON about the layer is final', async (_, code, message) => {
    expect(await read(problem(413, code, message))).toMatchObject({
      type: 'refused',
      failure: { code: 'REJECTED', said: expect.stringContaining(message) },
    });
  });
});

describe('a 416 to a PATCH at 100', () => {
  const read = (headers: Record<string, string>) =>
    readAccepted(answer(416, headers), { ...asked, offset: 100, end: 200, bodySize: 100 });

  test.each<[who: string, headers: Record<string, string>, end: number | undefined]>([
    ['distribution 3: says nothing', {}, undefined],
    ['olareg: has less', { range: '0-49' }, 50],
    ['R2, GHCR: agrees, so the size is wrong', { range: '0-99' }, 100],
    ['Quay: agrees, by the end', { range: 'bytes=0-100' }, 100],
    ['has more', { range: '0-149' }, 150],
    ['nonsense', { range: '50-149' }, undefined],
  ])('%s', async (_, headers, end) => {
    expect(await read(headers)).toEqual({ type: 'out-of-order', location: url, end });
  });

  test('R2: names the Location to go on with', async () => {
    expect(await read({ range: '0-49', location: '/v2/x?_stateHash=1' })).toMatchObject({
      location: 'https://registry.test/v2/x?_stateHash=1',
    });
  });
});

describe('the status of a session that had confirmed 100 of 200 bytes', () => {
  const read = (status: number, headers: Record<string, string> = {}, body = '') =>
    readStatus(answer(status, headers, body), { ...asked, offset: 100, size: 200 });

  test.each<Row>([
    ['distribution 3, olareg: the last byte', 204, { range: '0-149' }, { end: 150 }],
    ['nothing new', 204, { range: '0-99' }, { end: 100 }],
    ['Quay, Forgejo: nothing new, by the end', 204, { range: 'bytes=0-100' }, { end: 100 }],
    ['Quay, Forgejo: everything, by the end', 204, { range: '0-200' }, { end: 200 }],
    ['everything', 204, { range: '0-199' }, { end: 200 }],
    ['more than there is', 204, { range: '0-300' }, { end: 300 }],
    ['olareg: nothing', 204, { range: '0--1' }, { end: 0 }],
    ['an odd status for a success', 202, { range: '0-99' }, { end: 100 }],
    ['Quay, Forgejo: no Location, the old one is good', 204, { range: '0-99' }, { location: url }],
  ])('%s', async (_, status, headers, expected) => {
    expect(await read(status, headers)).toMatchObject({ type: 'status', ...(expected as object) });
  });

  test('of an empty session is 0 though "0-0" could be one byte', async () => {
    const empty = { ...asked, offset: 0, size: 200 };
    expect(await readStatus(answer(204, { range: '0-0' }), empty)).toMatchObject({ end: 0 });
  });

  test.each([
    ['distribution: 404', 404],
    ['olareg, crane: 400', 400],
    ['405', 405],
    ['gone', 410],
    ['416', 416],
  ])('%s means that it is lost', async (_, status) => {
    expect(await read(status)).toMatchObject({ type: 'session-lost' });
  });
});

describe('a session', () => {
  const read = (status: number, headers: Record<string, string> = {}) =>
    readOpened(answer(status, headers), asked);
  const location = 'https://registry.test/v2/x';

  test.each<Row>([
    ['is opened', 202, { location }, { type: 'opened', location }],
    ['is opened by a relative Location', 202, { location: '/v2/x' }, { type: 'opened', location }],
    ['is opened by a 201 that is no mount', 201, { location }, { type: 'opened', location }],
    ['without a Location is none', 202, {}, { type: 'refused', failure: { code: 'UNSUPPORTED' } }],
    [
      'R2: has limits for its chunks',
      202,
      { location, 'oci-chunk-min-length': '5242880', 'oci-chunk-max-length': '100000000' },
      { minChunk: 5_242_880, maxChunk: 100_000_000 },
    ],
    [
      'has no limits where they make no sense',
      202,
      { location, 'oci-chunk-min-length': '0', 'oci-chunk-max-length': 'a lot' },
      { type: 'opened', location },
    ],
    ['needs a repository', 404, {}, { type: 'refused', failure: { code: 'NOT_FOUND' } }],
    ['needs permission', 403, {}, { type: 'refused', failure: { code: 'UNAUTHORIZED' } }],
    ['needs an account', 401, {}, { type: 'refused', failure: { code: 'UNAUTHORIZED' } }],
    ['may have to wait', 503, {}, { type: 'busy', retryAfterMs: undefined }],
  ])('%s', async (_, status, headers, expected) => {
    expect(await read(status, headers)).toMatchObject(expected as object);
  });

  test('that leads astray lets go of its connection', async () => {
    const response = answer(202, { location: 'ftp://registry.test/up' });
    await expect(readOpened(response, asked)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(response.touched()).toBe(true);
  });
});

describe('the commit', () => {
  test.each([201, 200, 202, 204])('is done with a %i', async (status) => {
    expect(await readCommitted(answer(status), { ...asked, bodySize: 0 })).toEqual({ type: 'committed' });
  });

  test('ACR: a 416 to its repetition', async () => {
    expect(await readCommitted(answer(416), { ...asked, bodySize: 0 })).toMatchObject({
      type: 'out-of-order',
      end: undefined,
    });
  });

  test.each(['DIGEST_INVALID', 'SIZE_INVALID'])('%s: the registry holds other bytes', async (code) => {
    expect(await readCommitted(problem(400, code, 'did not match'), { ...asked, bodySize: 0 })).toMatchObject(
      {
        type: 'refused',
        failure: {
          code: 'CONTENT_MISMATCH',
          said: `400 ${code}: did not match`,
        },
      },
    );
  });

  test.each([
    ['distribution 2.8: 404', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['distribution 2.8: 404', 404, 'BLOB_UPLOAD_INVALID'],
    ['olareg: 400', 400, 'BLOB_UPLOAD_UNKNOWN'],
    ['Gitea: 400', 400, 'BLOB_UPLOAD_INVALID'],
  ])('%s %s: the session is gone', async (_, status, code) => {
    expect(await readCommitted(problem(status, code), { ...asked, bodySize: 0 })).toMatchObject({
      type: 'session-lost',
    });
  });
});

describe('whatever was asked', () => {
  const read = (response: ReturnType<typeof answer>) => readCommitted(response, { ...asked, bodySize: 0 });

  test.each<[headers: Record<string, string>, ms: number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 10:00:20 GMT' }, 20_000],
    [{ 'retry-after': '99999' }, 600_000],
  ])('Docker Hub: a 429 with %j is worth waiting %s ms', async (headers, retryAfterMs) => {
    expect(await read(problem(429, 'TOOMANYREQUESTS', '', headers))).toMatchObject({
      type: 'busy',
      retryAfterMs,
    });
  });

  test.each([408, 500, 502, 503, 504])('a %i may pass', async (status) => {
    expect(await read(answer(status))).toMatchObject({ type: 'busy' });
  });

  test.each<[status: number, code: string, expected: string]>([
    [403, 'DENIED', 'UNAUTHORIZED'],
    [400, 'DENIED', 'UNAUTHORIZED'],
    [404, 'NAME_UNKNOWN', 'NOT_FOUND'],
    [400, 'NAME_INVALID', 'REJECTED'],
    [405, 'UNSUPPORTED', 'REJECTED'],
    [409, 'UNKNOWN', 'REJECTED'],
  ])('a %i %s is final: %s', async (status, code, expected) => {
    const reply = await read(problem(status, code, 'because'));
    expect(reply).toMatchObject({ type: 'refused', failure: { code: expected } });
  });

  test('an error page without end is cut to one short line', async () => {
    const reply = await read(answer(409, {}, `<style>a{}</style>\n<p>no\n${'x'.repeat(10 * MIB)}`));
    expect(reply).toMatchObject({
      type: 'refused',
      failure: { said: expect.stringMatching(/409 no x+…$/) },
    });
    expect(JSON.stringify(reply).length).toBeLessThan(500);
  });
});

describe('the question whether a blob exists', () => {
  test.each<[status: number, type: string]>([
    [200, 'exists'],
    [404, 'absent'],
    [405, 'absent'],
    [401, 'refused'],
    [403, 'refused'],
    [502, 'busy'],
  ])('%i: %s', async (status, type) => {
    expect((await readExists(answer(status), { ...asked, sent: true })).type).toBe(type);
  });

  test.each([401, 403, 412])('before it is sent, a %i leaves it to the POST to say why', async (status) => {
    expect(await readExists(answer(status), { ...asked, sent: false })).toEqual({ type: 'absent' });
  });
});

describe('a 401 to a streamed body', () => {
  const read = (response: HttpResponse) =>
    readAccepted(response, { ...asked, offset: 0, end: 100, bodySize: 100 });

  test('allows another request that carries another token', async () => {
    expect(await read({ ...answer(401), renewed: true })).toMatchObject({ type: 'unauthorized' });
  });

  test('allows it also where the registry says that the token has expired', async () => {
    const expired = problem(401, 'UNAUTHORIZED', 'the token has expired');
    expect(await read({ ...expired, renewed: true })).toMatchObject({ type: 'unauthorized' });
    expect(await read(expired)).toMatchObject({ type: 'refused', final: true });
  });

  test('is final if the next request would carry the same token', async () => {
    expect(await read(answer(401))).toMatchObject({
      type: 'refused',
      failure: { code: 'UNAUTHORIZED', said: expect.stringContaining('401') },
    });
  });
});

test('a PATCH without the client certificate that nginx wants is not sent another way', async () => {
  const page = answer(400, {}, '<html>400 No required SSL certificate was sent</html>');
  const reply = await readAccepted(page, { ...asked, offset: 0, end: 100, bodySize: 100 });
  expect(reply).toMatchObject({ type: 'refused', final: true, failure: { code: 'UNAUTHORIZED' } });
});

test('an upload session that has expired is a session that is lost, not a login', async () => {
  const expired = problem(404, 'BLOB_UPLOAD_UNKNOWN', 'the upload session has expired');
  expect(await readCommitted(expired, { ...asked, bodySize: 0 })).toMatchObject({ type: 'session-lost' });
});
