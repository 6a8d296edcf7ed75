import { type Answer, refuse } from './answer.ts';
import { drain, receive } from './body.ts';
import { chunkRefusal, contentRangeRefusal, overlapOf } from './chunk-rules.ts';
import { isDigest, malformedDigest } from './digest.ts';
import { ConnectionCut, type Exchange, placed, type World } from './exchange.ts';
import type { Personality, RangeForm } from './personality.ts';
import { rangeHeader, type UploadSession } from './sessions.ts';

/** `POST …/blobs/uploads/`: begin an upload, or link a blob that another repository has. */
export async function beginUpload(world: World, exchange: Exchange): Promise<Answer> {
  const { personality, sessions, store } = world;
  const { repository, slashMissing } = exchange.entry;
  const { searchParams, pathname } = exchange.url;
  if (slashMissing && personality.post.withoutSlash !== 'accepted') {
    return personality.post.withoutSlash === 'redirected'
      ? { status: 301, headers: { location: `${pathname}/` } }
      : { status: 404, headers: {} };
  }
  if (personality.post.missingRepository === 'connection-closed' && !exists(world, repository)) {
    throw new ConnectionCut('registry');
  }
  const mount = searchParams.get('mount');
  if (mount !== null) {
    const { brokenDigest } = personality.mount;
    if (brokenDigest !== 'session' && !isDigest(mount)) return refuse(brokenDigest);
    if (mountable(world, repository, mount, searchParams.get('from'))) {
      store.link(repository, mount);
      return created(world, exchange, mount);
    }
    const { notThere } = personality.mount;
    if (notThere !== 'session') return refuse(notThere);
  }
  const digest = searchParams.get('digest');
  const { monolithic } = personality.post;
  const whole = digest !== null && monolithic !== 'ignored';
  if (whole && !isDigest(digest)) return refuse(malformedDigest);
  const session = sessions.begin(repository);
  exchange.session = session;
  if (whole) {
    await storeBody(world, exchange, session);
    return finish(world, exchange, session, digest, { ...monolithic, session: 'deleted' });
  }
  await drain(world, exchange);
  return progress(world, exchange, session, 202, personality.post.range, personality.post.headers);
}

/** `GET <Location>`: how much is there. */
export function uploadStatus(world: World, exchange: Exchange): Answer {
  const { status } = world.personality;
  if (!status.supported) return refuse(status.refusal);
  if (exchange.entry.method === 'HEAD' && status.head !== 'answered') return refuse(status.head);
  const session = resume(world, exchange, 'GET');
  if ('status' in session) return session;
  const answer = progress(world, exchange, session, 204, status.range, {});
  const { late } = session;
  if (late.steps > 0) {
    late.hidden -= Math.ceil(late.hidden / late.steps);
    late.steps -= 1;
  }
  if (status.location) return answer;
  const { location: _location, ...headers } = answer.headers;
  return { ...answer, headers };
}

/** `PATCH <Location>`: more bytes. */
export async function patchUpload(world: World, exchange: Exchange): Promise<Answer> {
  const { patch } = world.personality;
  const session = resume(world, exchange, 'PATCH');
  if ('status' in session) return session;
  const type = exchange.request.headers['content-type'];
  if (patch.contentType === 'octet-stream-only' && type && type !== 'application/octet-stream') {
    return refuse({ status: 500, code: 'UNKNOWN', message: 'unknown error' });
  }
  const refusal = chunkRefusal(world, exchange, session);
  if (refusal) return refusal;
  await storeBody(world, exchange, session);
  return progress(world, exchange, session, patch.status, patch.range, {});
}

/** `PUT <Location>&digest=`: the upload is done, perhaps with its last bytes in the body. */
export async function finishUpload(world: World, exchange: Exchange): Promise<Answer> {
  const { put, patch } = world.personality;
  const session = resume(world, exchange, 'PUT');
  if ('status' in session) return session;
  const digest = exchange.url.searchParams.get('digest') ?? '';
  if (!isDigest(digest) && !(digest === '' && put.noDigest === 'wrong')) return refuse(malformedDigest);
  const length = exchange.entry.contentLength ?? 0;
  if (put.maxBytes && length > put.maxBytes.limit) return refuse(put.maxBytes.refusal);
  const empty = exchange.entry.contentLength === 0;
  if (empty && session.chunks.length > 1 && put.emptyAfterChunks !== 'accepted') {
    return refuse(put.emptyAfterChunks);
  }
  const { chunks: limits } = patch;
  const whole = empty ? session.chunks.slice(0, -1) : session.chunks;
  if (limits?.minRefusedAtPut && whole.some((size) => size < (limits.min ?? 0))) {
    return refuse(limits.unequal ?? limits.tooLarge);
  }
  await storeBody(world, exchange, session);
  return finish(world, exchange, session, digest, put.wrongDigest);
}

/** `DELETE <Location>`: never mind. */
export function cancelUpload(world: World, exchange: Exchange): Answer {
  const session = resume(world, exchange, 'DELETE');
  if ('status' in session) return session;
  world.sessions.end(session);
  session.content.release();
  return { status: 204, headers: uuidHeader(world, session) };
}

function exists({ repositories, store }: World, repository: string): boolean {
  return repositories.has(repository) || store.repositories.has(repository);
}

function mountable(
  { personality, store }: World,
  repository: string,
  digest: string,
  from: string | null,
): boolean {
  if (personality.mount.alreadyThere === 'created' && store.blob(repository, digest)) return true;
  if (from !== null) return store.blob(from, digest) !== undefined;
  return personality.mount.withoutFrom === 'any-repository' && store.blobs.has(digest);
}

/** The session the Location names, or what the registry has to say about it. */
function resume(
  world: World,
  exchange: Exchange,
  verb: 'GET' | 'PATCH' | 'PUT' | 'DELETE',
): UploadSession | Answer {
  const { personality, sessions } = world;
  const { offset: rule, unknownSession, patch } = personality;
  const { repository, reference } = exchange.entry;
  const session = sessions.find(repository, reference);
  const stale = rule.stale[verb];
  const offset =
    stale === 'fine' ? undefined : sessions.offsetIn({ repository, id: reference }, exchange.url);
  // A signed state is opened before anything else; distribution calls even a live session invalid without it.
  if (rule.signed && offset === 'broken') return refuse(rule.broken);
  if (!session) return refuse(unknownSession);
  exchange.session = session;
  if (session.poisoned && verb !== 'GET' && verb !== 'DELETE')
    return refuse({ status: 500, code: 'UNKNOWN' });
  // olareg looks at the Content-Range first and at its own state after.
  if (!rule.signed && (verb === 'PATCH' || (verb === 'PUT' && patch.contentRangeOnPut === 'checked'))) {
    const refusal = contentRangeRefusal(world, exchange, session);
    if (refusal) return refusal;
  }
  if (offset === 'broken') return refuse(rule.broken);
  if (stale !== 'fine' && offset !== undefined && offset !== session.content.size) return refuse(stale);
  return session;
}

async function storeBody(world: World, exchange: Exchange, session: UploadSession): Promise<void> {
  const mark = session.content.mark();
  let skip = overlapOf(world, exchange, session);
  try {
    for await (const piece of receive(world, exchange)) {
      session.content.append(piece.subarray(skip));
      skip = Math.max(0, skip - piece.length);
    }
  } catch (error) {
    settleCut(world, exchange, session, mark);
    throw error;
  }
  if (session.content.size > mark.size) session.chunks.push(session.content.size - mark.size);
}

function settleCut(
  { personality, sessions }: World,
  { effects }: Exchange,
  session: UploadSession,
  mark: ReturnType<UploadSession['content']['mark']>,
): void {
  const arrived = session.content.size - mark.size;
  switch (effects.buffersBody ? 'rolled-back' : personality.afterCut) {
    case 'deleted':
      sessions.end(session);
      session.content.release();
      return;
    case 'rolled-back':
      session.content.rollBack(mark);
      return;
    case 'poisoned':
      session.content.rollBack(mark);
      session.poisoned = arrived > 0;
      return;
    case 'kept':
      if (arrived > 0) session.chunks.push(arrived);
      if (effects.settlesAfter !== undefined) {
        session.late = { hidden: arrived, steps: effects.settlesAfter };
      }
  }
}

function finish(
  world: World,
  exchange: Exchange,
  session: UploadSession,
  digest: string,
  wrongDigest: Personality['put']['wrongDigest'],
): Answer {
  const { personality, store, sessions } = world;
  const { digestAnswered } = personality.put;
  const { content, repository } = session;
  if (content.digestLike(digest) !== digest) {
    if (wrongDigest.session === 'deleted') {
      sessions.end(session);
      content.release();
    }
    return refuse(wrongDigest);
  }
  const canonical = digestAnswered === 'sha256' ? content.sha256 : digest;
  sessions.end(session);
  store.commit(repository, canonical, content);
  if (canonical !== digest) store.alias(repository, digest, canonical);
  const { hidesBlobFor } = exchange.effects;
  if (hidesBlobFor !== undefined) world.hidden.set(canonical, hidesBlobFor);
  return created(world, exchange, canonical);
}

function created(world: World, exchange: Exchange, digest: string): Answer {
  const path = `/v2/${exchange.entry.repository}/blobs/${digest}`;
  return {
    status: 201,
    headers: { location: placed(world, exchange, path), 'docker-content-digest': digest },
  };
}

function progress(
  world: World,
  exchange: Exchange,
  session: UploadSession,
  status: number,
  form: RangeForm,
  headers: Readonly<Record<string, string>>,
): Answer {
  const range = rangeHeader(form, session, session.content.size - session.late.hidden);
  return {
    status,
    headers: {
      ...uuidHeader(world, session),
      location: placed(world, exchange, world.sessions.locationOf(session)),
      ...(range === undefined ? {} : { range }),
      ...headers,
    },
  };
}

function uuidHeader({ personality }: World, { id }: UploadSession): Record<string, string> {
  return personality.uploadUuid === 'sent' ? { 'docker-upload-uuid': id } : {};
}
