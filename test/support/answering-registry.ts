import { ModelcarError } from '../../src/core/error.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/http/transport.ts';
import { answer } from './answer.ts';
import type { TestClock } from './test-clock.ts';

/**
 * The kinds of request that a registry, or a proxy in front of it, can tell apart in an upload. `mono` is a POST with all
 * of the blob, `put` any PUT.
 */
export type RequestKind = 'head' | 'mono' | 'post' | 'stream' | 'chunk' | 'put' | 'status';

/** A key of `ANSWERS`. */
export type AnswerName = string;

export interface Asked {
  readonly kind: RequestKind;
  readonly answer: AnswerName;
}

export interface AnsweringRegistry {
  readonly transport: Transport;
  /** Every request but for the DELETE of a session, in order. */
  readonly asked: readonly Asked[];
  /** How many requests there were, of any kind. */
  readonly requests: number;
  /** How many bytes their bodies had. */
  readonly bytes: number;
  /** The longest series of requests without a pause and without 64 KiB of progress. */
  readonly unpaused: number;
  /** Whether it has reported that it has the blob. */
  readonly isStored: boolean;
}

/** What the registry has of the blob; answers change it. */
interface Stored {
  bytes: number;
  committed: boolean;
}

interface Context {
  readonly stored: Stored;
  readonly size: number;
  /** The offset of the body, and where it ended. */
  readonly start: number;
  readonly end: number;
}

type Say = (context: Context) => HttpResponse | Error;

const always =
  (status: number, headers: Record<string, string> = {}, body = ''): Say =>
  () =>
    answer(status, headers, body);

const problem = (status: number, code: string, message = ''): Say =>
  always(status, {}, JSON.stringify({ errors: [{ code, message }] }));

const upTo = (end: number): { range: string } => ({ range: `0-${Math.max(0, end - 1)}` });

const location = '/v2/a/blobs/uploads/1';
const reset = (): Error => new ModelcarError('UNAVAILABLE', 'the connection was reset');

function store({ stored }: Context, end: number): HttpResponse {
  stored.bytes = end;
  return answer(202, { location, ...upTo(end) });
}

const ANSWERS: Readonly<Record<AnswerName, Say | undefined>> = {
  'commits it': ({ stored }) => {
    stored.committed = true;
    return answer(201);
  },
  'commits it, then cuts': ({ stored }) => {
    stored.committed = true;
    return reset();
  },
  opens: always(202, { location }),
  'opens for chunks from 1 MiB': always(202, { location, 'oci-chunk-min-length': String(2 ** 20) }),
  'opens for chunks up to 64 KiB': always(202, { location, 'oci-chunk-max-length': String(2 ** 16) }),
  'takes it': (context) => store(context, context.end),
  'takes half of it': (context) => store(context, Math.ceil((context.start + context.end) / 2)),
  'takes it, counts nothing': always(202, { location, range: '0-0' }),
  'has it': ({ stored }) => {
    stored.committed = true;
    return answer(200);
  },
  'says whether it has it': ({ stored }) => answer(stored.committed ? 200 : 404),
  'says what it has': ({ stored }) => answer(204, { location, ...upTo(stored.bytes) }),
  'says it has nothing': always(204, { location, range: '0-0' }),
  'says it has all': ({ size }) => answer(204, { location, ...upTo(size) }),
  'says it has too much': ({ size }) => answer(204, { location, ...upTo(size + 10) }),
  '307': always(307, { location }),
  '400': always(400, {}, 'no binary bodies here'),
  '400 DIGEST_INVALID': problem(400, 'DIGEST_INVALID'),
  '400, wants a range': always(400, {}, 'stream uploads after first write are not allowed'),
  '401': always(401),
  '401, with a new token': () => ({ ...answer(401), renewed: true }),
  '403': always(403),
  '404': always(404),
  '404 BLOB_UPLOAD_UNKNOWN': problem(404, 'BLOB_UPLOAD_UNKNOWN'),
  '405': always(405),
  '411': always(411),
  '413': always(413),
  '413 of the layer': problem(413, 'TOOLARGE', 'the layer is too large'),
  '416': always(416),
  '416, agrees': ({ start }) => answer(416, { range: `0-${start - 1}` }),
  '416, has a third': ({ size }) => answer(416, upTo(Math.ceil(size / 3))),
  '416, has too much': ({ size }) => answer(416, upTo(size + 10)),
  '429': always(429),
  '500': always(500),
  '503': always(503),
  cut: reset,
};

/** More requests than any upload of a test needs: an upload with so many would never end. */
const ENDLESS = 2_000;

/** A registry in memory that keeps no byte, and answers each request as `choose` says. */
export function answeringRegistry(
  size: number,
  choose: (kind: RequestKind) => AnswerName,
  clock: TestClock,
): AnsweringRegistry {
  const stored: Stored = { bytes: 0, committed: false };
  const asked: Asked[] = [];
  let [requests, bytes, unpaused, inARow, slept, furthest] = [0, 0, 0, 0, 0, 0];

  function count(): void {
    if (clock.now() > slept) inARow = 0;
    slept = clock.now();
    requests += 1;
    inARow += 1;
    unpaused = Math.max(unpaused, inARow);
    if (requests > ENDLESS)
      throw new Error(`an upload goes on for ever: ${JSON.stringify(asked.slice(-20))}`);
  }

  function noteProgress(): void {
    if (stored.bytes === furthest || stored.bytes < Math.min(furthest + 64 * 1024, size)) return;
    furthest = stored.bytes;
    inARow = 0;
  }

  async function transport(request: HttpRequest): Promise<HttpResponse> {
    count();
    const length = await lengthOf(request.body);
    bytes += length;
    if (request.method === 'DELETE') return answer(204);
    const kind = kindOf(request);
    const name = choose(kind);
    asked.push({ kind, answer: name });
    if (kind === 'post') stored.bytes = 0;
    const range = /^(\d+)-/.exec(request.headers?.['content-range'] ?? '')?.[1];
    const start = range === undefined ? size - length : Number(range);
    const said = sayOf(name)({ stored, size, start, end: start + length });
    noteProgress();
    if (said instanceof Error) throw said;
    return said;
  }

  return {
    transport,
    asked,
    get requests() {
      return requests;
    },
    get bytes() {
      return bytes;
    },
    get isStored() {
      return stored.committed;
    },
    get unpaused() {
      return unpaused;
    },
  };
}

function sayOf(name: AnswerName): Say {
  const say = ANSWERS[name];
  if (say === undefined) throw new TypeError(`no such answer: ${name}`);
  return say;
}

function kindOf({ method, url, headers }: HttpRequest): RequestKind {
  switch (method) {
    case 'HEAD':
      return 'head';
    case 'POST':
      return url.includes('digest=') ? 'mono' : 'post';
    case 'PATCH':
      return headers?.['content-range'] === undefined ? 'stream' : 'chunk';
    case 'PUT':
      return 'put';
    default:
      // A HEAD that is refused is asked again with GET.
      return /\/blobs\/sha256:/.test(url) ? 'head' : 'status';
  }
}

async function lengthOf(body: HttpRequest['body']): Promise<number> {
  if (body === undefined || body instanceof Uint8Array) return body?.length ?? 0;
  let length = 0;
  for await (const chunk of body) length += chunk.length;
  return length;
}

/** What a registry can answer to any request with a body. */
const REFUSALS: readonly AnswerName[] = [
  '307',
  '400',
  '401',
  '401, with a new token',
  '403',
  '404 BLOB_UPLOAD_UNKNOWN',
  '405',
  '411',
  '413',
  '413 of the layer',
  '416',
  '429',
  '500',
  '503',
  'cut',
  '400, wants a range',
];
const PATCH: readonly AnswerName[] = [
  'takes it',
  'takes half of it',
  'takes it, counts nothing',
  ...REFUSALS,
  '416, agrees',
  '416, has a third',
  '416, has too much',
];

/** What a registry can answer to each kind of request. The first answer is the right one. */
export const POSSIBLE: Readonly<Record<RequestKind, readonly AnswerName[]>> = {
  head: ['says whether it has it', 'has it', '401', '403', '405', '503', 'cut'],
  mono: ['opens', 'commits it', 'commits it, then cuts', '404', '400 DIGEST_INVALID', ...REFUSALS],
  post: [
    'opens',
    'opens for chunks from 1 MiB',
    'opens for chunks up to 64 KiB',
    '400',
    '401',
    '403',
    '404',
    '429',
    '503',
    'cut',
  ],
  stream: PATCH,
  chunk: PATCH,
  put: ['commits it', 'commits it, then cuts', '400 DIGEST_INVALID', ...REFUSALS],
  status: [
    'says what it has',
    'says it has nothing',
    'says it has all',
    'says it has too much',
    '401',
    '404',
    '503',
    'cut',
  ],
};
