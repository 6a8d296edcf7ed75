import { ModelcarError } from '../core/error.ts';
import type { Account } from '../core/registry-credentials.ts';
import type { SpentRetries } from './gave-up.ts';

/** One HTTP request and its answer. Everything that speaks HTTP is a `Transport` or wraps one. */
export type Transport = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute. Sent as it is: a signed URL that is parsed and printed again may no longer be the one signed. */
  readonly url: string;
  /** The URL that redirected here. Default: the server that the user named. */
  readonly redirectedFrom?: string | undefined;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Bytes, or a stream. A stream is sent with `content-length` where the headers give one, else chunked; it can be
   * sent only once, so a request that carries one is never repeated by a wrapper.
   */
  readonly body?: Uint8Array | StreamBody;
  /** Secret parts of the URL's path. The transport finds secrets in headers and in the query itself. */
  readonly secrets?: readonly string[];
  /** The reader of the answer's body is done with a chunk when it asks for the next: its memory is used again then. */
  readonly reusesMemory?: true;
  /** How many bytes of such an answer are kept ready ahead of its reader. Default 2 MiB. */
  readonly readAhead?: number;
  readonly signal?: AbortSignal | undefined;
  /** Ends the waits before it is sent, where `signal` gives a request under way time to end in good order. */
  readonly waitSignal?: AbortSignal;
  /** How long the answer may take to begin after the request was sent. Default 60,000. */
  readonly answerTimeoutMs?: number;
  /** How long the other side may neither send nor take a byte while we wait for it to. Default 60,000. */
  readonly stallTimeoutMs?: number;
}

export interface StreamBody extends AsyncIterable<Uint8Array> {
  /** Nobody wants the rest: there is an answer, or no connection. One that waits for bytes should end then. */
  stop?(): void;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined with `, `, cookies with a line break (RFC 6265, section 3). */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Who answered, where redirects led there. */
  readonly url?: string;
  /**
   * Removes the secrets of our requests from a text, in every encoding. All foreign text must pass through it before it
   * enters a message: use `presentable`.
   */
  readonly redact: (text: string) => string;
  /** A 401 to a body that cannot be sent again: the next request carries another token. */
  readonly renewed?: true;
  /** Of the last answer to a request that was retried in vain. */
  readonly spent?: SpentRetries;
  /** Of a refusal: the account that we sent. Undefined if the registry has not asked for one. */
  readonly account?: Account | undefined;
  /** Must be read to its end, left early, or given to {@link discard}: an unread body holds its connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Adds one behaviour to a transport. */
export type Wrapper = (transport: Transport) => Transport;

/** Whether the request can be sent again as it is: a body that is a stream is gone once it was read. */
export function canRepeat({ body }: HttpRequest): boolean {
  return body === undefined || body instanceof Uint8Array;
}

/** Error bodies, token answers and documents are small; a server that sends more than this is not answering us. */
const TEXT_LIMIT = 64 * 1024;

/** Bytes that keep coming one by one never stall; a document has to come to its end too. */
const DOCUMENT_TIME_MS = 5 * 60_000;
const DISCARD_TIME_MS = 10_000;

/**
 * The body of a document, at most `limit` bytes of it.
 * @throws ModelcarError `UNAVAILABLE` when it is not all there after `timeMs`
 */
export async function readBytes(
  response: HttpResponse,
  limit: number,
  timeMs: number = DOCUMENT_TIME_MS,
): Promise<Buffer> {
  const started = performance.now();
  // Collect into one buffer that doubles: a list of one-byte chunks would take a hundred times the limit.
  let bytes = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of response.body) {
    const part = chunk.subarray(0, limit - size);
    if (size + part.length > bytes.length) bytes = enlarged(bytes, 2 * (size + part.length));
    bytes.set(part, size);
    size += part.length;
    if (size >= limit) break;
    if (performance.now() - started > timeMs) throw tooSlow(size, timeMs);
  }
  return bytes.subarray(0, size);
}

function enlarged(bytes: Buffer, length: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(length);
  bytes.copy(larger);
  return larger;
}

/** The same as text. */
export async function readText(
  response: HttpResponse,
  limit: number = TEXT_LIMIT,
  timeMs: number = DOCUMENT_TIME_MS,
): Promise<string> {
  return (await readBytes(response, limit, timeMs)).toString('utf8');
}

/** Reads an unwanted body away, so that the connection can be used again; gives up on a long one. */
export async function discard(response: HttpResponse): Promise<void> {
  await readBytes(response, TEXT_LIMIT, DISCARD_TIME_MS).catch(() => undefined);
}

function tooSlow(size: number, timeMs: number): ModelcarError {
  const seconds = Math.round(timeMs / 1000);
  return new ModelcarError('UNAVAILABLE', `an answer came too slowly: ${size} bytes of it in ${seconds} s`, {
    hint: 'Check the network and the proxies on the way, then run the same command again.',
  });
}
