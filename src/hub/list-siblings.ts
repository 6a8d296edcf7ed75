import { atOnce } from '../core/at-once.ts';
import { ModelcarError } from '../core/error.ts';
import { listingLimits } from '../core/listing-limits.ts';
import { formatModelId, type ModelId, type Sibling } from '../core/model.ts';
import { shownUrl } from '../http/presentable.ts';
import { type HttpResponse, readText } from '../http/transport.ts';
import { askFile, type Listing } from './ask-file.ts';
import { PAGE_LIMIT } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import { requireJson } from './no-hub.ts';
import { isJson, type ListedFile, parseSiblings, parseTreePage } from './wire.ts';

/** A page has up to 1000 entries; so few that this is not enough are no answer. */
const PAGES_LIMIT = 5_000;
/** For all pages together, with their URLs: some 512 bytes for each file that we accept. */
const ANSWERS_LIMIT_MIB = 128;

/** Questions about single files, where a listing leaves something out. */
const QUESTIONS_AT_ONCE = 4;

/**
 * The files of a model at a commit: from the tree, page by page; from the model's own description where a mirror has no
 * tree; and what neither says of a file, from the file itself.
 *
 * @throws ModelcarError `UNSUPPORTED` where there is no hash to be had for a file: what cannot be checked is not pushed
 */
export async function listSiblings(listing: Listing, signal: AbortSignal): Promise<readonly Sibling[]> {
  const files = (await listTree(listing, signal)) ?? (await listDescribed(listing, signal));
  return atOnce(files, QUESTIONS_AT_ONCE, signal, async (file, stop) => {
    const { path, size, oid } = file;
    return size !== undefined && oid !== undefined ? { path, size, oid } : askFile(file, listing, stop);
  });
}

/** Undefined where there is no such route. */
async function listTree(listing: Listing, signal: AbortSignal): Promise<readonly ListedFile[] | undefined> {
  const { id, commit, hub } = listing;
  const files: ListedFile[] = [];
  const excess = listingLimits();
  const seen = new Set<string>();
  let received = 0;
  for (let url: string | undefined = hub.endpoint.tree(id, commit); url !== undefined; ) {
    if (seen.has(url)) throw badListing(id, 'goes in a circle');
    if (seen.size === PAGES_LIMIT) throw badListing(id, `has more than ${PAGES_LIMIT} pages`);
    seen.add(url);
    const response: HttpResponse = await hub.api({ method: 'GET', url, signal });
    if (response.status !== 200) {
      const error = await listError(response, listing);
      if (isNoRoute(response, error)) return undefined;
      throw error;
    }
    const body = await readText(response, PAGE_LIMIT);
    if (!isJson(body)) return undefined;
    received += url.length + body.length;
    if (received > ANSWERS_LIMIT_MIB * 2 ** 20)
      throw badListing(id, `is longer than ${ANSWERS_LIMIT_MIB} MiB`);
    for (const file of parseTreePage(body, shownUrl(url, response))) {
      const wrong = excess(file.path);
      if (wrong !== undefined) throw badListing(id, wrong);
      files.push(file);
    }
    url = hub.endpoint.nextPage(response.headers.link, url, response);
  }
  return files;
}

function badListing(id: ModelId, what: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `the Hub's listing of ${formatModelId(id)} ${what}`, {
    hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.',
  });
}

/** What proxies answer to a route that they do not know. The Hub itself says in a header what it does not find. */
const NO_ROUTE: ReadonlySet<number> = new Set([400, 404, 405, 410, 501]);

function isNoRoute({ status, headers }: HttpResponse, { code }: ModelcarError): boolean {
  const named = headers['x-error-code'] !== undefined || code === 'REVISION_NOT_FOUND';
  return NO_ROUTE.has(status) && !named;
}

async function listDescribed(listing: Listing, signal: AbortSignal): Promise<readonly ListedFile[]> {
  const { id, commit, hub } = listing;
  const url = hub.endpoint.description(id, commit);
  const response = await hub.api({ method: 'GET', url, signal });
  if (response.status !== 200) throw await listError(response, listing);
  const body = await readText(response, PAGE_LIMIT);
  if (listing.isFirst) requireJson(response, body, { id, endpoint: hub.endpoint });
  const files = parseSiblings(body, shownUrl(url, response), commit);
  const excess = listingLimits();
  for (const { path } of files) {
    const wrong = excess(path);
    if (wrong !== undefined) throw badListing(id, wrong);
  }
  return files;
}

function listError(response: HttpResponse, { id, commit, hub, isFirst }: Listing): Promise<ModelcarError> {
  const { endpoint, token } = hub;
  const what = `list ${formatModelId(id)}`;
  return hubError(response, { what, id, revision: commit, endpoint, token, isFirst });
}
