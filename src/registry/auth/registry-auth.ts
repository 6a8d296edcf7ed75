import type { Clock } from '../../core/ports.ts';
import type { RegistryCredentials } from '../../core/registry-credentials.ts';
import { originOf } from '../../http/origin.ts';
import { canRepeat, discard, type HttpRequest, type Transport, type Wrapper } from '../../http/transport.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization, fetchToken, type Token } from './token.ts';

export interface RegistryAuth {
  /** The only origin that gets an `Authorization`. */
  readonly origin: string;
  readonly scope: string;
  /** Asked when the registry wants them, and again for each renewal: what helpers give out has a life of hours. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
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
  /** The header, and until when it will do. */
  let held: Token | undefined;
  let fetching: Promise<void> | undefined;

  async function fetchNew(): Promise<void> {
    if (challenge === undefined) return;
    const credentials = await auth.credentials();
    held = await headerFor(challenge, credentials, auth);
  }

  async function fetchOnce(): Promise<void> {
    fetching ??= fetchNew().finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  return {
    async current() {
      if (held !== undefined && auth.clock.now() >= held.staleAt) await fetchOnce();
      return held?.value;
    },
    async renew(latest, refused) {
      if (held?.value !== refused) return held?.value;
      challenge = latest;
      await fetchOnce();
      return held?.value;
    },
  };
}

/** What the challenge wants, made of what we have; undefined where there is nothing that it could use. */
async function headerFor(
  challenge: Challenge,
  credentials: RegistryCredentials | undefined,
  { origin: registryOrigin, scope, tokens, clock }: RegistryAuth,
): Promise<Token | undefined> {
  if (credentials?.kind === 'bearer') {
    return { value: `Bearer ${credentials.token}`, staleAt: Number.POSITIVE_INFINITY };
  }
  if (challenge.scheme === 'bearer') {
    const { value, staleAt } = await fetchToken(
      { challenge, registryOrigin, scope, credentials },
      tokens,
      clock,
    );
    return { value: `Bearer ${value}`, staleAt };
  }
  if (credentials?.kind !== 'account') return undefined;
  return { value: basicAuthorization(credentials), staleAt: Number.POSITIVE_INFINITY };
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
