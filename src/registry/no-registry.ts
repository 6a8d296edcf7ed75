import { ModelcarError } from '../core/error.ts';
import { presentable } from '../http/presentable.ts';
import { type HttpResponse, readText, type Transport } from '../http/transport.ts';

/** An answer that only a web server gives: HTML, without a header of a registry. */
export interface WebPage {
  readonly status: number;
  /** `404 (text/html)` */
  readonly text: string;
}

/** Where a repository is, and what has just answered. */
export interface Routes {
  readonly host: string;
  /** `…/v2/` */
  readonly root: string;
  readonly repository: string;
  readonly api: Transport;
}

/** What a web server answers at a route that it does not have. */
const NO_ROUTE: ReadonlySet<number> = new Set([404, 405, 410, 501]);

/** Quay answers `true` as `text/html`: only the body shows a page. */
export function webPageIn(response: HttpResponse, body: string): WebPage | undefined {
  const { status, headers } = response;
  const isRegistry =
    headers['docker-distribution-api-version'] !== undefined ||
    headers['docker-content-digest'] !== undefined;
  return isRegistry || !/^\s*</.test(body) ? undefined : { status, text: answerText(response) };
}

/**
 * Decides about a page that came from the root or the repository. A success that is a page is no registry's. Some proxies
 * know only one of the two routes and answer 404 to the other, so a missing route is decided by the other one.
 * @throws ModelcarError `UNSUPPORTED`
 */
export async function refuseWebServer(
  page: WebPage | undefined,
  from: 'root' | 'repository',
  { host, root, repository, api }: Routes,
  signal: AbortSignal,
): Promise<void> {
  if (page === undefined || !isForeign(page)) return;
  if (page.status >= 300) {
    const url = from === 'root' ? `${repository}/tags/list?n=1` : root;
    const response = await api({ method: 'GET', url, signal });
    const other = webPageIn(response, await readText(response).catch(() => ''));
    if (other === undefined || !isForeign(other)) return;
  }
  throw noRegistryError(host, page.text);
}

/** @param answer what it answered: `200 (text/html)` */
export function noRegistryError(host: string, answer: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `${host} does not answer like a registry: ${answer}`, {
    hint: 'Check the host and the port: a registry answers at /v2/, and something else answers here.',
  });
}

export function answerText(response: HttpResponse): string {
  const type = response.headers['content-type']?.split(';')[0]?.trim();
  return `${response.status} (${type ? presentable(type, response) : 'no content type'})`;
}

function isForeign({ status }: WebPage): boolean {
  return status < 300 || NO_ROUTE.has(status);
}
