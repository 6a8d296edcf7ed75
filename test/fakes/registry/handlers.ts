import { type Answer, html, refuse } from './answer.ts';
import type { Auth } from './auth.ts';
import { readBlob, refuseDelete } from './blobs.ts';
import { drain } from './body.ts';
import { type Exchange, type Handler, originOf, type World } from './exchange.ts';
import type { LocationForm } from './faults.ts';
import { listReferrers, listTags, putManifest, readManifest } from './manifests.ts';
import type { PathClass } from './routes.ts';
import { rangeHeader } from './sessions.ts';
import { beginUpload, cancelUpload, finishUpload, patchUpload, uploadStatus } from './uploads.ts';

export interface House {
  readonly world: World;
  readonly auth: Auth;
  readonly otherHost: string;
}

/** The whole way of a request: what stands in front, who may, the registry itself, what garbles its answer. */
export async function answerTo(house: House, exchange: Exchange): Promise<Answer> {
  const { world, auth } = house;
  const { effects, entry } = exchange;
  if (effects.losesSession) {
    const session = world.sessions.find(entry.repository, entry.reference);
    if (session) world.sessions.end(session);
  }
  if (effects.hold) await world.gates.pass(effects.hold);
  const inFront = await frontAnswer(house, exchange);
  if (inFront) return inFront;
  const denied = entry.pathClass === 'token' ? undefined : auth.refuse(world, exchange);
  if (denied) return denied;
  const answer =
    entry.pathClass === 'token' ? await auth.token(world, exchange) : await handle(world, exchange);
  if (effects.answer?.at === 'stored') return faultAnswer(effects.answer);
  return garbled(house, exchange, answer);
}

const handlers: Readonly<Record<Exclude<PathClass, 'token'>, Handler>> = {
  ping,
  'upload-post': beginUpload,
  'upload-patch': patchUpload,
  'upload-get': uploadStatus,
  'upload-put': finishUpload,
  'upload-delete': cancelUpload,
  'blob-head': readBlob,
  'blob-get': readBlob,
  'blob-delete': refuseDelete,
  'manifest-head': readManifest,
  'manifest-get': readManifest,
  'manifest-put': putManifest,
  'manifest-delete': refuseDelete,
  'tags-get': listTags,
  'referrers-get': listReferrers,
  other: ({ personality }) => personality.notRouted,
};

function ping({ personality }: World, { url }: Exchange): Answer {
  if (url.pathname === '/v2' && personality.post.withoutSlash === 'redirected') {
    const headers = { location: '/v2/', 'content-type': 'text/html; charset=utf-8' };
    return { status: 301, headers, body: '<a href="/v2/">Moved Permanently</a>.\n\n' };
  }
  return { status: 200, headers: { 'content-type': personality.listType }, body: '{}' };
}

async function handle(world: World, exchange: Exchange): Promise<Answer> {
  const { pathClass } = exchange.entry;
  if (pathClass === 'token') return world.personality.notRouted;
  return handlers[pathClass](world, exchange);
}

/** What a proxy, a quota or a rate limit answers without asking the registry. */
async function frontAnswer({ world, otherHost }: House, exchange: Exchange): Promise<Answer | undefined> {
  const { effects, entry, url } = exchange;
  const { answer, bodyLimit, redirectsWith } = effects;
  if (redirectsWith !== undefined) {
    const location = `http://${otherHost}${url.pathname}${url.search}`;
    return { status: redirectsWith, headers: { location } };
  }
  if (bodyLimit !== undefined && (entry.contentLength ?? 0) > bodyLimit) {
    return html(413, 'Request Entity Too Large');
  }
  if (!answer || typeof answer.at === 'number' || answer.at === 'stored') return undefined;
  if (answer.at === 'unstored') await drain(world, exchange);
  return faultAnswer(answer);
}

function faultAnswer({ status, headers, body }: NonNullable<Exchange['effects']['answer']>): Answer {
  if (body !== undefined) return { status, headers: headers ?? {}, body };
  return status < 400
    ? { status, headers: headers ?? {} }
    : refuse({ status, code: 'UNKNOWN', message: 'unknown error' }, headers);
}

function garbled({ otherHost }: House, exchange: Exchange, answer: Answer): Answer {
  const { effects, session } = exchange;
  const headers: Record<string, string> = { ...answer.headers };
  const { location } = headers;
  if (effects.location && location !== undefined) {
    const placed = placedAs(effects.location, new URL(location, originOf(exchange)), otherHost);
    if (placed === undefined) delete headers.location;
    else headers.location = placed;
  }
  if (effects.range !== undefined && session) {
    const range =
      typeof effects.range === 'string'
        ? rangeHeader(effects.range, session, session.content.size)
        : effects.range.value;
    if (range === undefined) delete headers.range;
    else headers.range = range;
  }
  for (const [name, value] of Object.entries(effects.headers ?? {})) {
    if (value === null) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  return { ...answer, headers };
}

function placedAs(form: LocationForm, location: URL, otherHost: string): string | undefined {
  const path = `${location.pathname}${location.search}`;
  switch (form) {
    case 'none':
      return undefined;
    case 'relative':
      return path;
    case 'absolute':
      return location.href;
    case 'other-host':
      return `http://${otherHost}${path}`;
    case 'http':
      return `http://${location.host}${path}`;
    case 'no-scheme':
      return `${location.host}${path}`;
    case 'default-port':
      return `${location.protocol}//${location.hostname}${path}`;
    case 'extra-query': {
      location.searchParams.append('_nouploadcache', 'false');
      return location.href;
    }
  }
}
