import { infoReply, refsReply, whoamiReply, xetTokenReply } from './api-routes.ts';
import { BAD_CREDENTIALS, contentRefusal, hiddenRepo, maySee, type Refusal, refuse } from './auth.ts';
import { htmlReply, type Reply, redirectReply } from './reply.ts';
import { type Commit, commitAt, findRepo, type Repo } from './repo-graph.ts';
import { rawReply, resolveCacheReply, resolveReply } from './resolve-routes.ts';
import type { RepoRoute, Route, RouteClass } from './route.ts';
import type { HubRequest, HubState } from './state.ts';
import { pathsInfoReply, treeReply } from './tree-routes.ts';

const METHODS: Readonly<Record<RouteClass, readonly string[]>> = {
  info: ['GET', 'HEAD'],
  tree: ['GET', 'HEAD'],
  'paths-info': ['POST'],
  refs: ['GET', 'HEAD'],
  'xet-read-token': ['GET', 'HEAD'],
  resolve: ['GET', 'HEAD'],
  'resolve-cache': ['GET', 'HEAD'],
  raw: ['GET', 'HEAD'],
  whoami: ['GET', 'HEAD'],
  cdn: ['GET', 'HEAD'],
  page: ['GET', 'HEAD'],
};

/** The answer to one request, before common headers and faults: the Hub's, as the persona gives it. */
export async function answerHub(state: HubState, route: Route, request: HubRequest): Promise<Reply> {
  const { traits, knobs } = state;
  if (knobs.movedTo !== undefined) return redirectReply(308, knobs.movedTo + request.target);
  const reply = traits.instead?.(route, request) ?? (await answerRoute(state, route, request));
  return traits.alter?.(reply, route) ?? reply;
}

async function answerRoute(state: HubState, route: Route, request: HubRequest): Promise<Reply> {
  if (route.name === 'page' || !METHODS[route.name].includes(request.method)) return notFoundPage();
  if (route.name === 'whoami') return whoamiReply(request.caller);
  return answerRepo(state, route, request);
}

async function answerRepo(state: HubState, route: RepoRoute, request: HubRequest): Promise<Reply> {
  const { caller } = request;
  const form = isFileRoute(route) ? 'text' : 'json';
  const found = findRepo(state.repos, route.repo.type, route.repo.id);
  if (!found || !maySee(found.repo, caller)) return refuse(hiddenRepo(caller), form);
  const { repo } = found;
  if (caller.kind === 'stranger' && state.knobs.unknownToken === 'refused') {
    return refuse(BAD_CREDENTIALS, form);
  }
  // Renames are answered before the revision is looked at, hence without X-Repo-Commit.
  if (!found.canonical) {
    return redirectReply(307, state.pathPrefix + route.repo.before + repo.id + route.repo.after);
  }
  const refusal = isFileRoute(route) ? contentRefusal(repo, caller, state.endpoint) : undefined;
  if (refusal) return refuse(refusal, form);
  if (route.name === 'refs') return refsReply(repo, request.query);
  const revision = route.revision ?? 'main';
  const commit = commitAt(repo, revision);
  if (!commit) return refuse(unknownRevision(revision), form);
  return answerCommit(state, route, request, { repo, commit });
}

async function answerCommit(
  state: HubState,
  route: Exclude<RepoRoute, { name: 'refs' }>,
  request: HubRequest,
  at: { repo: Repo; commit: Commit },
): Promise<Reply> {
  switch (route.name) {
    case 'info':
      return infoReply(at.repo, at.commit, request.query);
    case 'xet-read-token':
      return xetTokenReply(state);
    case 'tree':
      return treeReply(state, route, request, at);
    case 'paths-info':
      return pathsInfoReply(state, request, at.commit);
    case 'resolve':
      return resolveReply(state, route, request, at);
    case 'resolve-cache':
      return resolveCacheReply(route, request, at.commit);
    case 'raw':
      return rawReply(route, at.commit);
  }
}

function isFileRoute(route: RepoRoute): boolean {
  return route.name === 'resolve' || route.name === 'resolve-cache' || route.name === 'raw';
}

function unknownRevision(revision: string): Refusal {
  return { status: 404, code: 'RevisionNotFound', message: `Invalid rev id: ${revision}` };
}

function notFoundPage(): Reply {
  return htmlReply(
    404,
    '<!DOCTYPE html><html><head><title>404 – Hugging Face</title></head><body><h1>404</h1>' +
      '<p>Sorry, we can’t find the page you are looking for.</p></body></html>',
  );
}
