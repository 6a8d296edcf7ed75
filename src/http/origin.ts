/** `scheme://host[:port]` with the default port left out, for comparing; credentials never leave their origin. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/**
 * A server behind a TLS proxy often names its own host with `http:`. Use its https origin instead, with its port: the port
 * in such a URL is usually the one behind the proxy.
 *
 * @param base the URL that we asked
 * @param url what the server named; unchanged, character by character, unless it is `http:` on the same host as an https `base`
 */
export function keepTls(base: string, url: string): string {
  if (!base.startsWith('https:') || !URL.canParse(url)) return url;
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' || hostname !== new URL(base).hostname) return url;
  return url.replace(/^[^/]*\/\/[^/?#]*/, originOf(base));
}

/** Whether requests to this URL cross a network without TLS. */
export function isPlainAndRemote(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^((.+\.)?localhost\.?|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * The URL as messages show it, without query, fragment and userinfo. A query may carry a signature or a session's state,
 * and some servers write a password in front of the host.
 *
 * The URL parser decides what is userinfo: it reads `https:/u:p@h`, `https:u:p@h` and `\\u:p@h` like `https://u:p@h`.
 */
export function withoutQuery(url: string): string {
  const isAbsolute = URL.canParse(url);
  const isRelative = !isAbsolute && !/^[^\\/]*:/.test(url);
  const base = isRelative ? 'https://base.invalid' : undefined;
  if (!URL.canParse(url, base)) return url.includes('@') ? '…' : beforeQuery(url);
  const { protocol, username, password, host, pathname } = new URL(url, base);
  if (username + password !== '') return `${isAbsolute ? protocol : ''}//…@${host}${pathname}`;
  // The parser reads text without a slash as a path, but a server may mean `user:password@host`.
  const isOpaque = !pathname.startsWith('/');
  return isOpaque && url.includes('@') ? `${protocol}…` : beforeQuery(url);
}

function beforeQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
