import type { Digest } from '../../core/digest.ts';
import { isPassingError, type ModelcarError } from '../../core/error.ts';
import type { BlobPush, Clock } from '../../core/ports.ts';
import { Stalled } from '../../http/network-error.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../http/transport.ts';
import { askHeld } from '../ask-held.ts';
import type { BlobReader } from './blob-reader.ts';
import { mayEndEarly, type PreferredFraming } from './framing.ts';
import { withGrace } from './grace.ts';
import type { HeldBlob } from './held-blob.ts';
import { withDigest } from './location.ts';
import {
  type Asked,
  readAccepted,
  readCommitted,
  readExists,
  readOpened,
  readPosted,
  readStatus,
} from './read-reply.ts';
import type { HostMemory } from './remember-host.ts';
import { staysOpen } from './stays-open.ts';
import { UploadBody } from './upload-body.ts';
import { patchHeaders, putHeaders } from './upload-headers.ts';
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
  readonly host: HostMemory;
  /** A blob of at most this many bytes is held in memory. */
  readonly heldSize: number;
}

/** The bytes of the blob, and what ended them early. */
export interface Source {
  readonly reader: BlobReader;
  /** All of them, where the blob is small. */
  readonly held: HeldBlob | undefined;
  failure: unknown;
  /** How often the registry had other bytes. */
  mismatches: number;
}

/** A registry may hash or copy the whole blob before it answers: at least this fast, we hope. */
const SLOWEST_COMMIT_BYTES_PER_MS = 20_000;
const LONGEST_COMMIT_MS = 3_600_000;

/** How long an upload that is stopped may take to end its request, so that the registry keeps what it has. */
const GRACE_MS = 8_000;

export function send(requests: Requests, state: UploadState & { phase: Phase }): Promise<UploadReply> {
  // The key and the argument are of the same state; TypeScript cannot see that through an index.
  const request = requests[state.phase] as (state: UploadState) => Promise<UploadReply>;
  return request(state);
}

/** The one request of each state, and what was answered to it. */
export function uploadRequests(push: BlobPush, uploads: Uploads, source: Source): Requests {
  const { content, signal, onProgress } = push;
  const { reader, held } = source;
  const { base, clock, transport, host } = uploads;
  const slowMs = Math.min(LONGEST_COMMIT_MS, 300_000 + content.size / SLOWEST_COMMIT_BYTES_PER_MS);
  const catchingUp = (end: number) => (read: number) => push.onCatchUp?.(read, end);
  const asked = (url: string): Asked => ({ url, date: clock.date() });
  const digest = (): Digest => knownDigest(push, reader) ?? reader.digest();

  const head = { isRefused: false };

  async function exists(sent: boolean): Promise<UploadReply> {
    const url = `${base}/blobs/${digest()}`;
    return heard(
      () => askHeld({ url, signal }, transport, head),
      url,
      (response) => readExists(response, { ...asked(url), sent }),
    );
  }

  /** An answer that never came is an answer too; anything else that is thrown ends the upload. */
  function ask(
    request: HttpRequest,
    read: (response: HttpResponse, at: string) => Promise<UploadReply>,
  ): Promise<UploadReply> {
    return heard(() => transport(request), request.url, read);
  }

  async function heard(
    request: () => Promise<HttpResponse>,
    url: string,
    read: (response: HttpResponse, at: string) => Promise<UploadReply>,
  ): Promise<UploadReply> {
    let response: HttpResponse;
    try {
      response = await request();
    } catch (error) {
      // Another layer that fails in passing is the reason why this one is stopped, and no failure of its own.
      if (signal.aborted) throw signal.reason;
      if (!isPassingError(error)) throw error;
      const cut = brokenByPeer(error) ? { byPeer: true as const } : {};
      // Leave out the request and its URL: the message names the target and the layer.
      const reason = error.message.replace(/^[A-Z]+ \S+: /, '');
      return { type: 'interrupted', reason, ...cut };
    }
    return read(response, response.url ?? url);
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

  let previousMs = 0;

  /** Where a body was when it was cut; and how long it lasted, where that says something. */
  function cutBody(reply: UploadReply & { type: 'interrupted' }, body: UploadBody): UploadReply {
    const { position: sent, elapsedMs, failure } = body;
    if (!reply.byPeer || failure !== undefined) return { ...reply, sent };
    const told = { ...reply, sent, elapsedMs, previousMs };
    previousMs = elapsedMs;
    return told;
  }

  /** All of the blob in a request of known length; bytes that the transport can send once more, where it is held. */
  async function sendHeld(
    blob: HeldBlob,
    request: Pick<HttpRequest, 'method' | 'url'>,
    read: (response: HttpResponse, at: string) => Promise<UploadReply>,
  ): Promise<UploadReply> {
    const body = await blob.bytes();
    onProgress?.(0);
    const headers = putHeaders(0, body.length);
    const reply = await ask({ ...request, headers, body, signal, answerTimeoutMs: slowMs }, read);
    // What went along with a question and was thrown away is not counted as sent.
    if (reply.type !== 'opened') onProgress?.(body.length);
    return reply;
  }

  return {
    checking: () => exists(false),
    confirming: () => exists(true),
    async posting() {
      const url = withDigest(`${base}/blobs/uploads/`, digest());
      // Nothing else is begun so.
      if (held === undefined) throw new TypeError('only what is held in memory goes in a POST');
      return sendHeld(held, { method: 'POST', url }, (response, at) =>
        readPosted(response, { ...asked(at), bodySize: content.size }),
      );
    },
    opening() {
      const url = `${base}/blobs/uploads/`;
      return ask({ method: 'POST', url, headers: { 'content-length': '0' }, signal }, (response, at) =>
        readOpened(response, asked(at)),
      );
    },
    async sending({ location: url, offset, framing }) {
      // Not within the request: nobody waits for a body that does not come.
      await reader.ready(offset, catchingUp(offset));
      const streamed = typeof framing !== 'number';
      const endsEarly = streamed && mayEndEarly(host.profile);
      const limit = streamed ? content.size : Math.min(content.size, offset + framing);
      const body = bodyOf(offset, limit, endsEarly);
      const grace = withGrace(signal, endsEarly && push.onSession ? GRACE_MS : 0);
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
        return reply.type === 'interrupted' ? cutBody(reply, body) : reply;
      } finally {
        grace.release();
        source.failure = body.failure;
      }
    },
    asking({ location: url, offset }) {
      return ask({ method: 'GET', url, signal }, (response, at) =>
        readStatus(response, { ...asked(at), offset, size: content.size }),
      );
    },
    async committing({ location, offset }) {
      // A registry may claim more than it was sent; the digest is over what the source holds.
      if (knownDigest(push, reader) === undefined)
        await reader.catchUp(content.size, catchingUp(content.size));
      const url = withDigest(location, digest());
      const bodySize = content.size - offset;
      if (held && offset === 0 && bodySize > 0) {
        return sendHeld(held, { method: 'PUT', url }, (response) =>
          readCommitted(response, { ...asked(location), bodySize }),
        );
      }
      const body = bodySize > 0 ? bodyOf(offset, content.size, false) : undefined;
      const headers = putHeaders(offset, content.size);
      // A commit that is heard of spares the next run the question.
      const grace = withGrace(signal, !body && push.onSession ? GRACE_MS : 0);
      const limits = { signal: grace.signal, waitSignal: signal, answerTimeoutMs: slowMs };
      try {
        return await ask({ method: 'PUT', url, headers, ...(body && { body }), ...limits }, (response) =>
          readCommitted(response, { ...asked(location), bodySize }),
        );
      } finally {
        grace.release();
        source.failure = body?.failure;
      }
    },
  };
}

/** Of the whole content, from whoever has seen all of it: this run, the caller, or the run that opened the session. */
export function knownDigest({ digest, session }: BlobPush, reader: BlobReader): Digest | undefined {
  return reader.isComplete ? reader.digest() : (digest ?? session?.digest);
}

/** Only what the other side has broken says something of its limits. */
function brokenByPeer({ cause }: ModelcarError): boolean {
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  return !(cause instanceof Stalled) && !/^(ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(code);
}
