import { ModelcarError } from '../core/error.ts';
import type { ModelId } from '../core/model.ts';

/** URLs of a Hub. Its endpoint may have a path: Artifactory, Nexus and CSGHub put theirs below one. */
export interface HubEndpoint {
  readonly url: string;
  revision(id: ModelId, revision: string): string;
  tree(id: ModelId, revision: string): string;
  /** The next page of a listing, from a `Link` that may name another host than the one we asked. */
  nextPage(link: string): string | undefined;
  file(id: ModelId, revision: string, path: string): string;
  /** The page of the model, for people. */
  page(id: ModelId): string;
}

/** @throws ModelcarError `USAGE` unless `text` is an http(s) URL without query, fragment and credentials */
export function parseHubEndpoint(text: string): HubEndpoint {
  const valid = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  const parts = valid ? new URL(text) : undefined;
  if (parts === undefined || parts.search + parts.hash + parts.username + parts.password !== '') {
    throw new ModelcarError('USAGE', `"${text.replace(/\/\/[^/]*@/, '//…@')}" is not the endpoint of a Hub`, {
      hint: 'Give a URL such as https://huggingface.co, with a path if the Hub has one.',
    });
  }
  const url = parts.href.replace(/\/+$/, '');
  return {
    url,
    revision: (id, revision) => `${url}/api/${api(id)}/revision/${encodeURIComponent(revision)}`,
    tree: (id, revision) => `${url}/api/${api(id)}/tree/${encodeURIComponent(revision)}?recursive=true`,
    nextPage(link) {
      const next = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link)?.[1];
      const path = next?.slice(next.indexOf('/api/'));
      return path?.startsWith('/api/') ? url + path : undefined;
    },
    file(id, revision, path) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return `${page(id)}/resolve/${encodeURIComponent(revision)}/${encoded}`;
    },
    page,
  };

  function page(id: ModelId): string {
    return `${url}/${id.type === 'dataset' ? 'datasets/' : ''}${id.name}`;
  }
}

function api(id: ModelId): string {
  return `${id.type}s/${id.name}`;
}
