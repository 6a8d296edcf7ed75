/** `scheme://host[:port]` with the default port left out, for comparing; credentials never leave their origin. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/** Whether what is sent there in clear crosses a network. */
export function isPlainAndRemote(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^((.+\.)?localhost\.?|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * The URL as messages show it, without query, fragment and userinfo: a query may carry a signature or a session's state,
 * both as good as a password, and some servers write a password in front of the host.
 *
 * What is userinfo is for the URL parser to say: it reads `https:/u:p@h`, `https:u:p@h` and `\\u:p@h` like `https://u:p@h`.
 */
export function withoutQuery(url: string): string {
  const isAbsolute = URL.canParse(url);
  const isRelative = !isAbsolute && !/^[^\\/]*:/.test(url);
  const base = isRelative ? 'https://base.invalid' : undefined;
  if (!URL.canParse(url, base)) return url.includes('@') ? '…' : beforeQuery(url);
  const { protocol, username, password, host, pathname } = new URL(url, base);
  if (username + password !== '') return `${isAbsolute ? protocol : ''}//…@${host}${pathname}`;
  // Without a slash it is a path only for the parser: a server may mean `user:password@host` by it.
  const isOpaque = !pathname.startsWith('/');
  return isOpaque && url.includes('@') ? `${protocol}…` : beforeQuery(url);
}

function beforeQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
