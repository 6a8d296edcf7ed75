import { gzipSync } from 'node:zlib';
import { refuse } from './auth.ts';
import { memorySource, readAll } from './byte-source.ts';
import { type FileIdentity, type HubFile, identify, type LfsIdentity } from './content.ts';
import { fileReply, jsonReply, NO_BODY, type Reply, textReply } from './reply.ts';
import type { Commit, Repo } from './repo-graph.ts';
import type { NamedRepo } from './route.ts';
import type { HubRequest, HubState } from './state.ts';

interface FileRoute {
  readonly repo: NamedRepo;
  readonly revision: string;
  readonly path: string;
}

const XET_FILE_INFO = 'application/vnd.xet-fileinfo+json';

export async function resolveReply(
  state: HubState,
  route: FileRoute,
  request: HubRequest,
  { repo, commit }: { repo: Repo; commit: Commit },
): Promise<Reply> {
  const file = commit.files.get(route.path);
  if (!file) return missingEntry(commit);
  const identity = await identify(file);
  const headers = resolveHeaders(commit, route.path, request);
  const etag = etagOf(state, identity);
  if (request.ifNoneMatch?.includes(etag)) {
    return { status: 304, headers: { ...headers, ETag: etag }, body: NO_BODY };
  }
  const lfs = identity.storage === 'lfs';
  const linked = lfs ? { ...headers, ...linkedHeaders(state, repo, commit, identity) } : headers;
  if (lfs && state.knobs.xet && request.accept.includes(XET_FILE_INFO)) {
    return xetFileInfo(state, repo, commit, identity, linked);
  }
  if (file.direct || state.knobs.direct({ method: request.method, lfs })) {
    const type = { 'Content-Type': typeOf(route.path) };
    return fileReply(file.source, request.range, { ...linked, ...type, ETag: etag });
  }
  if (!lfs) return toResolveCache(state, route, request, { ...headers, etag }, commit.sha);
  const location = mintLocation(state, { repo, path: route.path, file, identity }, request);
  return textReply(302, `Found. Redirecting to ${location}`, { ...linked, Location: location });
}

function etagOf(state: HubState, identity: FileIdentity): string {
  const sha256 = identity.storage === 'lfs' && state.knobs.directEtag === 'sha256';
  return sha256 ? `"${identity.sha256}"` : `"${identity.blobId}"`;
}

function missingEntry(commit: Commit): Reply {
  const refusal = { status: 404, code: 'EntryNotFound', message: 'Entry not found' };
  return refuse({ ...refusal, headers: { 'X-Repo-Commit': commit.sha } }, 'text');
}

const WARNING =
  'unauthenticated; Warning: You are sending unauthenticated requests to the HF Hub. ' +
  'Please set a HF_TOKEN to enable higher rate limits and faster downloads.';

function resolveHeaders(commit: Commit, path: string, request: HubRequest): Record<string, string> {
  return {
    'X-Repo-Commit': commit.sha,
    'Accept-Ranges': 'bytes',
    'Content-Disposition': dispositionOf(path, request.query.has('download') ? 'attachment' : 'inline'),
    'Content-Security-Policy': "default-src 'none'; sandbox",
    ...(request.caller.kind === 'anonymous' ? { 'X-HF-Warning': WARNING } : {}),
  };
}

function dispositionOf(path: string, kind: 'inline' | 'attachment'): string {
  const name = path.split('/').at(-1) ?? path;
  const ascii = name.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll('"', '\\"');
  return `${kind}; filename*=UTF-8''${encodeURIComponent(name)}; filename="${ascii}";`;
}

/** Nested paths stand in the Location with `%2F`, and the original target is its first query parameter. */
function toResolveCache(
  state: HubState,
  { repo, path }: FileRoute,
  request: HubRequest,
  { etag, ...headers }: Record<string, string>,
  sha: string,
): Reply {
  const pathname = request.target.split('?', 1)[0] ?? '';
  const query = `${encodeURIComponent(pathname)}=&etag=${encodeURIComponent(etag ?? '')}`;
  const location =
    `${state.pathPrefix}/api/resolve-cache/${repo.type}s/${repo.id}/${sha}/` +
    `${encodeURIComponent(path)}?${query}`;
  return textReply(307, `Temporary Redirect. Redirecting to ${location}`, {
    ...headers,
    'X-Hub-Cache': 'MISS',
    Location: location,
  });
}

function linkedHeaders(
  state: HubState,
  repo: Repo,
  commit: Commit,
  file: LfsIdentity,
): Record<string, string> {
  const linked = { 'X-Linked-Size': `${file.size}`, 'X-Linked-ETag': `"${file.sha256}"` };
  if (!state.knobs.xet) return linked;
  const tokenUrl = `${state.endpoint}/api/${repo.type}s/${repo.id}/xet-read-token/${commit.sha}`;
  const reconstruction = `${state.endpoint}/cas/v1/reconstructions/${file.xetHash}`;
  return {
    ...linked,
    'X-Xet-Hash': file.xetHash,
    Link: `<${tokenUrl}>; rel="xet-auth", <${reconstruction}>; rel="xet-reconstruction-info"`,
  };
}

function xetFileInfo(
  state: HubState,
  repo: Repo,
  commit: Commit,
  identity: LfsIdentity,
  headers: Record<string, string>,
): Reply {
  const info = {
    hash: identity.xetHash,
    refreshUrl: `${state.endpoint}/api/${repo.type}s/${repo.id}/xet-read-token/${commit.sha}`,
    reconstructionUrl: `${state.endpoint}/cas/v1/reconstructions/${identity.xetHash}`,
    etag: `"${identity.sha256}"`,
    size: identity.size,
  };
  return jsonReply(200, info, { ...headers, 'Content-Type': XET_FILE_INFO, ETag: `"${identity.sha256}"` });
}

function mintLocation(
  state: HubState,
  { repo, path, file, identity }: { repo: Repo; path: string; file: HubFile; identity: LfsIdentity },
  request: HubRequest,
): string {
  const { knobs } = state;
  const knownKey = knobs.unknownKeyMints === 0;
  if (!knownKey) knobs.unknownKeyMints -= 1;
  const origin = knobs.cdnOrigin ?? state.cdnOrigins[state.mints % state.cdnOrigins.length] ?? '';
  state.mints += 1;
  return state.signer.mint({
    file: {
      repo: repo.id,
      path,
      source: file.source,
      xetHash: identity.xetHash,
      objectId: repo.objectId,
      contentDisposition: dispositionOf(path, request.query.has('download') ? 'attachment' : 'inline'),
    },
    nowMs: state.nowMs(),
    lifeSeconds: knobs.urlLifeSeconds,
    range: knobs.rangeBound ? request.range : undefined,
    bare: knobs.bareUrls,
    origin,
    knownKey,
    oddEscapes: knobs.oddEscapes,
  });
}

/** Where a git-stored file's bytes come from; small text is compressed on the fly unless asked not to. */
export async function resolveCacheReply(
  { path }: FileRoute,
  request: HubRequest,
  commit: Commit,
): Promise<Reply> {
  const file = commit.files.get(path);
  if (!file || file.lfs) return missingEntry(commit);
  const { blobId } = await identify(file);
  const headers: Record<string, string> = {
    ...resolveHeaders(commit, path, request),
    ETag: `"${blobId}"`,
    'Content-Type': typeOf(path),
    'Cache-Control': 'public, max-age=31536000, immutable',
  };
  const compress = request.range === undefined && request.acceptEncoding.includes('gzip');
  if (!compress || file.source.size === 0) return fileReply(file.source, request.range, headers);
  const { 'Accept-Ranges': dropped, ...rest } = headers;
  return {
    status: 200,
    headers: { ...rest, ETag: `W/"${blobId}"`, 'Content-Encoding': 'gzip' },
    body: memorySource(gzipSync(readAll(file.source))),
  };
}

/** The blob git holds: the content, or for LFS files the pointer. */
export async function rawReply({ path }: FileRoute, commit: Commit): Promise<Reply> {
  const file = commit.files.get(path);
  if (!file) return missingEntry(commit);
  const identity = await identify(file);
  const source = identity.storage === 'lfs' ? memorySource(Buffer.from(identity.pointer)) : file.source;
  const headers = { 'X-Repo-Commit': commit.sha, ETag: `"${identity.blobId}"` };
  return fileReply(source, undefined, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
}

function typeOf(path: string): string {
  if (path.endsWith('.json')) return 'application/json; charset=utf-8';
  return /\.(md|txt|jinja|py)$|LICENSE$|\.gitattributes$/.test(path)
    ? 'text/plain; charset=utf-8'
    : 'application/octet-stream';
}
