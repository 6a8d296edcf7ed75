import { originOf } from '../../http/origin.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../http/transport.ts';

/** More than load balancers need; what comes beyond is not kept. */
const MOST_COOKIES = 20;
const LONGEST_COOKIE = 4096;

/**
 * Gives back the cookies that the registry sets while one blob is uploaded: a load balancer finds the node that holds
 * the session by them. They go to the origin that set them, and end with the upload.
 */
export function withSessionCookies(origin: string, transport: Transport): Transport {
  const jar = new Map<string, string>();
  return async (request) => {
    if (originOf(request.url) !== origin) return transport(request);
    const response = await transport(jar.size === 0 ? request : withCookies(request, jar));
    keep(response, jar);
    return response;
  };
}

function withCookies(request: HttpRequest, jar: ReadonlyMap<string, string>): HttpRequest {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return { ...request, headers: { ...request.headers, cookie } };
}

/** RFC 6265, section 4.1.1; the attributes are for browsers. */
function keep({ headers }: HttpResponse, jar: Map<string, string>): void {
  for (const line of headers['set-cookie']?.split('\n') ?? []) {
    const match =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e"]*)(?:\s*;|\s*$)/.exec(line);
    const [, name, value = ''] = match ?? [];
    if (name === undefined || name.length + value.length > LONGEST_COOKIE) continue;
    if (jar.has(name) || jar.size < MOST_COOKIES) jar.set(name, value);
  }
}
