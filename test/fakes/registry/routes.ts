/** What a request is about; faults and assertions name requests by this. */
export type PathClass =
  | 'ping'
  | 'token'
  | 'upload-post'
  | 'upload-patch'
  | 'upload-get'
  | 'upload-put'
  | 'upload-delete'
  | 'blob-head'
  | 'blob-get'
  | 'blob-delete'
  | 'manifest-head'
  | 'manifest-get'
  | 'manifest-put'
  | 'manifest-delete'
  | 'tags-get'
  | 'referrers-get'
  | 'other';

export interface Route {
  readonly pathClass: PathClass;
  readonly repository: string;
  /** Digest, tag or upload id, whichever the path ends in. */
  readonly reference: string;
  /** `POST …/uploads` without its trailing slash, which distribution 2.8 redirects. */
  readonly slashMissing?: true;
}

/** Which handler a request goes to. Unknown paths are `other`, which answers a plain 404. */
export function routeOf(method: string, url: URL): Route {
  const { pathname } = url;
  if (pathname === '/v2/' || pathname === '/v2') return { pathClass: 'ping', repository: '', reference: '' };
  if (pathname === '/token') return { pathClass: 'token', repository: '', reference: '' };
  for (const { pattern, verbs } of table) {
    const match = pattern.exec(pathname);
    const pathClass = match ? verbs[method] : undefined;
    if (!match || !pathClass) continue;
    const route: Route = { pathClass, repository: match[1] ?? '', reference: match[2] ?? '' };
    return pathClass === 'upload-post' && !pathname.endsWith('/') ? { ...route, slashMissing: true } : route;
  }
  return { pathClass: 'other', repository: '', reference: '' };
}

const session: Readonly<Record<string, PathClass>> = {
  GET: 'upload-get',
  HEAD: 'upload-get',
  PATCH: 'upload-patch',
  PUT: 'upload-put',
  DELETE: 'upload-delete',
};

/** A path of a repository, whose name is as the spec has it (distribution-spec, "Pulling manifests"). */
function named(rest: string): RegExp {
  const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
  return new RegExp(`^/v2/(${part}(?:/${part})*)${rest}$`);
}

const table: readonly { pattern: RegExp; verbs: Readonly<Record<string, PathClass>> }[] = [
  { pattern: named('/blobs/uploads/?'), verbs: { POST: 'upload-post' } },
  { pattern: named('/blobs/uploads/([^/]+)'), verbs: session },
  // Artifact Registry hands out upload addresses outside /v2/.
  { pattern: /^\/artifacts-uploads\/namespaces\/(.+)\/uploads\/([^/]+)$/, verbs: session },
  {
    pattern: named('/blobs/([a-z0-9+._-]+:[0-9a-fA-F]+)'),
    verbs: { HEAD: 'blob-head', GET: 'blob-get', DELETE: 'blob-delete' },
  },
  {
    pattern: named('/manifests/([^/]+)'),
    verbs: { HEAD: 'manifest-head', GET: 'manifest-get', PUT: 'manifest-put', DELETE: 'manifest-delete' },
  },
  { pattern: named('/tags/list'), verbs: { GET: 'tags-get' } },
  { pattern: named('/referrers/([^/]+)'), verbs: { GET: 'referrers-get' } },
];
