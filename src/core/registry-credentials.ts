/** What a registry accepts, in the forms in which docker and podman keep it. */
export type RegistryCredentials =
  | { readonly kind: 'account'; readonly username: string; readonly password: string }
  /** To be exchanged for a token with a POST (https://distribution.github.io/distribution/spec/auth/oauth/). */
  | { readonly kind: 'identity'; readonly username: string; readonly identityToken: string }
  /** A registry token, sent as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export interface FoundCredentials {
  readonly credentials: RegistryCredentials;
  /** Where from, for people: a file, a helper, a variable. Never what. */
  readonly origin: string;
  /** What to do if a registry does not accept them, in one imperative sentence. Default: to log in again. */
  readonly hint?: string;
  /** Files that exist and cannot be used, for messages. Each becomes a `warning` event. */
  readonly warnings?: readonly string[];
}

/** No account for this registry. */
export interface NoCredentials {
  readonly credentials?: undefined;
  /** Where the search looked, for messages: `~/.docker/config.json (no entry for ghcr.io)`. Never a secret. */
  readonly lookedIn: readonly string[];
  readonly warnings?: readonly string[];
}

/**
 * Where credentials for a repository come from, such as the files of docker and podman.
 * `signal` aborts when the push or the check ends: then the credentials are no longer needed.
 */
export type CredentialSource = (
  host: string,
  repository: string,
  signal?: AbortSignal,
) => Promise<FoundCredentials | NoCredentials | undefined>;

/** The account that we sent to a registry, for messages. Never a secret. */
export type Account =
  | { readonly kind: 'none'; readonly lookedIn: readonly string[] }
  | {
      readonly kind: 'found';
      /** `user "ada" (from OCI_USERNAME)` */
      readonly name: string;
      readonly secret: 'password' | 'identity token' | 'registry token';
      readonly hint?: string | undefined;
    };

export function accountOf(found: FoundCredentials | NoCredentials | undefined): Account {
  if (found?.credentials === undefined) return { kind: 'none', lookedIn: found?.lookedIn ?? [] };
  const { credentials, origin, hint } = found;
  if (credentials.kind !== 'account') {
    const secret = credentials.kind === 'identity' ? 'identity token' : 'registry token';
    return { kind: 'found', name: `the ${secret} from ${origin}`, secret, hint };
  }
  const { username, password } = credentials;
  // Some registries take a token as the name, with itself, nothing or this word as the password: then the name is a secret.
  const isToken = [username, '', 'x-oauth-basic'].includes(password);
  const name = isToken ? 'the account' : `user "${username}"`;
  return { kind: 'found', name: `${name} (from ${origin})`, secret: 'password', hint };
}
