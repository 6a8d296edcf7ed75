import { originOf } from '../http/origin.ts';

/**
 * Where a list goes on, from its `Link` header (RFC 8288; OCI distribution-spec, "Listing Tags"); undefined at its end.
 * Registries behind a proxy name a host or a scheme that they do not have from here, so path and query alone count:
 * the next request, with its authorization, stays where this one went.
 *
 * @param url what was asked
 */
export function nextPage(url: string, link: string | undefined): string | undefined {
  for (const [, target = '', parameters = ''] of (link ?? '').matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (!isNext(parameters) || !URL.canParse(target, url)) continue;
    const { pathname, search } = new URL(target, url);
    return `${originOf(url)}${pathname}${search}`;
  }
  return undefined;
}

/** `rel` holds a list of words, quoted or not. */
function isNext(parameters: string): boolean {
  const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters) ?? [];
  return (quoted ?? bare ?? '').toLowerCase().split(/\s+/).includes('next');
}
