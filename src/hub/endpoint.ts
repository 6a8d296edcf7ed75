import { ModelcarError } from '../core/error.ts';
import type { Commit, ModelId } from '../core/model.ts';
import { withoutQuery } from '../http/origin.ts';
import { type Redacting, shownUrl } from '../http/presentable.ts';
import { resolveVerbatim } from '../http/redirect.ts';

/** URLs of a Hub. Its endpoint may have a path: Artifactory, Nexus and CSGHub put theirs below one. */
export interface HubEndpoint {
  readonly url: string;
  revision(id: ModelId, revision: string): string;
  tree(id: ModelId, revision: string): string;
  /** The branches and tags. */
  refs(id: ModelId): string;
  /** The model with its files, all in one answer. */
  description(id: ModelId, revision: string): string;
  /**
   * The page of a listing that follows `page`, from a `Link` that may name another host than the one we asked.
   * @throws ModelcarError `UNSUPPORTED` where there is one that we cannot ask for: half a listing must not pass for all
   */
  nextPage(link: string | undefined, page: string, answer: Redacting): string | undefined;
  file(id: ModelId, revision: string, path: string): string;
  /** The page of the model, for people. */
  page(id: ModelId): string;
}

/**
 * @throws ModelcarError `USAGE` unless `text` is an http(s) URL without query, fragment and credentials. The message never
 *   repeats a text with an @: a slash in a password changes how the URL parses
 */
export function parseHubEndpoint(text: string): HubEndpoint {
  if (text.includes('@')) {
    throw new ModelcarError(
      'USAGE',
      'the endpoint of the Hub (HF_ENDPOINT) contains a user name or password',
      {
        hint: 'Give a URL such as https://huggingface.co, without an @, and pass the token separately.',
      },
    );
  }
  // The parser ignores a lone `?`, but it would turn the paths that we append into a query.
  if (/[?#]/.test(text)) {
    throw new ModelcarError(
      'USAGE',
      `the endpoint of the Hub (HF_ENDPOINT) has a query or a fragment: ${withoutQuery(text)}…`,
      {
        hint: 'Give a URL such as https://huggingface.co, without a ? or #.',
      },
    );
  }
  const valid = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  const parts = valid ? new URL(text) : undefined;
  if (parts === undefined) {
    throw new ModelcarError('USAGE', `"${withoutQuery(text)}" (HF_ENDPOINT) is not the endpoint of a Hub`, {
      hint: 'Give a URL such as https://huggingface.co, with a path if the Hub has one.',
    });
  }
  const url = parts.href.replace(/\/+$/, '');
  const revisionUrl = (id: ModelId, revision: string) =>
    `${url}/api/${api(id)}/revision/${encodeURIComponent(revision)}`;
  return {
    url,
    revision: revisionUrl,
    refs: (id) => `${url}/api/${api(id)}/refs`,
    description: (id, revision) => `${revisionUrl(id, revision)}?blobs=true`,
    tree: (id, revision) => `${url}/api/${api(id)}/tree/${encodeURIComponent(revision)}?recursive=true`,
    nextPage(link, page, answer) {
      const next = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/.exec(link ?? '')?.[1];
      if (next === undefined) return undefined;
      // The path of an endpoint may have an /api/ of its own: Artifactory's is api/huggingfaceml/models.
      const path = /^[^?#]*?(\/api\/(?:models|datasets)\/.*)/s.exec(resolveVerbatim(page, next))?.[1];
      if (path !== undefined) return url + path;
      const where = `${shownUrl(page, answer)} goes on at ${shownUrl(next, answer)}`;
      throw new ModelcarError('UNSUPPORTED', `the listing ${where}: not a page of the Hub's API`, {
        hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.',
      });
    },
    file(id, revision, path) {
      // Half a surrogate pair cannot be encoded; the plan refuses such a name later, and says why.
      const encoded = path.toWellFormed().split('/').map(encodeURIComponent).join('/');
      return `${page(id)}/resolve/${encodeURIComponent(revision)}/${encoded}`;
    },
    page,
  };

  function page(id: ModelId): string {
    return `${url}/${id.type === 'dataset' ? 'datasets/' : ''}${id.name}`;
  }
}

/** Whether `url` is the one of a file at a Hub, whichever Hub it is: not the storage that it redirects to. */
export function isFileUrl(url: string, commit: Commit): boolean {
  return withoutQuery(url).includes(`/resolve/${commit}/`);
}

function api(id: ModelId): string {
  return `${id.type}s/${id.name}`;
}
