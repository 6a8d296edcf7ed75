/**
 * Whether a proxy or firewall on the way answered, not the server that we asked: the APIs of the Hub and of registries send
 * no HTML.
 */
export function isForeignPage(body: string): boolean {
  return /^\s*<(!doctype html|html)\b/i.test(body) || FIREWALL.test(body);
}

/** Cloudflare for a client that is no browser: docker/hub-feedback#2502; Envoy: its RBAC filter. */
const FIREWALL = /^(error code: 1\d{3}|RBAC: access denied)\s*$/;
