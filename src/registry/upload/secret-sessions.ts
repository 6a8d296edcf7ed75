import type { Wrapper } from '../../http/transport.ts';

/**
 * Keeps upload sessions out of messages: some registries accept writes from anyone who knows the session. Registries
 * choose its URL freely, so every part of its path is secret, except those of the repository.
 */
export function withSecretSessions(base: string): Wrapper {
  const known = new Set(segmentsOf(base));
  return (transport) => (request) => {
    // A HEAD asks for a blob, also where a redirect leads it to storage.
    if (request.method === 'HEAD' || isOurs(request.url, base)) return transport(request);
    const secrets = segmentsOf(request.url).filter((segment) => !known.has(segment));
    return transport({ ...request, secrets });
  };
}

/** Whether we made this URL ourselves: it names a blob or opens a session. */
function isOurs(url: string, base: string): boolean {
  if (!url.startsWith(`${base}/blobs/`)) return false;
  return /^(sha256:|uploads\/(\?|$))/.test(url.slice(`${base}/blobs/`.length));
}

/** The path after `/uploads/`, or all of it. A short segment, such as `v2`, is an ordinary word. */
function segmentsOf(url: string): readonly string[] {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const session = path.split(/\/uploads?\//).at(-1) ?? '';
  return session.split('/').filter((segment) => segment.length >= 8);
}
