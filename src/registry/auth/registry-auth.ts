import { isPassingError } from '../../core/error.ts';
import type { Clock } from '../../core/ports.ts';
import type { Account, RegistryCredentials } from '../../core/registry-credentials.ts';
import { originOf } from '../../http/origin.ts';
import { shownUrl } from '../../http/presentable.ts';
import {
  canRepeat,
  discard,
  type HttpRequest,
  type HttpResponse,
  type Transport,
  type Wrapper,
} from '../../http/transport.ts';
import { parseChallenges, type ShownChallenge } from './challenge.ts';
import { rememberCredentials, sameCredentials } from './remembered-credentials.ts';
import { basicAuthorization, fetchToken, type Token } from './token.ts';

export interface RegistryAuth {
  /** The only origin that gets an `Authorization`. */
  readonly origin: string;
  readonly scope: string;
  /** Asked when the registry wants them, and again when they are refused: what helpers give out has a life of hours. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
  /** The account of the latest credentials; undefined before the registry asks. */
  readonly account: () => Account | undefined;
  /** For the token endpoint: without authorization and without retry, which is for who needs the token. */
  readonly tokens: Transport;
  readonly clock: Clock;
}

/**
 * Authorization as a wrapper: asks for nothing until the registry does, then fetches what its challenge names, and
 * renews it before it runs out. A request that is refused is sent once more with a new token, unless its body is a
 * stream. Then the caller gets the refusal, marked as `renewed`, and its next request carries the new token. A refusal
 * carries the account that was refused.
 */
export function withRegistryAuth(origin: string, authorization: Authorization): Wrapper {
  const withToken = withRenewal(origin, authorization);
  return (transport) => {
    const send = withToken(transport);
    return async (request) => {
      const response = await send(request);
      const { status } = response;
      // A registry may refuse with any of these. Skip 404: it is too frequent.
      const mayBeRefusal = status >= 400 && status < 500 && status !== 404;
      if (!mayBeRefusal || originOf(request.url) !== origin) return response;
      return { ...response, account: await authorization.account() };
    };
  };
}

function withRenewal(origin: string, authorization: Authorization): Wrapper {
  return (transport) =>
    async function authorized(request) {
      if (originOf(request.url) !== origin) return transport(request);
      const sent = await unlessAborted(authorization.current(), request.signal);
      const response = await transport(withAuthorization(request, sent));
      if (response.status !== 401) return response;
      const challenge = usable(response);
      if (challenge === undefined) return response;
      const renewed = await unlessAborted(authorization.renew(challenge, sent), request.signal).catch(
        async (error) => {
          await discard(response);
          throw error;
        },
      );
      if (renewed === undefined || renewed === sent) return response;
      if (!canRepeat(request)) return { ...response, renewed: true };
      await discard(response);
      return transport(withAuthorization(request, renewed));
    };
}

/** What to send as `Authorization`, the same for everybody, in whichever thread. */
export interface Authorization {
  /** Undefined as long as the registry wants nothing. */
  current(): Promise<string | undefined>;
  /** What to send instead of `refused`. Layers that are refused together share one renewal. */
  renew(challenge: ShownChallenge, refused: string | undefined): Promise<string | undefined>;
  /** The account that we sent; undefined if the registry has not asked. */
  account(): Promise<Account | undefined>;
}

export function createAuthorization(auth: RegistryAuth): Authorization {
  const credentials = rememberCredentials(auth.credentials);
  let challenge: ShownChallenge | undefined;
  let held: Token | undefined;
  let fetching: Promise<void> | undefined;

  async function use(found: RegistryCredentials | undefined): Promise<void> {
    if (challenge === undefined) return;
    held = await headerFor(challenge, found, auth, held?.value);
    if (found !== undefined && held?.refreshToken !== undefined) credentials.rotate(found, held.refreshToken);
  }

  async function fetchNew(why: 'stale' | 'refused'): Promise<void> {
    const known = why === 'stale' ? credentials.remembered() : undefined;
    if (known === undefined) return use(await credentials.ask());
    await use(known).catch(async (error) => {
      if (isPassingError(error)) throw error;
      const found = await credentials.ask();
      // Nothing is gained by saying the same again, and some servers lock an account for it.
      if (sameCredentials(found, known)) throw error;
      await use(found);
    });
  }

  async function fetchOnce(why: 'stale' | 'refused'): Promise<void> {
    fetching ??= fetchNew(why).finally(() => {
      fetching = undefined;
    });
    await fetching;
  }

  async function renewBeforeItsEnd(): Promise<void> {
    try {
      await fetchOnce('stale');
    } catch (error) {
      // What is left of its life is time for the token server to come back.
      const alive = held !== undefined && auth.clock.now() < held.deadAt;
      if (!alive || !isPassingError(error)) throw error;
    }
  }

  return {
    async current() {
      if (held !== undefined && auth.clock.now() >= held.staleAt) await renewBeforeItsEnd();
      return held?.value;
    },
    async renew(latest, refused) {
      if (held?.value !== refused) return held?.value;
      challenge = latest;
      // Whoever comes now waits for the next one.
      if (held !== undefined) held = { ...held, staleAt: 0, deadAt: 0 };
      await fetchOnce('refused');
      return held?.value;
    },
    account: async () => auth.account(),
  };
}

/** What the challenge wants, made of what we have; undefined where there is nothing that it could use. */
async function headerFor(
  challenge: ShownChallenge,
  credentials: RegistryCredentials | undefined,
  { origin: registryOrigin, scope, tokens, clock, account }: RegistryAuth,
  spent: string | undefined,
): Promise<Token | undefined> {
  if (credentials?.kind === 'bearer') {
    return lasting(`Bearer ${credentials.token}`);
  }
  if (challenge.scheme === 'bearer') {
    const request = { challenge, registryOrigin, scope, credentials, account: account(), spent };
    const token = await fetchToken(request, tokens, clock);
    return { ...token, value: `Bearer ${token.value}` };
  }
  if (credentials?.kind !== 'account') return undefined;
  return lasting(basicAuthorization(credentials));
}

function lasting(value: string): Token {
  return { value, staleAt: Number.POSITIVE_INFINITY, deadAt: Number.POSITIVE_INFINITY };
}

/** Bearer where it is offered: Gitea offers both, and only its tokens know about repositories. */
function usable(response: HttpResponse): ShownChallenge | undefined {
  const challenges = parseChallenges(response.headers['www-authenticate']);
  const found =
    challenges.find(({ scheme }) => scheme === 'bearer') ??
    challenges.find(({ scheme }) => scheme === 'basic');
  return found && { ...found, shownRealm: shownUrl(found.parameters.realm ?? '', response) };
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
