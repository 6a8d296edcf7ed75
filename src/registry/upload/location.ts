import type { Digest } from '../../core/digest.ts';
import { ModelcarError } from '../../core/error.ts';
import { keepTls, originOf, withoutQuery } from '../../http/origin.ts';
import { presentable, type Redacting } from '../../http/presentable.ts';
import { resolveVerbatim } from '../../http/redirect.ts';

/**
 * The URL to go on with, from a `Location` as registries really write it: absolute or relative, without a scheme, or
 * with the http of a registry that does not know of the TLS in front of it. The query is state; it stays as it is.
 *
 * @param base the URL that was asked
 * @param answer the answer that carries the `Location`
 * @throws ModelcarError `UNSUPPORTED` where the upload would leave http(s) or lose its TLS
 */
export function resolveLocation(base: string, location: string, answer: Redacting): string {
  const named = { base, location, answer };
  // A fragment never goes over the wire, and would take a digest behind it along.
  const sent = location.replace(/#.*$/s, '');
  const url = keepTls(base, resolveVerbatim(base, withScheme(base, sent)));
  if (!URL.canParse(url)) throw refused(named, 'it is not a URL');
  if (originOf(url) === originOf(base)) return url;
  const { protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw refused(named, 'it leaves HTTP');
  if (base.startsWith('https:') && protocol === 'http:') throw refused(named, 'it leaves TLS');
  return url;
}

/** `location` with the digest that commits the session. */
export function withDigest(location: string, digest: Digest): string {
  // A redirect of the commit has it already.
  if (/[?&]digest=/.test(location)) return location;
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}

/** `registry.example/v2/…`, seen in the wild: the first component is our host, so a scheme is what is missing. */
function withScheme(base: string, location: string): string {
  const { host, protocol } = new URL(base);
  return location.startsWith(`${host}/`) ? `${protocol}//${location}` : location;
}

interface Named {
  readonly base: string;
  readonly location: string;
  readonly answer: Redacting;
}

function refused({ base, location, answer }: Named, reason: string): ModelcarError {
  const shown = (url: string) => presentable(withoutQuery(url), answer);
  return new ModelcarError(
    'UNSUPPORTED',
    `${shown(base)} sends the upload to ${shown(location)}: ${reason}`,
    { hint: 'Check the external URL that the registry or the proxy in front of it is configured with.' },
  );
}
