import { headerOf, jsonReply, type Reply, textReply, withHeaders, withoutHeaders } from './reply.ts';
import type { Route, RouteClass } from './route.ts';
import type { HubRequest, Knobs } from './state.ts';

/** Mirrors and proxies that speak the Hub's protocol with an accent; each is known from its own issue tracker. */
export type Persona = 'artifactory' | 'nexus' | 'csghub' | 'hfd' | 'olah' | 'hf-mirror';

export interface Traits {
  readonly pathPrefix?: string;
  readonly knobs?: Partial<Knobs>;
  /** What it answers without looking at the repository. */
  readonly instead?: (route: Route, request: HubRequest) => Reply | undefined;
  readonly alter?: (reply: Reply, route: Route) => Reply;
}

const HUGGING_FACE = 'https://huggingface.co';
const everything = (): boolean => true;

export const PERSONAS: Readonly<Record<Persona, Traits>> = {
  // huggingface_hub#1796 (no X-Repo-Commit), text-embeddings-inference#895 (no Content-Range), huggingface_hub#2974.
  artifactory: {
    pathPrefix: '/artifactory/api/huggingfaceml/models',
    knobs: { direct: everything },
    instead: (route, { query }) =>
      route.name === 'info' && (query.has('expand') || query.has('expand[]')) ? notServed(404) : undefined,
    alter: (reply) => withoutHeaders(reply, ['X-Repo-Commit', 'Content-Range']),
  },
  // nexus-public#1071: a handful of routes, 400 for the rest.
  nexus: {
    pathPrefix: '/repository/hugging-face',
    knobs: { direct: everything, xet: false },
    instead: only(['info', 'tree', 'resolve'], 400),
  },
  // Its HEAD is a 200; its ETag is a git sha1 even in LFS, and its X-Xet-Hash is the sha256 (api/handler/repo.go).
  csghub: {
    pathPrefix: '/hf',
    knobs: { direct: ({ method, lfs }) => method === 'HEAD' || !lfs, directEtag: 'blob' },
    instead: (route) =>
      route.name === 'paths-info' && route.repo.type !== 'dataset' ? notServed(404) : undefined,
    alter: (reply, route) => withoutCode(route.name === 'resolve' ? withCsghubHashes(reply) : reply),
  },
  // A listing in one piece, no codes, no Xet; a revision it cannot find is its own failure.
  hfd: {
    knobs: { direct: everything, xet: false, pageSize: Number.POSITIVE_INFINITY },
    instead: only(['info', 'tree', 'refs', 'resolve', 'resolve-cache', 'whoami'], 404),
    alter: (reply) =>
      headerOf(reply, 'X-Error-Code') === 'RevisionNotFound'
        ? jsonReply(500, { error: 'reference not found' })
        : withoutCode(reply),
  },
  // Follows redirects itself, replays the Link of upstream, and says RepoNotFound with a 401.
  olah: {
    knobs: { direct: everything, publicOrigin: HUGGING_FACE },
    alter: (reply) =>
      headerOf(reply, 'X-Error-Code') === 'RepoNotFound' ? { ...reply, status: 401 } : reply,
  },
  // hf-mirror-site#65 (Link), #31 (no Content-Length), hf-hub#132 (no Content-Range). For a visitor from abroad,
  // whom it sends to the Hub with a 308, there is the knob `movedTo`.
  'hf-mirror': {
    knobs: { publicOrigin: HUGGING_FACE },
    alter: (reply) => withoutHeaders(reply, ['Content-Length', 'Content-Range']),
  },
};

function only(served: readonly RouteClass[], status: number): (route: Route) => Reply | undefined {
  return (route) => (served.includes(route.name) ? undefined : notServed(status));
}

function notServed(status: number): Reply {
  return textReply(status, 'Unsupported request');
}

function withoutCode(reply: Reply): Reply {
  return withoutHeaders(reply, ['X-Error-Code', 'X-Error-Message']);
}

function withCsghubHashes(reply: Reply): Reply {
  const sha256 = headerOf(reply, 'X-Linked-ETag')?.replaceAll('"', '');
  if (sha256 === undefined) return reply;
  const bare = withoutHeaders(reply, ['X-Linked-ETag', 'X-Linked-Size', 'Link']);
  return withHeaders(bare, { 'X-Xet-Hash': sha256, 'X-Xet-Refresh-Route': '/xet/refresh' });
}
