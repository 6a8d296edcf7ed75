import { ModelcarError } from '../core/error.ts';
import { type Redacting, shownUrl } from './presentable.ts';

type Scheme = 'http:' | 'https:';

/** Host, port and path; the path stays as it is written, but for what HTTP cannot carry. */
export function parseTarget(
  url: string,
  from: Redacting,
): Record<'host' | 'port' | 'path', string> & { protocol: Scheme } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new ModelcarError('UNSUPPORTED', `${shownUrl(url, from)} is not an HTTP URL`, {
      hint: 'Check the URLs that the server or the proxy in front of it is configured with.',
    });
  }
  const { protocol, hostname, port } = parsed;
  const afterAuthority = /^[^:]+:\/\/[^/?#]*/.exec(url)?.[0].length ?? 0;
  const path = url
    .toWellFormed()
    .slice(afterAuthority)
    .replace(/#.*/s, '')
    .replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  const host = hostname.replace(/^\[|\]$/g, '');
  return { protocol, host, port, path: path.startsWith('/') ? path : `/${path}` };
}
