import { ModelcarError } from '../core/error.ts';
import { formatModelId, type ModelId } from '../core/model.ts';
import { UnknownHost } from '../http/network-error.ts';
import { presentable, withStatus } from '../http/presentable.ts';
import type { HttpResponse } from '../http/transport.ts';
import type { HubEndpoint } from './endpoint.ts';
import { isJson, isRegistryError } from './wire.ts';

/** Answers of a server without the Hub's routes. */
const NO_ROUTE: ReadonlySet<number> = new Set([400, 404, 405, 410, 501]);

/** The Hub's own words, which mirrors repeat without its headers. */
const WORDS =
  /^(Invalid (username or password|credentials|rev id)|(Repository|Entry|Revision) not found|Access to )/i;

/**
 * Whether `HF_ENDPOINT` does not name a Hub but, for example, a registry or a path with a typo. Mirrors differ, so any sign
 * of a Hub counts: its headers, its words, or JSON that a registry would not send. A page is no sign.
 *
 * @param said the words of the answer
 */
export function isNoHub(
  { status, headers }: HttpResponse,
  body: string,
  said: string,
  endpoint: HubEndpoint,
): boolean {
  if (!isCustom(endpoint)) return false;
  if (headers['x-error-code'] !== undefined || headers['x-error-message'] !== undefined) return false;
  const isRegistry = headers['docker-distribution-api-version'] !== undefined || isRegistryError(body);
  if (isRegistry) return status >= 400 && status < 500 && status !== 429;
  return NO_ROUTE.has(status) && !isJson(body) && !WORDS.test(said);
}

export function noHubError(
  { status, redact }: HttpResponse,
  said: string,
  { id, endpoint }: { readonly id: ModelId; readonly endpoint: HubEndpoint },
): ModelcarError {
  const server = presentable(endpoint.url, { redact });
  return new ModelcarError(
    status === 404 ? 'NOT_FOUND' : 'UNSUPPORTED',
    `${server} (HF_ENDPOINT) does not answer like a Hugging Face Hub: ${withStatus(status, said)}`,
    { hint: `Check HF_ENDPOINT; if it names a mirror, check that it has ${formatModelId(id)}.` },
  );
}

/** @throws ModelcarError unless the body of a success is JSON, as the Hub's are */
export function requireJson(
  response: HttpResponse,
  body: string,
  asked: { readonly id: ModelId; readonly endpoint: HubEndpoint },
): void {
  if (isCustom(asked.endpoint) && !isJson(body))
    throw noHubError(response, 'with a page that is not JSON', asked);
}

/** The error for an endpoint whose host no name server knows; any other error as it is. */
export function unknownHubError(error: unknown, endpoint: HubEndpoint): unknown {
  if (!(error instanceof ModelcarError) || !(error.cause instanceof UnknownHost)) return error;
  if (!isCustom(endpoint) || error.cause.host !== new URL(endpoint.url).hostname) return error;
  return new ModelcarError(error.code, error.message, {
    hint: 'Check HF_ENDPOINT: its host has no address here.',
    cause: error.cause,
  });
}

/** For a hint: which Hub, where it is not the one that everybody knows. */
export function at(endpoint: HubEndpoint): string {
  return isCustom(endpoint) ? ` at ${endpoint.url} (HF_ENDPOINT)` : '';
}

function isCustom({ url }: HubEndpoint): boolean {
  return new URL(url).hostname !== 'huggingface.co';
}
