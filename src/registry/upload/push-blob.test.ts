import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { failing, hexOf, someBytes, watched } from '../../../test/support/byte-sources.ts';
import { failureOf } from '../../../test/support/rejection.ts';
import { testClock } from '../../../test/support/test-clock.ts';
import { virtualClock } from '../../../test/support/virtual-clock.ts';
import { ModelcarError } from '../../core/error.ts';
import type { BlobPush } from '../../core/ports.ts';
import { createPacer, withPacing } from '../../http/pacing.ts';
import type { HttpRequest, HttpResponse, StreamBody } from '../../http/transport.ts';
import type { PreferredFraming } from './framing.ts';
import { UNKNOWN_HOST } from './host-profile.ts';
import { pushBlob } from './push-blob.ts';
import { rememberHost } from './remember-host.ts';

const BYTES = someBytes(1_000);
const DIGEST = `sha256:${hexOf(BYTES)}` as const;
const BASE = 'https://r.test/v2/acme/llama';
const reset = new ModelcarError('UNAVAILABLE', 'PATCH https://r.test/up: the connection was reset');

interface Sent {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly answerTimeoutMs: number | undefined;
}

type Step = HttpResponse | Error | ((request: HttpRequest) => Promise<HttpResponse>);

/** A registry that says its lines whatever it is asked, and notes what that was. */
function scripted(script: readonly Step[], framing: PreferredFraming = 'stream', heldSize = 0) {
  const sent: Sent[] = [];
  const clock = testClock();
  const uploads = {
    base: BASE,
    target: 'r.test/acme/llama',
    framing,
    retries: 3,
    clock,
    host: rememberHost(UNKNOWN_HOST),
    silenceMs: 20_000,
    // A blob of a thousand bytes stands for a large one, as a rule.
    heldSize,
    async transport(request: HttpRequest): Promise<HttpResponse> {
      const step = script[sent.length] ?? expect.fail(`nobody expected ${request.method} ${request.url}`);
      const at = sent.push(noted(request)) - 1;
      if (typeof step === 'function') return step(request);
      sent[at] = noted(request, await bodyOf(request));
      if (step instanceof Error) throw step;
      return step;
    },
  };
  return {
    sent,
    clock,
    lines: () => sent.map(({ line }) => line),
    push: (push: Partial<BlobPush> = {}) =>
      pushBlob({ content: watched(BYTES, 100), signal: new AbortController().signal, ...push }, uploads),
  };
}

const NONE = Buffer.alloc(0);

function noted({ method, url, headers = {}, answerTimeoutMs }: HttpRequest, bytes: Buffer = NONE): Sent {
  return { line: `${method} ${url.replace(BASE, '')}`, headers, bytes, answerTimeoutMs };
}

async function bodyOf({ body = [] }: { body?: HttpRequest['body'] | never[] }): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const opened = answer(202, { location: '/up?n=0' });
const taken = (end: number, n = 1) => answer(202, { location: `/up?n=${n}`, range: `0-${end - 1}` });
const PUT = `PUT https://r.test/up?n=1&digest=${encodeURIComponent(DIGEST)}`;

describe('an upload', () => {
  test('is POST, one streamed PATCH, PUT: as docker, podman and skopeo do it', async () => {
    const { push, sent, lines } = scripted([opened, taken(1000), answer(201)]);
    expect(await push()).toEqual({ digest: DIGEST, size: 1000, outcome: 'uploaded' });
    expect(lines()).toEqual(['POST /blobs/uploads/', 'PATCH https://r.test/up?n=0', PUT]);
    expect(sent.map(({ headers }) => headers)).toEqual([
      { 'content-length': '0' },
      { 'content-type': 'application/octet-stream' },
      { 'content-length': '0' },
    ]);
    expect(sent[1]?.bytes.equals(BYTES)).toBe(true);
  });

  test('in chunks names their range and length, and reads the source once', async () => {
    const content = watched(BYTES, 70);
    const { push, sent } = scripted([opened, taken(400, 0), taken(800, 0), taken(1000), answer(201)], 400);
    await push({ content });
    expect(sent.slice(1, 4).map(({ headers, bytes }) => [headers['content-range'], bytes.length])).toEqual([
      ['0-399', 400],
      ['400-799', 400],
      ['800-999', 200],
    ]);
    expect(sent[3]?.headers['content-length']).toBe('200');
    expect(content.opened).toEqual([0]);
  });

  test('of no bytes needs no PATCH', async () => {
    const { push, lines } = scripted([answer(202, { location: '/up?n=1' }), answer(201)]);
    const { digest } = await push({ content: watched(Buffer.alloc(0)) });
    expect(digest).toBe(`sha256:${hexOf(Buffer.alloc(0))}`);
    expect(lines().map((line) => line.split(' ')[0])).toEqual(['POST', 'PUT']);
  });

  test('of a blob that is there is one question', async () => {
    const content = watched(BYTES);
    const { push, lines } = scripted([answer(200)]);
    expect(await push({ content, digest: DIGEST })).toMatchObject({ digest: DIGEST, outcome: 'existed' });
    expect([lines(), content.opened]).toEqual([[`HEAD /blobs/${DIGEST}`], []]);
  });

  test('tells how far it is, and falls when it must go back', async () => {
    const told: number[] = [];
    const { push } = scripted([opened, reset, answer(404), opened, taken(1000), answer(201)]);
    await push({ content: watched(BYTES, 500), onProgress: (sent) => told.push(sent) });
    expect(told).toEqual([0, 500, 1000, 0, 500, 1000]);
  });

  test('gives a large commit the time that a registry needs to copy the blob', async () => {
    const content = { ...watched(BYTES), size: 40 * 2 ** 30 };
    const { push, sent } = scripted([answer(202, { location: '/up?n=1' }), answer(403)]);
    await failureOf(push({ content: { ...content, open: watched(BYTES).open } }));
    expect(sent[1]?.answerTimeoutMs).toBeGreaterThan(30 * 60_000);
  });
});

describe('an upload of a blob that is held in memory', () => {
  const held = (...script: Step[]) => scripted(script, 'stream', 1000);
  const POST = `POST /blobs/uploads/?digest=${encodeURIComponent(DIGEST)}`;
  const HELD_PUT = `PUT https://r.test/up?n=0&digest=${encodeURIComponent(DIGEST)}`;
  const whole = { 'content-length': '1000', 'content-type': 'application/octet-stream' };

  test('is one POST, where the registry takes that', async () => {
    const { push, sent, lines } = held(answer(201));
    expect(await push()).toEqual({ digest: DIGEST, size: 1000, outcome: 'uploaded' });
    expect([lines(), sent[0]?.headers, sent[0]?.bytes.equals(BYTES)]).toEqual([[POST], whole, true]);
  });

  test('goes on in the session that the POST has opened, with bytes that count once', async () => {
    const told: number[] = [];
    const { push, sent, lines } = held(opened, answer(201));
    await push({ onProgress: (bytes) => told.push(bytes) });
    expect([lines(), sent[1]?.headers, sent[1]?.bytes.equals(BYTES)]).toEqual([
      [POST, HELD_PUT],
      whole,
      true,
    ]);
    expect(told).toEqual([0, 0, 1000]);
  });

  test('asks the registry how it wants a blob once, whoever asks', async () => {
    const { push, lines } = held(opened, answer(201), opened, answer(201));
    await push();
    await push();
    expect(lines()).toEqual([POST, HELD_PUT, 'POST /blobs/uploads/', HELD_PUT]);
  });

  test('of a digest that is known begins with a question', async () => {
    const { push, lines } = held(answer(404), answer(201));
    await push({ digest: DIGEST });
    expect(lines()).toEqual([`HEAD /blobs/${DIGEST}`, POST]);
  });

  test('looks for the blob when the answer to its POST is lost', async () => {
    const there = held(reset, answer(200));
    expect(await there.push()).toMatchObject({ outcome: 'uploaded' });
    expect(there.lines()).toEqual([POST, `HEAD /blobs/${DIGEST}`]);
    const gone = held(reset, answer(404), opened, answer(201));
    await gone.push();
    expect(gone.lines()).toEqual([POST, `HEAD /blobs/${DIGEST}`, 'POST /blobs/uploads/', HELD_PUT]);
  });

  test('ends in PATCH and PUT where the registry takes a blob in neither POST nor PUT', async () => {
    const refused = answer(400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}');
    const { push, lines } = held(refused, opened, refused, answer(204), opened, taken(1000), answer(201));
    expect((await push()).digest).toBe(DIGEST);
    expect(lines().map((line) => line.split(' ')[0])).toEqual([
      'POST',
      'POST',
      'PUT',
      'DELETE',
      'POST',
      'PATCH',
      'PUT',
    ]);
  });

  test('asks the registry for nothing when the source fails', async () => {
    const broken = new Error('disk on fire');
    const { push, lines } = held();
    await expect(push({ content: failing(watched(BYTES, 100), 999, broken) })).rejects.toBe(broken);
    expect(lines()).toEqual([]);
  });

  test('says of a registry that refuses it what it said to the ordinary way', async () => {
    const denied = answer(403, {}, '{"errors":[{"code":"DENIED","message":"quota"}]}');
    const { push, lines } = held(denied, denied);
    expect(await failureOf(push())).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(lines()).toEqual([POST, 'POST /blobs/uploads/']);
  });
});

describe('a registry that answers before we see that the chunk is through', () => {
  /** Takes what the length promised and answers: the connection asks for no more of the body. */
  const eager = (end: number, headers: Record<string, string>) => async (request: HttpRequest) => {
    let size = 0;
    for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size === Number(request.headers?.['content-length'])) break;
    }
    expect(size).toBe(end);
    return answer(202, { location: '/up?n=1', ...headers });
  };

  test.each([
    ['with a Range', { range: '0-999' }],
    ['without a Range', {}],
  ])('%s: it has the chunk', async (_, headers) => {
    const retries: unknown[] = [];
    const { push, lines } = scripted([opened, eager(1000, headers), answer(201)], 1000);
    expect((await push({ onRetry: (retry) => retries.push(retry) })).digest).toBe(DIGEST);
    expect([lines().at(-1), retries]).toEqual([PUT, []]);
  });
});

test('an answer that comes as the chunk is through leaves the source open for the next one', async () => {
  const eager = (range: string) => async (request: HttpRequest) => {
    const body = request.body as StreamBody;
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size === Number(request.headers?.['content-length'])) body.stop?.();
    }
    return answer(202, { location: '/up?n=1', range });
  };
  const content = watched(BYTES, 100);
  const { push } = scripted([opened, eager('0-499'), eager('0-999'), answer(201)], 500);
  expect((await push({ content })).digest).toBe(DIGEST);
  expect(content.opened).toEqual([0]);
});

test('a stream that is too large in its first chunk already goes in smaller ones', async () => {
  async function impatient({ body }: HttpRequest): Promise<HttpResponse> {
    for await (const _ of body as AsyncIterable<Uint8Array>) break;
    return answer(413);
  }
  const chunked = [answer(202, { location: '/up?n=5' }), taken(524_288), taken(600_000), answer(201)];
  const { push, sent } = scripted([opened, impatient, answer(204), ...chunked]);
  await push({ content: watched(someBytes(600_000), 600_000) });
  expect(sent[4]?.headers['content-range']).toBe('0-524287');
});

describe('a session is cancelled', () => {
  const DELETE = 'DELETE https://r.test/up?n=0';

  test('when the source fails, whose error it is', async () => {
    const broken = new Error('disk on fire');
    const { push, lines } = scripted([opened, reset, answer(204)]);
    await expect(push({ content: failing(watched(BYTES, 100), 500, broken) })).rejects.toBe(broken);
    expect(lines().at(-1)).toBe(DELETE);
  });

  test('when the source gives up, which is not the registry failing: nothing is tried again', async () => {
    const gone = new ModelcarError('UNAVAILABLE', 'GET https://hub.test/model.bin: 503');
    const { push, lines } = scripted([opened, reset, answer(204)]);
    await expect(push({ content: failing(watched(BYTES, 100), 500, gone) })).rejects.toBe(gone);
    expect(lines().at(-1)).toBe(DELETE);
  });

  test('when the registry refuses the bytes', async () => {
    const denied = answer(403, {}, '{"errors":[{"code":"DENIED","message":"quota"}]}');
    const { push, lines } = scripted([opened, denied, answer(204)]);
    expect(await failureOf(push())).toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'cannot push a blob to r.test/acme/llama: 403 DENIED: quota',
    });
    expect(lines().at(-1)).toBe(DELETE);
  });

  test('when the registry counts other bytes than we sent', async () => {
    const invalid = answer(400, {}, '{"errors":[{"code":"DIGEST_INVALID","message":"did not match"}]}');
    const once = [opened, taken(1000), invalid, answer(204)];
    const { push, lines } = scripted([...once, ...once]);
    expect((await failureOf(push())).code).toBe('CONTENT_MISMATCH');
    // Once more, for what may have changed them on the way; not for ever.
    expect(lines().filter((line) => line.startsWith('DELETE'))).toEqual([DELETED, DELETED]);
  });

  test('before another one is opened in smaller chunks', async () => {
    const smaller = [answer(202, { location: '/up?n=5' }), taken(524_288), taken(600_000), answer(201)];
    const { push, lines } = scripted([opened, answer(413), answer(204), ...smaller], 600_000);
    await push({ content: watched(someBytes(600_000)) });
    expect(lines().slice(1, 4)).toEqual(['PATCH https://r.test/up?n=0', DELETE, 'POST /blobs/uploads/']);
  });

  test('and what goes wrong with that is not what people hear of', async () => {
    const { push } = scripted([opened, answer(403), new Error('no delete for you')]);
    expect((await failureOf(push())).code).toBe('UNAUTHORIZED');
  });

  test('and where distribution 3 wants its latest Location for it, that is asked for', async () => {
    const latest = answer(204, { location: '/up?n=7', range: '0-499' });
    const broken = new Error('disk on fire');
    const { push, lines } = scripted([opened, reset, answer(416), latest, answer(204)]);
    await expect(push({ content: failing(watched(BYTES, 100), 500, broken) })).rejects.toBe(broken);
    expect(lines().slice(2)).toEqual([DELETE, 'GET https://r.test/up?n=0', 'DELETE https://r.test/up?n=7']);
  });
});

const DELETED = 'DELETE https://r.test/up?n=1';

describe('a session that a later run can use', () => {
  const session = { location: 'https://r.test/up?n=9', offset: 1000, digest: DIGEST };

  test('stays open where a right was taken away that somebody can give back', async () => {
    const denied = answer(403, {}, '{"errors":[{"code":"DENIED","message":"quota"}]}');
    const { push, lines } = scripted([opened, denied]);
    const kept: unknown[] = [];
    expect((await failureOf(push({ onSession: (open) => kept.push(open) }))).code).toBe('UNAUTHORIZED');
    expect(lines().at(-1)).toBe('PATCH https://r.test/up?n=0');
    expect(kept.at(-1)).toMatchObject({ offset: 0 });
  });

  test('has the digest once everything was sent', async () => {
    const kept: unknown[] = [];
    const { push } = scripted([opened, taken(1000), answer(201)]);
    await push({ onSession: (open) => kept.push(open) });
    expect(kept.at(-1)).toEqual({ location: 'https://r.test/up?n=1', offset: 1000, digest: DIGEST });
  });

  test('whose commit went through unheard is a blob that is there: nothing is read, nothing is sent', async () => {
    const content = watched(BYTES, 100);
    const { push, lines } = scripted([answer(404), answer(200)]);
    expect(await push({ content, session })).toEqual({ digest: DIGEST, size: 1000, outcome: 'uploaded' });
    expect(lines()).toEqual(['GET https://r.test/up?n=9', `HEAD /blobs/${DIGEST}`]);
    expect(content.opened).toEqual([]);
  });

  test('is committed without being read again where it has everything', async () => {
    const content = watched(BYTES, 100);
    const { push } = scripted([answer(204, { range: '0-999' }), answer(201)]);
    expect(await push({ content, session })).toMatchObject({ digest: DIGEST });
    expect(content.opened).toEqual([]);
  });
});

test('a cookie of the registry does not follow a redirect to somebody else', async () => {
  const balanced = answer(202, { location: '/up?n=0', 'set-cookie': 'LB=7; Path=/' });
  const elsewhere = answer(307, { location: 'https://other.test/x' });
  const { push, sent } = scripted([balanced, taken(1000), elsewhere, answer(201)]);
  await push();
  expect(sent.map(({ headers }) => headers.cookie)).toEqual([undefined, 'LB=7', 'LB=7', undefined]);
});

describe('a proxy that cuts requests after a minute', () => {
  test('is found out by the first, and gets requests that end in good order after half of it', async () => {
    const bodies: number[] = [];
    /** Takes the body, ten seconds for each 100 bytes of it, and cuts it after a minute. */
    const slowly = async ({ body }: HttpRequest) => {
      let [bytes, seconds] = [0, 0];
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        told.clock.pass(10_000);
        seconds += 10;
        if (seconds === 60) throw reset;
        bytes += chunk.length;
      }
      bodies.push(bytes);
      const end = bodies.reduce((sum, size) => sum + size);
      return answer(202, { location: '/up?n=1', range: `0-${end - 1}` });
    };
    const lost = answer(404, {}, '{"errors":[{"code":"BLOB_UPLOAD_INVALID"}]}');
    const told = scripted([opened, slowly, lost, opened, slowly, slowly, slowly, slowly, answer(201)]);
    await told.push();
    expect(bodies).toEqual([300, 300, 300, 100]);
  });
});

describe('an abort', () => {
  test('ends with its reason, in the middle of the body', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { push, lines } = scripted([
      opened,
      async (request) => {
        for await (const _ of request.body as AsyncIterable<Uint8Array>) abort.abort(reason);
        return answer(202);
      },
      answer(204),
    ]);
    await expect(push({ signal: abort.signal })).rejects.toBe(reason);
    expect(lines().at(-1)).toBe('DELETE https://r.test/up?n=0');
  });

  test('ends with its reason at once, while the registry has its requests held back', async () => {
    const clock = virtualClock();
    const abort = new AbortController();
    const reason = new Error('enough');
    const lines: string[] = [];
    const pacer = createPacer({ clock, onHold: () => abort.abort(reason) });
    const transport = withPacing({ clock, pacer })(async ({ method }) => {
      lines.push(method);
      if (method === 'HEAD') return answer(429, { 'retry-after': '60' });
      // Somebody else asks too much while the session is opened.
      if (method === 'POST') await transport({ method: 'HEAD', url: `${BASE}/blobs/x` });
      return method === 'POST' ? opened : answer(202);
    });
    const uploads = {
      base: BASE,
      target: 'r.test/acme/llama',
      framing: 'stream',
      retries: 3,
      clock,
      host: rememberHost(UNKNOWN_HOST),
      silenceMs: 20_000,
      heldSize: 0,
    } as const;
    const push = { content: watched(BYTES, 100), signal: abort.signal, onSession: () => undefined };
    // The clock stands still, and a request under way would be given eight seconds.
    await expect(pushBlob(push, { ...uploads, transport })).rejects.toBe(reason);
    expect(lines).toEqual(['POST', 'HEAD']);
  }, 6_000);

  test('ends with its reason, while it waits to try again', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { push } = scripted([opened, answer(429, { 'retry-after': '60' }), answer(204)]);
    await expect(push({ signal: abort.signal, onRetry: () => abort.abort(reason) })).rejects.toBe(reason);
  });
});
