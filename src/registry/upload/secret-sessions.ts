import type { Wrapper } from '../../http/transport.ts';

/**
 * Keeps the names of upload sessions out of messages: with some registries whoever knows one may write there. Registries
 * choose the URL of a session freely, so all of its path counts that the repository does not explain.
 */
export function withSecretSessions(base: string): Wrapper {
  const known = new Set(segmentsOf(base));
  return (transport) => (request) => {
    if (isOurs(request.url, base)) return transport(request);
    const secrets = segmentsOf(request.url).filter((segment) => !known.has(segment));
    return transport({ ...request, secrets });
  };
}

/** A URL that we made: it names a blob, or asks for a session. */
function isOurs(url: string, base: string): boolean {
  if (!url.startsWith(`${base}/blobs/`)) return false;
  return /^(sha256:|uploads\/(\?|$))/.test(url.slice(`${base}/blobs/`.length));
}

/** What names the session in its path, as it is sent. A short segment, such as `v2`, is an ordinary word. */
function segmentsOf(url: string): readonly string[] {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const session = path.split(/\/uploads?\//).at(-1) ?? '';
  return session.split('/').filter((segment) => segment.length >= 8);
}
