import { ModelcarError } from '../core/error.ts';
import { keepTls, originOf } from './origin.ts';
import { type Redacting, shownUrl } from './presentable.ts';
import { canRepeat, discard, type HttpRequest, type HttpResponse, type Wrapper } from './transport.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(response: HttpResponse): boolean {
  return REDIRECTS.has(response.status) && response.headers.location !== undefined;
}

/**
 * The target of a redirect, exactly as the server wrote it: a signed URL must not be re-encoded. Only `http:` on the host
 * of an https URL becomes https.
 * @throws ModelcarError `UNSUPPORTED` if it goes from https to http on another host, or to another scheme
 */
export function redirectTarget(from: string, location: string, answer: Redacting): string {
  const target = keepTls(from, resolveVerbatim(from, location));
  const scheme = URL.canParse(target) ? new URL(target).protocol : undefined;
  const plain = scheme === 'http:' && new URL(from).protocol === 'http:';
  if (scheme !== 'https:' && !plain) {
    throw new ModelcarError(
      'UNSUPPORTED',
      `${shownUrl(from, answer)} redirects to ${shownUrl(target, answer)}: not followed`,
      {
        hint: 'Only http and https are followed, and never from https to http: check the URL and the proxies on the way.',
      },
    );
  }
  return target;
}

/**
 * RFC 3986, section 5.2, but without normalising what is already absolute or begins with a slash. What is no URL, such as
 * `\\\\host:99999`, comes back as it is, and is none after that either.
 */
export function resolveVerbatim(base: string, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
  if (location.startsWith('//')) return base.slice(0, base.indexOf(':') + 1) + location;
  if (location.startsWith('/')) return originOf(base) + location;
  return URL.canParse(location, base) ? new URL(location, base).href : location;
}

/**
 * Follows redirects: of GET and HEAD any, since registries send blobs from storage elsewhere; of the others those that
 * keep the method (RFC 9110, section 15.4), where the body can be sent once more.
 */
export function withRedirects(limit: number): Wrapper {
  return (transport) =>
    async function following(request) {
      let { url, redirectedFrom } = request;
      for (let hops = 0; ; hops += 1) {
        const response = await transport({
          ...request,
          url,
          ...(redirectedFrom !== undefined && { redirectedFrom }),
        });
        const { location } = response.headers;
        if (!isRedirect(response) || location === undefined || !follows(request, response)) {
          return hops === 0 ? response : { ...response, url };
        }
        await discard(response);
        if (hops === limit) {
          throw new ModelcarError(
            'UNSUPPORTED',
            `${shownUrl(request.url, response)} redirects more than ${limit} times`,
            { hint: 'Check the URL, and what a proxy on the way makes of it.' },
          );
        }
        [url, redirectedFrom] = [redirectTarget(url, location, response), url];
      }
    };
}

function follows(request: HttpRequest, { status }: HttpResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  return canRepeat(request) && (status === 307 || status === 308);
}
