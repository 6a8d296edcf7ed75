/** `scheme://host[:port]` with the default port left out, for comparing; credentials never leave their origin. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/**
 * The URL as messages show it: a query may carry a signature or a session's state, both as good as a password, and some
 * servers write a password in front of the host.
 */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  const shown = end === -1 ? url : url.slice(0, end);
  return shown.replace(/^([a-z][a-z0-9+.-]*:)?[\\/]{2}[^\\/]*@/i, '$1//…@');
}
