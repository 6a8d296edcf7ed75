import { ModelcarError } from '../core/error.ts';

/** An HTTP proxy. */
export interface HttpProxy {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** `http://proxy:3128`, never with credentials: what messages call it. */
  readonly name: string;
  /** The value of `Proxy-Authorization`, where the URL has a user. */
  readonly authorization: string | undefined;
}

/**
 * A proxy's URL, such as `http://user:password@proxy:3128`; without a scheme it is `http`, as curl and Go have it.
 * @param variable where the URL comes from, such as `ALL_PROXY`
 * @throws ModelcarError `USAGE`; the message shows no part of the URL that could be a password
 */
export function parseProxy(text: string, variable?: string): HttpProxy {
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url)) {
    throw new ModelcarError('USAGE', `the proxy's URL${of(variable)} cannot be read`, {
      hint: 'Give the proxy as http://host:port; in a user or a password write @ as %40, / as %2F and : as %3A.',
    });
  }
  const { protocol, hostname, port, username, password } = new URL(url);
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '') {
    const scheme = protocol.replace(/:$/, '');
    throw new ModelcarError('USAGE', `the proxy${of(variable)} is not an HTTP proxy, but ${scheme}`, {
      hint: /^all_proxy$/i.test(variable ?? '')
        ? `Set HTTPS_PROXY (HTTP_PROXY) to an HTTP proxy, as http://host:port: it wins over ${variable}.`
        : 'Give an HTTP proxy, as http://host:port.',
    });
  }
  const account = `${decode(username)}:${decode(password)}`;
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    name: new URL(url).origin,
    authorization: account === ':' ? undefined : `Basic ${Buffer.from(account).toString('base64')}`,
  };
}

function of(variable: string | undefined): string {
  return variable === undefined ? '' : ` in ${variable}`;
}

/** A percent sign that escapes nothing stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the proxy said instead of letting us through; `what` is how the message begins. */
export function proxyRefusal(proxy: HttpProxy, what: string, status: number): ModelcarError {
  const through = `${what} through the proxy ${proxy.name}`;
  if (status === 407) {
    return new ModelcarError(
      'UNAUTHORIZED',
      proxy.authorization === undefined
        ? `${through}: it wants a user and a password (407)`
        : `${through}: it does not accept the user and password (407)`,
      { hint: 'Put the account into the URL of the proxy: http://user:password@host:port.' },
    );
  }
  // What it cannot reach now it may reach later; what it forbids it will forbid again.
  return status >= 500 || status === 429
    ? new ModelcarError('UNAVAILABLE', `${through}: the proxy answered ${status}`, {
        hint: 'Check that the proxy can reach the host, or list the host in NO_PROXY.',
      })
    : new ModelcarError('REJECTED', `${through}: the proxy answered ${status}`, {
        hint: 'Have the proxy allow the host, or list the host in NO_PROXY.',
      });
}
