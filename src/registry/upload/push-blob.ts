import { type Digest, sha256 } from '../../core/digest.ts';
import type { BlobPush, PushedBlob } from '../../core/ports.ts';
import { originOf } from '../../http/origin.ts';
import { withRedirects } from '../../http/redirect.ts';
import { refusalError } from '../registry-error.ts';
import { BlobReader } from './blob-reader.ts';
import { begin, next, resume, sessionOf } from './blob-upload.ts';
import { cancelSession } from './cancel-session.ts';
import type { UploadTerms } from './framing.ts';
import { type HeldBlob, holdBlob } from './held-blob.ts';
import { withSecretSessions } from './secret-sessions.ts';
import { withSessionCookies } from './session-cookies.ts';
import { staysOpen } from './stays-open.ts';
import { UploadBudget } from './upload-budget.ts';
import { knownDigest, type Source, send, type Uploads, uploadRequests } from './upload-requests.ts';
import type { UploadReply, UploadState } from './upload-state.ts';
import { withLeader } from './with-leader.ts';

/**
 * Drives one upload: one request per state, until it is done. An upload that fails in passing, or is stopped, leaves its
 * session open where there is a journal to write it down. A small blob is read
 * before it is sent.
 * @throws ModelcarError what the source threw; or what the registry refuses
 */
export async function pushBlob(push: BlobPush, uploads: Uploads): Promise<PushedBlob> {
  const { content, signal } = push;
  const mayBeThere = push.digest !== undefined;
  // Of a blob that is begun already the session has a part.
  if (content.size > uploads.heldSize || push.session) return drive(push, uploads, { mayBeThere });
  const held = holdBlob(content, signal);
  const { digest = sha256(await held.bytes()) } = push;
  return drive({ ...push, content: held, digest }, uploads, { mayBeThere, held });
}

interface Beginning {
  /** Whether the registry is asked for the blob first. */
  readonly mayBeThere: boolean;
  readonly held?: HeldBlob;
}

async function drive(push: BlobPush, uploads: Uploads, { mayBeThere, held }: Beginning): Promise<PushedBlob> {
  const { content, signal } = push;
  const { clock, host, retries, target } = uploads;
  // Below the redirects: a cookie goes nowhere but to who set it.
  const cookies = withSessionCookies(originOf(uploads.base), uploads.transport);
  const transport = withLeader()(withRedirects(5)(withSecretSessions(uploads.base)(cookies)));
  const reader = new BlobReader(content, signal);
  const { name = 'a blob' } = push;
  const budget = new UploadBudget({ retries, clock, target, name, size: content.size });
  const mayPost = held !== undefined && host.mayPost();
  const terms = (): UploadTerms => ({
    ...{ size: content.size, preferred: uploads.framing, host: host.profile },
    ...{ held: held !== undefined, mayPost },
  });
  let state: Exclude<UploadState, { phase: 'failed' }> = start(push, uploads, mayBeThere, terms());
  const source: Source = { reader, held, failure: undefined, mismatches: 0 };
  const requests = uploadRequests(push, { ...uploads, transport }, source);
  try {
    while (state.phase !== 'done') {
      const reply: UploadReply = await send(requests, state);
      await host.learn(state, reply, content.size);
      const after = settled(next(state, reply, terms()), source);
      const pause = budget.after(reply, state, after);
      if (pause && pause.retry > 0)
        push.onRetry?.({ offset: 'offset' in after ? after.offset : 0, ...pause });
      if (after.phase === 'opening' && reply.type !== 'session-lost') await cancelSession(state, transport);
      tell(state, after, push, knownDigest(push, reader));
      if (after.phase === 'failed')
        throw source.failure ?? refusalError(`push ${name} to ${target}`, after.failure);
      state = after;
      if (source.failure !== undefined) throw source.failure;
      if (pause) await clock.sleep(pause.delayMs, signal);
    }
    return {
      digest: knownDigest(push, reader) ?? reader.digest(),
      size: content.size,
      outcome: state.outcome,
    };
  } catch (error) {
    if (!staysOpen(error, push)) {
      await cancelSession(state, transport);
      push.onSession?.(undefined);
    }
    throw error;
  } finally {
    await reader.close();
  }
}

function start({ session }: BlobPush, { base }: Uploads, mayBeThere: boolean, terms: UploadTerms) {
  // A session is good for the registry that opened it, and for nobody else, whatever the journal says.
  const ours = session !== undefined && originOf(session.location) === originOf(base);
  return ours ? resume(session, terms) : begin(mayBeThere, terms);
}

/**
 * The registry has other bytes than the source, which was held against the Hub's hash: something on the way has changed
 * them, or an earlier run has sent others. Then everything is sent once more, once.
 */
function settled(after: UploadState, source: Source): UploadState {
  const mismatch = after.phase === 'failed' && after.failure.code === 'CONTENT_MISMATCH';
  if (!mismatch || source.mismatches > 0) return after;
  source.mismatches += 1;
  return { phase: 'opening' };
}

/** What people and a later run should know of the step. */
function tell(
  before: UploadState,
  after: UploadState,
  { content, onSession, onResume, onProgress }: BlobPush,
  digest: Digest | undefined,
): void {
  const [known, session] = [sessionOf(before), sessionOf(after)];
  if (session && (session.location !== known?.location || session.offset !== known.offset))
    onSession?.(after.phase === 'committing' ? { ...session, digest } : session);
  if (before.phase !== 'asking' || !before.recorded || after.phase === 'asking') return;
  const complete = after.phase === 'committing' ? content.size : 0;
  const offset = after.phase === 'sending' ? after.offset : complete;
  onResume?.(offset);
  onProgress?.(offset);
}
