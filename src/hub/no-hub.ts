import { type ErrorCode, ModelcarError } from '../core/error.ts';
import { formatModelId, type ModelId } from '../core/model.ts';
import { presentable, withStatus } from '../http/presentable.ts';
import type { HttpResponse, Transport, Wrapper } from '../http/transport.ts';
import type { HubEndpoint } from './endpoint.ts';
import { isJson, isRegistryError } from './wire.ts';

/** Answers of a server without the Hub's routes. */
const NO_ROUTE: ReadonlySet<number> = new Set([400, 404, 405, 410, 501]);

/** With a page, what a web server or a firewall answers; a Hub says why in a header or in JSON. */
const NO_ACCESS: ReadonlySet<number> = new Set([401, 403]);

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
  if (NO_ACCESS.has(status)) return body.trimStart().startsWith('<');
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

/** Failures to reach a server; what the user forbade or stopped is none. */
const UNREACHED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_FOUND',
  'UNAUTHORIZED',
  'UNAVAILABLE',
  'UNSUPPORTED',
]);

/** Names `HF_ENDPOINT` in the error of a custom endpoint that has never answered: it may be misspelt. */
export function namingEndpoint(endpoint: HubEndpoint): {
  /** Notes the first answer. */
  readonly inner: Wrapper;
  readonly outer: Wrapper;
} {
  let hasAnswered = !isCustom(endpoint);
  const inner = (transport: Transport): Transport =>
    async function noting(request) {
      const response = await transport(request);
      hasAnswered = true;
      return response;
    };
  const outer = (transport: Transport): Transport =>
    async function naming(request) {
      try {
        return await transport(request);
      } catch (error) {
        if (hasAnswered || !(error instanceof ModelcarError) || !UNREACHED.has(error.code)) throw error;
        const { code, message, hint } = error;
        throw new ModelcarError(code, `cannot reach ${endpoint.url} (HF_ENDPOINT): ${message}`, {
          ...(hint !== undefined && { hint }),
          cause: error.cause ?? error,
        });
      }
    };
  return { inner, outer };
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

/** For a hint: names the Hub unless it is huggingface.co. */
export function at(endpoint: HubEndpoint): string {
  return isCustom(endpoint) ? ` at ${endpoint.url} (HF_ENDPOINT)` : '';
}

function isCustom({ url }: HubEndpoint): boolean {
  return new URL(url).hostname !== 'huggingface.co';
}
