import type { Clock } from '../../core/ports.ts';
import { originOf } from '../../http/origin.ts';
import { canRepeat, discard, type HttpRequest, type Transport, type Wrapper } from '../../http/transport.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization, type CredentialSource } from './credentials.ts';
import { fetchToken, type Token } from './token.ts';

export interface RegistryAuth {
  /** The only origin that gets an `Authorization`. */
  readonly origin: string;
  /** The registry as credentials know it. */
  readonly host: string;
  readonly scope: string;
  readonly credentials: CredentialSource;
  /** For the token endpoint: without authorization and without retry, which is for who needs the token. */
  readonly tokens: Transport;
  readonly clock: Clock;
}

/**
 * Authorization as a wrapper: asks for nothing until the registry does, then fetches what its challenge names, and
 * renews it before it runs out. A request that is refused is sent once more with a new token, unless its body is a
 * stream: then the refusal goes back to the caller, and its next request carries the new token.
 */
export function withRegistryAuth(auth: RegistryAuth): Wrapper {
  const authorization = createAuthorization(auth);
  return (transport) =>
    async function authorized(request) {
      if (originOf(request.url) !== auth.origin) return transport(request);
      const sent = await unlessAborted(authorization.current(), request.signal);
      const response = await transport(withAuthorization(request, sent));
      if (response.status !== 401) return response;
      const challenge = usable(parseChallenges(response.headers['www-authenticate']));
      if (challenge === undefined) return response;
      const renewed = await unlessAborted(authorization.renew(challenge, sent), request.signal).catch(
        async (error) => {
          await discard(response);
          throw error;
        },
      );
      if (renewed === undefined || renewed === sent || !canRepeat(request)) return response;
      await discard(response);
      return transport(withAuthorization(request, renewed));
    };
}

interface Authorization {
  current(): Promise<string | undefined>;
  /** What to send instead of `refused`. Layers that are refused together share one renewal. */
  renew(challenge: Challenge, refused: string | undefined): Promise<string | undefined>;
}

function createAuthorization(auth: RegistryAuth): Authorization {
  let challenge: Challenge | undefined;
  let basic: string | undefined;
  let token: Token | undefined;
  let fetching: Promise<void> | undefined;

  async function fetchNew(): Promise<void> {
    if (challenge === undefined) return;
    const credentials = await auth.credentials(auth.host);
    if (challenge.scheme === 'basic') basic = credentials && basicAuthorization(credentials);
    else {
      const { origin: registryOrigin, scope } = auth;
      token = await fetchToken({ challenge, registryOrigin, scope, credentials }, auth.tokens, auth.clock);
    }
  }

  async function fetchOnce(): Promise<void> {
    fetching ??= fetchNew().finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  function value(): string | undefined {
    return challenge?.scheme === 'bearer' ? token && `Bearer ${token.value}` : basic;
  }

  return {
    async current() {
      if (token !== undefined && auth.clock.now() >= token.staleAt) await fetchOnce();
      return value();
    },
    async renew(latest, refused) {
      if (value() !== refused) return value();
      challenge = latest;
      await fetchOnce();
      return value();
    },
  };
}

/** Bearer where it is offered: Gitea offers both, and only its tokens know about repositories. */
function usable(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme }) => scheme === 'bearer') ??
    challenges.find(({ scheme }) => scheme === 'basic')
  );
}

/** Stops the waiting, not the work: others wait for the same token. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function withAuthorization(request: HttpRequest, authorization: string | undefined): HttpRequest {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } };
}
