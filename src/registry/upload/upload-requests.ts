import type { Digest } from '../../core/digest.ts';
import { type ErrorCode, isPassingError, ModelcarError } from '../../core/error.ts';
import type { BlobPush, Clock } from '../../core/ports.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../http/transport.ts';
import type { BlobReader } from './blob-reader.ts';
import type { PreferredFraming } from './framing.ts';
import { withGrace } from './grace.ts';
import type { HostProfile } from './host-profile.ts';
import { withDigest } from './location.ts';
import { type Asked, readAccepted, readCommitted, readExists, readOpened, readStatus } from './read-reply.ts';
import { UploadBody } from './upload-body.ts';
import type { UploadReply, UploadState } from './upload-state.ts';

type Phase = Exclude<UploadState['phase'], 'done' | 'failed'>;
type Requests = { readonly [P in Phase]: (state: UploadState & { phase: P }) => Promise<UploadReply> };

export interface Uploads {
  /** With authorization, without retry: each request is sent once, and what follows is for `next` to say. */
  readonly transport: Transport;
  /** `https://registry/v2/<repository>` */
  readonly base: string;
  /** `registry/repository`, for messages. */
  readonly target: string;
  readonly framing: PreferredFraming;
  /** How often an upload may fail without getting further. */
  readonly retries: number;
  readonly clock: Clock;
  /** How long the source may be silent while a request waits for it. */
  readonly silenceMs: number;
  /** What is known of the registry; each upload adds what it learns. */
  readonly host: { profile: HostProfile };
}

/** The bytes of the blob, and what ended them early. */
export interface Source {
  readonly reader: BlobReader;
  failure: unknown;
  /** How often the registry had other bytes. */
  mismatches: number;
}

/** A registry may hash or copy the whole blob before it answers: at least this fast, we hope. */
const SLOWEST_COMMIT_BYTES_PER_MS = 20_000;

/** How long an upload that is stopped may take to end its request, so that the registry keeps what it has. */
const GRACE_MS = 8_000;

/** Somebody can put these right, and then run it again. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
  'GATED',
  'NOT_FOUND',
]);

/** A later run may go on with what was stopped, or failed in a way that can be put right. */
export function staysOpen(error: unknown, { onSession, isSessionKept, signal }: BlobPush): boolean {
  const isKept = onSession !== undefined && isSessionKept?.() !== false;
  return isKept && (signal.aborted || (error instanceof ModelcarError && MENDABLE.has(error.code)));
}

export function send(requests: Requests, state: UploadState & { phase: Phase }): Promise<UploadReply> {
  // The key and the argument are of the same state; TypeScript cannot see that through an index.
  const request = requests[state.phase] as (state: UploadState) => Promise<UploadReply>;
  return request(state);
}

/** The one request of each state, and what was answered to it. */
export function uploadRequests(push: BlobPush, uploads: Uploads, source: Source): Requests {
  const { content, signal, onProgress } = push;
  const { reader } = source;
  const { base, target, clock, transport, host } = uploads;
  const slowMs = 300_000 + content.size / SLOWEST_COMMIT_BYTES_PER_MS;
  const catchingUp = (end: number) => (read: number) => push.onCatchUp?.(read, end);
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

  function bodyOf(start: number, end: number, mayEndEarly: boolean): UploadBody {
    return new UploadBody(reader, {
      start,
      end,
      endsEarly: (error) => mayEndEarly && staysOpen(error, push),
      silenceMs: mayEndEarly ? uploads.silenceMs : undefined,
      requestMs: mayEndEarly ? host.profile.requestMs : undefined,
      clock,
      onProgress,
    });
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
      // Not within the request: nobody waits for a body that does not come.
      await reader.ready(offset, catchingUp(offset));
      const streamed = typeof framing !== 'number';
      const limit = streamed ? content.size : Math.min(content.size, offset + framing);
      const body = bodyOf(offset, limit, streamed);
      const grace = withGrace(signal, streamed && push.onSession ? GRACE_MS : 0);
      const headers = patchHeaders(offset, limit, streamed);
      try {
        const reply = await ask(
          {
            method: 'PATCH',
            url,
            headers,
            body,
            signal: grace.signal,
            waitSignal: signal,
            answerTimeoutMs: slowMs,
          },
          (response) => {
            // An answer to a body of known length may overtake our seeing that the last of it is through.
            const end = streamed ? body.position : limit;
            return readAccepted(response, { ...asked(url), offset, end, bodySize: end - offset });
          },
        );
        const { position: sent, elapsedMs } = body;
        return reply.type === 'interrupted' ? { ...reply, sent, elapsedMs } : reply;
      } finally {
        grace.release();
        source.failure = body.failure;
      }
    },
    asking({ location: url, offset }) {
      return ask({ method: 'GET', url, signal }, (response) =>
        readStatus(response, { ...asked(url), offset, size: content.size }),
      );
    },
    async committing({ location, offset = content.size }) {
      // A registry may claim more than it was sent; the digest is over what the source holds.
      if (push.digest === undefined) await reader.catchUp(content.size, catchingUp(content.size));
      const url = withDigest(location, digest());
      const bodySize = content.size - offset;
      const body = bodySize > 0 ? bodyOf(offset, content.size, false) : undefined;
      const headers = putHeaders(offset, content.size);
      try {
        return await ask(
          { method: 'PUT', url, headers, ...(body && { body }), signal, answerTimeoutMs: slowMs },
          (response) => readCommitted(response, { ...asked(location), bodySize }),
        );
      } finally {
        source.failure = body?.failure;
      }
    },
  };
}

function patchHeaders(offset: number, end: number, streamed: boolean): Record<string, string> {
  // Streamed as docker, podman and skopeo do: without a length or a range, which is what every registry takes.
  return streamed ? { 'content-type': OCTETS } : { ...rangeHeaders(offset, end), 'content-type': OCTETS };
}

function putHeaders(offset: number, size: number): Record<string, string> {
  if (offset === size) return { 'content-length': '0' };
  // The whole blob is not a chunk.
  const headers = offset === 0 ? { 'content-length': String(size) } : rangeHeaders(offset, size);
  return { ...headers, 'content-type': OCTETS };
}

const OCTETS = 'application/octet-stream';

function rangeHeaders(offset: number, end: number): Record<string, string> {
  return { 'content-length': String(end - offset), 'content-range': `${offset}-${end - 1}` };
}
