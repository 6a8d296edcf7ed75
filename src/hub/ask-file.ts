import { ModelcarError } from '../core/error.ts';
import { type Commit, formatModelId, type ModelId, type Oid, type Sibling } from '../core/model.ts';
import { originOf } from '../http/origin.ts';
import { isRedirect, redirectTarget } from '../http/redirect.ts';
import { discard, type HttpResponse } from '../http/transport.ts';
import { isFileUrl } from './endpoint.ts';
import type { HubClient } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import type { ListedFile } from './wire.ts';

/** Which files, and of whom they are asked. */
export interface Listing {
  readonly id: ModelId;
  readonly commit: Commit;
  readonly hub: HubClient;
  /** The endpoint has not answered as a Hub yet. */
  readonly isFirst: boolean;
}

const HOPS = 10;

/**
 * What a listing leaves out, from the headers of the file. Storage is not asked: what it calls an ETag is a hash of
 * nothing that we know.
 *
 * @throws ModelcarError `UNSUPPORTED` where the headers do not say it either
 */
export async function askFile(file: ListedFile, listing: Listing, signal: AbortSignal): Promise<Sibling> {
  const { id, commit, hub } = listing;
  const { path } = file;
  let { size, oid } = file;
  let url: string | undefined = hub.endpoint.file(id, commit, path);
  let redirectedFrom: string | undefined;
  for (let hops = 0; hops < HOPS && url !== undefined; hops += 1) {
    const response = await hub.ask({ method: 'HEAD', url, redirectedFrom, signal });
    if (response.status >= 400 && !NO_HEAD.has(response.status))
      throw await fileError(response, path, listing);
    await discard(response);
    size ??= sizeOf(response);
    oid ??= oidOf(response, file);
    if (size !== undefined && oid !== undefined) return { path, size, oid };
    [url, redirectedFrom] = [onwards(url, response, commit), url];
  }
  const missing = size === undefined ? 'size' : 'hash';
  throw new ModelcarError(
    'UNSUPPORTED',
    `cannot push ${path} of ${formatModelId(id)}: the Hub gives no ${missing} for it`,
    {
      hint: 'What cannot be checked is not pushed: leave the file out, or take another mirror or the Hub itself.',
    },
  );
}

/** A mirror that does not answer HEAD says nothing about the file by that. */
const NO_HEAD: ReadonlySet<number> = new Set([400, 405, 501]);

/** Only as far as it is a Hub that answers: the one that was asked, or the one behind a mirror. */
function onwards(from: string, response: HttpResponse, commit: string): string | undefined {
  const { location } = response.headers;
  if (!isRedirect(response) || location === undefined) return undefined;
  const target = redirectTarget(from, location, response);
  return isFileUrl(target, commit) || originOf(target) === originOf(from) ? target : undefined;
}

function sizeOf({ status, headers }: HttpResponse): number | undefined {
  const text = headers['x-linked-size'] ?? (status === 200 ? headers['content-length'] : undefined);
  const size = /^\d+$/.test(text ?? '') ? Number(text) : undefined;
  return Number.isSafeInteger(size) ? size : undefined;
}

function oidOf({ status, headers }: HttpResponse, { lfs }: ListedFile): Oid | undefined {
  const tag = headers['x-linked-etag'] ?? (status === 200 ? headers.etag : undefined);
  const hex = tag?.replace(/^W\//, '').replaceAll('"', '') ?? '';
  if (/^[0-9a-f]{64}$/.test(hex)) return { algorithm: 'sha256', hex };
  // Of a file in LFS this would be the hash of its pointer.
  return /^[0-9a-f]{40}$/.test(hex) && !lfs ? { algorithm: 'git-sha1', hex } : undefined;
}

function fileError(
  response: HttpResponse,
  path: string,
  { id, commit, hub }: Listing,
): Promise<ModelcarError> {
  const { endpoint, token } = hub;
  const what = `read ${path} of ${formatModelId(id)}`;
  return hubError(response, { what, id, revision: commit, endpoint, token });
}
