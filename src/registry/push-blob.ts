import type { Digest } from '../core/digest.ts';
import { isPassingError, ModelcarError } from '../core/error.ts';
import type { BlobPush, Clock, PushedBlob } from '../core/ports.ts';
import { originOf } from '../http/origin.ts';
import type { HttpRequest, HttpResponse, Transport } from '../http/transport.ts';
import { BlobReader } from './blob-reader.ts';
import {
  begin,
  type Framing,
  next,
  resume,
  sessionOf,
  type UploadReply,
  type UploadState,
} from './blob-upload.ts';
import { cancelSession } from './cancel-session.ts';
import { withGrace } from './grace.ts';
import { withDigest } from './location.ts';
import { PatchBody } from './patch-body.ts';
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

/** How long an upload that is stopped may take to end its request, so that the registry keeps what it has. */
const GRACE_MS = 8_000;

/**
 * Drives one upload: one request per state, until it is done. An upload that fails in passing, or is stopped, leaves its
 * session open where there is a journal to write it down.
 * @throws ModelcarError what the source threw; or what the registry refuses
 */
export async function pushBlob(push: BlobPush, uploads: Uploads): Promise<PushedBlob> {
  const { content, signal } = push;
  const { clock } = uploads;
  const reader = new BlobReader(content, signal);
  const budget = new UploadBudget(uploads.retries, clock);
  let state = start(push, uploads);
  const source: Source = { reader, fromEarlier: state.phase === 'asking', failure: undefined };
  const requests = uploadRequests(push, uploads, source);
  try {
    while (state.phase !== 'done' && state.phase !== 'failed') {
      const reply: UploadReply = await send(requests, state);
      const after = settled(state, next(state, reply, content.size), source);
      const pause = budget.after(reply, state, after);
      if (pause) push.onRetry?.({ offset: 'offset' in after ? after.offset : 0, ...pause });
      const over = after.phase === 'opening' || after.phase === 'failed';
      if (over && reply.type !== 'session-lost') await cancelSession(state, uploads.transport);
      tell(state, after, push);
      state = after;
      if (source.failure !== undefined) throw source.failure;
      if (pause) await clock.sleep(pause.delayMs, signal);
    }
    if (state.phase === 'failed') throw failureError(state);
    return { digest: push.digest ?? reader.digest(), size: content.size, outcome: state.outcome };
  } catch (error) {
    if (!staysOpen(error, push)) {
      await cancelSession(state, uploads.transport);
      push.onSession?.(undefined);
    }
    throw error;
  } finally {
    await reader.close();
  }
}

/** The bytes of the blob, and what ended them early. */
interface Source {
  readonly reader: BlobReader;
  /** Some of what the registry has was sent by an earlier run. */
  fromEarlier: boolean;
  failure: unknown;
}

function start({ session, digest }: BlobPush, { base, framing }: Uploads): UploadState {
  // A session is good for the registry that opened it, and for nobody else, whatever the journal says.
  const ours = session !== undefined && originOf(session.location) === originOf(base);
  return ours ? resume(session, framing) : begin(framing, digest !== undefined);
}

/** What an earlier run has sent was not right after all: then everything is sent once more, once. */
function settled(state: UploadState, after: UploadState, source: Source): UploadState {
  const mismatch = after.phase === 'failed' && after.failure.code === 'CONTENT_MISMATCH';
  if (!mismatch || !source.fromEarlier || !('framing' in state)) return after;
  source.fromEarlier = false;
  return { phase: 'opening', framing: state.framing };
}

/** What people and a later run should know of the step. */
function tell(
  before: UploadState,
  after: UploadState,
  { content, onSession, onResume, onProgress }: BlobPush,
): void {
  const [known, session] = [sessionOf(before), sessionOf(after)];
  if (session && (session.location !== known?.location || session.offset !== known.offset))
    onSession?.(session);
  if (before.phase !== 'asking' || !before.recorded || after.phase === 'asking') return;
  const complete = after.phase === 'committing' ? content.size : 0;
  const offset = after.phase === 'sending' ? after.offset : complete;
  onResume?.(offset);
  onProgress?.(offset);
}

/** A later run may go on with what failed in passing, or was stopped. */
function staysOpen(error: unknown, { onSession, signal }: BlobPush): boolean {
  return onSession !== undefined && (signal.aborted || isPassingError(error));
}

function send(requests: Requests, state: UploadState & { phase: Phase }): Promise<UploadReply> {
  // The key and the argument are of the same state; TypeScript cannot see that through an index.
  const request = requests[state.phase] as (state: UploadState) => Promise<UploadReply>;
  return request(state);
}

function uploadRequests(push: BlobPush, uploads: Uploads, source: Source): Requests {
  const { content, signal } = push;
  const { reader } = source;
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
      // Not within the request: nobody waits for a body that does not come.
      await reader.catchUp(offset);
      const limit = framing === 'stream' ? content.size : Math.min(content.size, offset + framing);
      const endsEarly = (error: unknown) => framing === 'stream' && staysOpen(error, push);
      const body = new PatchBody(reader, {
        start: offset,
        end: limit,
        endsEarly,
        onProgress: push.onProgress,
      });
      const grace = withGrace(signal, framing === 'stream' && push.onSession ? GRACE_MS : 0);
      try {
        return await ask(
          {
            method: 'PATCH',
            url,
            headers: patchHeaders(offset, limit, framing),
            body,
            signal: grace.signal,
            waitSignal: signal,
            answerTimeoutMs: slowMs,
          },
          (response) => {
            // An answer to a body of known length may overtake our seeing that the last of it is through.
            const end = framing === 'stream' ? body.position : limit;
            return readAccepted(response, { ...asked(url), offset, end, bodySize: end - offset });
          },
        );
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
    async committing({ location }) {
      // A registry may claim more than it was sent; the digest is over what the source holds.
      if (push.digest === undefined) await reader.catchUp(content.size);
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

function failureError({ failure }: UploadState & { phase: 'failed' }): ModelcarError {
  const { code, message, hint } = failure;
  return new ModelcarError(code, message, hint === undefined ? {} : { hint });
}
