import type { Digest } from '../core/digest.ts';
import { isPassingError, ModelcarError } from '../core/error.ts';
import type { BlobPush, Clock, PushedBlob } from '../core/ports.ts';
import {
  discard,
  type HttpRequest,
  type HttpResponse,
  type StreamBody,
  type Transport,
} from '../http/transport.ts';
import { BlobReader } from './blob-reader.ts';
import { begin, type Framing, next, type UploadReply, type UploadState } from './blob-upload.ts';
import { resolveLocation, withDigest } from './location.ts';
import { type Asked, readAccepted, readCommitted, readExists, readOpened, readStatus } from './read-reply.ts';
import { UploadBudget } from './upload-budget.ts';

export interface Uploads {
  /** With authorization, without retry: each request is sent once, and what follows is for `next` to say. */
  readonly transport: Transport;
  /** `https://registry/v2/<repository>` */
  readonly base: string;
  /** `registry/repository`, for messages. */
  readonly target: string;
  readonly framing: Framing;
  /** How often an upload may fail without getting further. */
  readonly retries: number;
  readonly clock: Clock;
}

type Phase = Exclude<UploadState['phase'], 'done' | 'failed'>;
type Requests = { readonly [P in Phase]: (state: UploadState & { phase: P }) => Promise<UploadReply> };

/** A registry may hash or copy the whole blob before it answers: at least this fast, we hope. */
const SLOWEST_COMMIT_BYTES_PER_MS = 20_000;
const CANCEL_TIMEOUT_MS = 5_000;

/**
 * Drives one upload: one request per state, until it is done.
 * @throws ModelcarError what the source threw, after cancelling the session; or what the registry refuses
 */
export async function pushBlob(push: BlobPush, uploads: Uploads): Promise<PushedBlob> {
  const { content, signal } = push;
  const { clock, framing } = uploads;
  const reader = new BlobReader(content, signal);
  const budget = new UploadBudget(uploads.retries, clock);
  const requests = uploadRequests(push, uploads, reader);
  let state = begin(framing, push.digest !== undefined);
  try {
    while (state.phase !== 'done' && state.phase !== 'failed') {
      const reply: UploadReply = await send(requests, state);
      const after = next(state, reply, content.size);
      const pause = budget.after(reply, state, after);
      if (pause) {
        push.onRetry?.({ offset: 'offset' in after ? after.offset : 0, ...pause });
        await clock.sleep(pause.delayMs, signal);
      }
      const over = after.phase === 'opening' || after.phase === 'failed';
      if (over && reply.type !== 'session-lost') await cancel(state, uploads);
      state = after;
    }
    if (state.phase === 'failed') throw failureError(state);
    return { digest: push.digest ?? reader.digest(), size: content.size, outcome: state.outcome };
  } catch (error) {
    await cancel(state, uploads);
    throw error;
  } finally {
    await reader.close();
  }
}

function send(requests: Requests, state: UploadState & { phase: Phase }): Promise<UploadReply> {
  // The key and the argument are of the same state; TypeScript cannot see that through an index.
  const request = requests[state.phase] as (state: UploadState) => Promise<UploadReply>;
  return request(state);
}

function uploadRequests(push: BlobPush, uploads: Uploads, reader: BlobReader): Requests {
  const { content, signal } = push;
  const { base, target, clock, transport } = uploads;
  const slowMs = 300_000 + content.size / SLOWEST_COMMIT_BYTES_PER_MS;
  const asked = (url: string): Asked => ({ target, url, date: clock.date() });
  const digest = (): Digest => push.digest ?? reader.digest();

  async function exists(): Promise<UploadReply> {
    const url = `${base}/blobs/${digest()}`;
    return ask({ method: 'HEAD', url, signal }, (response) => readExists(response, asked(url)));
  }

  /** An answer that never came is an answer too; anything else that is thrown ends the upload. */
  async function ask(
    request: HttpRequest,
    read: (response: HttpResponse) => Promise<UploadReply>,
  ): Promise<UploadReply> {
    let response: HttpResponse;
    try {
      response = await transport(request);
    } catch (error) {
      if (!isPassingError(error)) throw error;
      return { type: 'interrupted', reason: `${target}: ${error.message}` };
    }
    return read(response);
  }

  return {
    checking: exists,
    confirming: exists,
    opening() {
      const url = `${base}/blobs/uploads/`;
      return ask({ method: 'POST', url, headers: { 'content-length': '0' }, signal }, (response) =>
        readOpened(response, asked(url)),
      );
    },
    async sending({ location: url, offset, framing }) {
      const limit = framing === 'stream' ? content.size : Math.min(content.size, offset + framing);
      const body = new Body(reader, offset, limit, push.onProgress);
      const reply = await ask(
        {
          method: 'PATCH',
          url,
          headers: patchHeaders(offset, limit, framing),
          body,
          signal,
          answerTimeoutMs: slowMs,
        },
        (response) => {
          // An answer to a body of known length may overtake our seeing that the last of it is through.
          const end = framing === 'stream' ? body.position : limit;
          return readAccepted(response, { ...asked(url), offset, end, bodySize: end - offset });
        },
      );
      if (body.failure !== undefined) throw body.failure;
      return reply;
    },
    asking({ location: url, offset }) {
      return ask({ method: 'GET', url, signal }, (response) =>
        readStatus(response, { ...asked(url), offset, size: content.size }),
      );
    },
    async committing({ location }) {
      // A registry may claim more than it was sent; the digest is over what the source holds.
      if (push.digest === undefined) await reader.finish();
      const url = withDigest(location, digest());
      const headers = { 'content-length': '0' };
      return ask({ method: 'PUT', url, headers, signal, answerTimeoutMs: slowMs }, (response) =>
        readCommitted(response, asked(location)),
      );
    },
  };
}

function patchHeaders(offset: number, end: number, framing: Framing): Record<string, string> {
  const type = { 'content-type': 'application/octet-stream' };
  // Streamed as docker, podman and skopeo do: without a length or a range, which is what every registry takes.
  if (framing === 'stream') return type;
  return { ...type, 'content-length': String(end - offset), 'content-range': `${offset}-${end - 1}` };
}

/** The body of one PATCH: counts what was handed to the connection, and keeps the error of a source that fails. */
class Body implements StreamBody {
  readonly #reader: BlobReader;
  readonly #end: number;
  readonly #onProgress: ((sent: number) => void) | undefined;
  #position: number;
  #failure: unknown;

  constructor(reader: BlobReader, offset: number, end: number, onProgress?: (sent: number) => void) {
    this.#reader = reader;
    this.#position = offset;
    this.#end = end;
    this.#onProgress = onProgress;
  }

  /** The offset behind the last byte handed over. */
  get position(): number {
    return this.#position;
  }

  get failure(): unknown {
    return this.#failure;
  }

  stop(): void {
    // With the whole piece handed over, an answer is the ordinary end: the source stays open for the next chunk.
    if (this.#position < this.#end) this.#reader.release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#reader.read(this.#position, this.#end)) {
        this.#position += chunk.length;
        this.#onProgress?.(this.#position);
        yield chunk;
      }
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}

/**
 * Tells the registry that the session is not needed. Best effort: it would be swept up there sooner or later. After a
 * cut body distribution 3 takes a DELETE only at the Location that its status names.
 */
async function cancel(state: UploadState, { transport }: Uploads): Promise<void> {
  if (!('location' in state) || state.location === undefined) return;
  const { location } = state;
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  const ask = async (method: 'DELETE' | 'GET', url: string) => {
    const response = await transport({ method, url, signal });
    await discard(response);
    return response;
  };
  try {
    const refused = (await ask('DELETE', location)).status === 416;
    const latest = refused ? (await ask('GET', location)).headers.location : undefined;
    if (latest !== undefined) await ask('DELETE', resolveLocation(location, latest));
  } catch {
    // Whatever ends the push is what people should hear of.
  }
}

function failureError({ failure }: UploadState & { phase: 'failed' }): ModelcarError {
  const { code, message, hint } = failure;
  return new ModelcarError(code, message, hint === undefined ? {} : { hint });
}
