/** `scheme://host[:port]` with the default port left out, for comparing; credentials never leave their origin. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/** The URL as messages show it: a query may carry a signature or a session's state, both as good as a password. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

const PRIVATE_V4 = /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+$/;
/** With the mapped ones: `::ffff:10.0.0.1` is 10.0.0.1. */
const PRIVATE_V6 = /^\[(::1?\]|::ffff:|f[cd]|fe[89ab])/i;

/**
 * Whether the host is a literal address that only this machine or network can reach. A server on the internet that
 * sends us to one is not asking for anything good.
 */
export function isPrivateAddress(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || PRIVATE_V4.test(hostname) || PRIVATE_V6.test(hostname);
}
