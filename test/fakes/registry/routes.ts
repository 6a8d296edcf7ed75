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

const table: readonly { pattern: RegExp; verbs: Readonly<Record<string, PathClass>> }[] = [
  { pattern: /^\/v2\/(.+)\/blobs\/uploads\/?$/, verbs: { POST: 'upload-post' } },
  { pattern: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, verbs: session },
  // Artifact Registry hands out upload addresses outside /v2/.
  { pattern: /^\/artifacts-uploads\/namespaces\/(.+)\/uploads\/([^/]+)$/, verbs: session },
  {
    pattern: /^\/v2\/(.+)\/blobs\/([a-z0-9+._-]+:[0-9a-fA-F]+)$/,
    verbs: { HEAD: 'blob-head', GET: 'blob-get', DELETE: 'blob-delete' },
  },
  {
    pattern: /^\/v2\/(.+)\/manifests\/([A-Za-z0-9_][A-Za-z0-9_.:+-]*)$/,
    verbs: { HEAD: 'manifest-head', GET: 'manifest-get', PUT: 'manifest-put', DELETE: 'manifest-delete' },
  },
  { pattern: /^\/v2\/(.+)\/tags\/list$/, verbs: { GET: 'tags-get' } },
  { pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/, verbs: { GET: 'referrers-get' } },
];
