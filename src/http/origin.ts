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

const PRIVATE_V4 = /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+$/;
/** With those that are IPv4 addresses in disguise: `::ffff:10.0.0.1`, `::10.0.0.1`, and NAT64's (RFC 6052). */
const PRIVATE_V6 = /^\[(::|64:ff9b:|f[cd]|fe[89ab])/i;

/**
 * Whether the host is a literal address that only this machine or network can reach. A server on the internet that
 * sends us to one is not asking for anything good.
 */
export function isPrivateAddress(url: string): boolean {
  const { hostname } = new URL(url);
  return /(^|\.)localhost\.?$/.test(hostname) || PRIVATE_V4.test(hostname) || PRIVATE_V6.test(hostname);
}
