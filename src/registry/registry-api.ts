import type { Clock } from '../core/ports.ts';
import type { RegistryHost } from '../core/reference.ts';
import {
  type Account,
  accountOf,
  type CredentialSource,
  type RegistryCredentials,
} from '../core/registry-credentials.ts';
import { createPacer, type Hold, type Pacer, withPacing } from '../http/pacing.ts';
import { withRedirects } from '../http/redirect.ts';
import { type RetryPolicy, withRetry } from '../http/retry.ts';
import type { Transport } from '../http/transport.ts';
import { type Authorization, createAuthorization, withRegistryAuth } from './auth/registry-auth.ts';
import { withRegistryWarnings } from './registry-warnings.ts';

export interface RegistryApiOptions {
  readonly registry: RegistryHost;
  readonly repository: string;
  readonly credentials: CredentialSource;
  /** Called once, when the registry wants to know who we are: where from, or that there is nothing. */
  readonly onCredentials?: (host: string, origin: string | undefined) => void;
  readonly retries: number;
  readonly onRetry?: RetryPolicy['onRetry'];
  readonly onHold?: ((hold: Hold) => void) | undefined;
  /** Called with what the registry wants its users to know, once for each thing. */
  readonly onWarning?: (message: string) => void;
  /** Bare: one request at a time, no retry, no authorization, no redirects. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** Default: of its own. */
  readonly access?: SharedAccess | undefined;
}

/** What all share who ask one registry for one repository, in whichever thread. */
export interface SharedAccess {
  readonly pacer: Pacer;
  readonly authorization: Authorization;
}

/** One repository of a registry, as requests reach it. */
export interface RegistryApi {
  readonly origin: string;
  /** What the URLs of the repository begin with, without a slash at the end. */
  readonly base: string;
  /**
   * With authorization, held back while the registry wants nothing, and with redirects of what has no stream: who sends
   * one knows what follows a failure.
   */
  readonly authorized: Transport;
  /** With retry and redirects over the same authorization. */
  readonly patient: Transport;
}

export function createRegistryApi(options: RegistryApiOptions, actions: Actions): RegistryApi {
  const { registry, transport, clock, retries, onRetry, onWarning } = options;
  const { origin, repository } = endpoint(options);
  const { pacer, authorization } = options.access ?? createSharedAccess(options, actions);
  const withAuthorization = withRegistryAuth(origin, authorization);
  const withWarnings = withRegistryWarnings({ origin, host: registry.host, onWarning });
  // The wait comes first: a token that is taken along must not grow old in it.
  const authorized = withPacing({ clock, pacer })(withAuthorization(withWarnings(transport)));
  const patient = withRetry({ retries, clock, onRetry })(withRedirects(5)(authorized));
  return { origin, base: `${origin}/v2/${repository}`, authorized, patient };
}

/** What to ask the right for: who only reads may have an account that may only read. */
export type Actions = 'pull' | 'pull,push';

export function createSharedAccess(options: RegistryApiOptions, actions: Actions): SharedAccess {
  const { transport, clock, onHold } = options;
  const { origin, repository } = endpoint(options);
  const pacer = createPacer({ clock, onHold });
  const authorization = createAuthorization({
    origin,
    scope: `repository:${repository}:${actions}`,
    ...findOnce(options),
    tokens: withPacing({ clock, pacer })(transport),
    clock,
  });
  return { pacer, authorization };
}

/** Says once where the credentials came from, however often they are asked for. */
function findOnce(options: RegistryApiOptions): {
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
  readonly account: () => Account | undefined;
} {
  let account: Account | undefined;
  return {
    async credentials() {
      const found = await options.credentials(options.registry.host, options.repository);
      if (account === undefined) {
        const origin = found?.credentials === undefined ? undefined : found.origin;
        options.onCredentials?.(options.registry.host, origin);
      }
      account = accountOf(found);
      return found?.credentials;
    },
    account: () => account,
  };
}

/** The oldest images of Docker Hub have no namespace. */
function endpoint({ registry, repository }: RegistryApiOptions): { origin: string; repository: string } {
  const origin = registryOrigin(registry);
  if (registry.host !== 'docker.io' || repository.includes('/')) return { origin, repository };
  return { origin, repository: `library/${repository}` };
}

/** The API of Docker Hub has another host name. */
export function registryOrigin({ scheme, host }: RegistryHost): string {
  return `${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}`;
}
