import type { ModelcarError } from '../core/error.ts';
import {
  type Commit,
  formatModelId,
  isCommit,
  type ModelId,
  type ResolvedModel,
  type Sibling,
} from '../core/model.ts';
import { shownUrl } from '../http/presentable.ts';
import { isRedirect, redirectTarget } from '../http/redirect.ts';
import { discard, type HttpResponse, readText } from '../http/transport.ts';
import { isFileUrl } from './endpoint.ts';
import { type HubClient, PAGE_LIMIT } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import { listSiblings } from './list-siblings.ts';
import { requireJson } from './no-hub.ts';
import { parseCommit } from './wire.ts';

const HOPS = 10;

/**
 * Revision → commit, once; then the files at that commit; then one file is asked for, so that a gate
 * shows before the first upload is opened.
 */
export async function resolveModel(
  id: ModelId,
  revision: string,
  hub: HubClient,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const commit = isCommit(revision) ? revision : await resolveCommit(id, revision, hub, signal);
  const siblings = await listSiblings({ id, commit, hub, isFirst: commit === revision }, signal);
  const file = siblings.find(({ oid }) => oid.algorithm === 'sha256') ?? siblings[0];
  if (file !== undefined) await askForAccess(id, commit, file, hub, signal);
  return { id, revision, commit, siblings };
}

async function resolveCommit(
  id: ModelId,
  revision: string,
  hub: HubClient,
  signal: AbortSignal,
): Promise<Commit> {
  const url = hub.endpoint.revision(id, revision);
  const response = await hub.api({ method: 'GET', url, signal });
  if (response.status !== 200)
    throw await asError(`find ${formatModelId(id)}@${revision}`, response, id, revision, hub, true);
  const body = await readText(response, PAGE_LIMIT);
  requireJson(response, body, { id, endpoint: hub.endpoint });
  return parseCommit(body, shownUrl(url, response));
}

/** The listing of a gated model is public, its files are not. */
async function askForAccess(
  id: ModelId,
  commit: Commit,
  { path }: Sibling,
  hub: HubClient,
  signal: AbortSignal,
): Promise<void> {
  let url = hub.endpoint.file(id, commit, path);
  let redirectedFrom: string | undefined;
  // A renamed model redirects to the file of its new name; what leads elsewhere leads to the bytes.
  for (let hops = 0; hops < HOPS && isFileUrl(url, commit); hops += 1) {
    const response = await hub.ask({ method: 'HEAD', url, redirectedFrom, signal });
    // Only a refusal is of interest: a mirror that does not answer HEAD is for the download to see to.
    if (response.status === 401 || response.status === 403) {
      throw await asError(`read ${path} of ${formatModelId(id)}`, response, id, commit, hub);
    }
    await discard(response);
    const { location } = response.headers;
    if (!isRedirect(response) || location === undefined) return;
    [url, redirectedFrom] = [redirectTarget(url, location, response), url];
  }
}

function asError(
  what: string,
  response: HttpResponse,
  id: ModelId,
  revision: string,
  hub: HubClient,
  isFirst: boolean = false,
): Promise<ModelcarError> {
  const { endpoint, token } = hub;
  return hubError(response, { what, id, revision, endpoint, token, isFirst });
}
