import { ModelcarError } from '../../core/error.ts';
import type { Clock } from '../../core/ports.ts';
import { originOf, withoutQuery } from '../../http/origin.ts';
import { readText, type Transport } from '../../http/transport.ts';
import { registryError } from '../registry-error.ts';
import { parseTokenAnswer } from '../wire.ts';
import type { Challenge } from './challenge.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';

export interface Token {
  readonly value: string;
  /** On the clock's `now()`: from then on a new one is fetched before a request, not after its refusal. */
  readonly staleAt: number;
}

export interface TokenRequest {
  readonly challenge: Challenge;
  /** The origin that sent the challenge. */
  readonly registryOrigin: string;
  /** What we need, such as `repository:acme/llama:pull,push`. */
  readonly scope: string;
  readonly credentials: Credentials | undefined;
}

/** A request may take a minute from here to the registry's check of it. */
const MARGIN_MS = 60_000;

/**
 * Fetches a token from the realm of a Bearer challenge
 * (https://distribution.github.io/distribution/spec/auth/token/).
 *
 * @throws ModelcarError `UNAUTHORIZED` when the realm refuses; `UNSUPPORTED` when there is no realm that could be
 *   trusted with credentials
 */
export async function fetchToken(request: TokenRequest, transport: Transport, clock: Clock): Promise<Token> {
  const { challenge, registryOrigin, credentials } = request;
  const realm = trustedRealm(challenge, registryOrigin);
  const url = new URL(realm);
  const { service } = challenge.parameters;
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes(request)) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', 'oci-modelcar');
  const headers: Record<string, string> = credentials
    ? { authorization: basicAuthorization(credentials) }
    : {};
  if (credentials) url.searchParams.set('account', credentials.username);

  const sentAt = clock.now();
  const response = await transport({ method: 'GET', url: url.href, headers });
  const what = `get a token for ${registryOrigin} from ${withoutQuery(realm)}`;
  if (response.status !== 200) throw await registryError(what, response);
  const answer = parseTokenAnswer(await readText(response));
  if (answer === undefined)
    throw new ModelcarError('UNSUPPORTED', `cannot ${what}: the answer holds no token`);
  const lifeMs = answer.expiresIn * 1000;
  return { value: answer.token, staleAt: sentAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 4) };
}

/** Credentials go to the realm, so it must be as well protected as the registry that named it. */
function trustedRealm({ parameters }: Challenge, registryOrigin: string): string {
  const { realm } = parameters;
  if (realm === undefined || !URL.canParse(realm)) {
    throw new ModelcarError(
      'UNSUPPORTED',
      `${registryOrigin} asks for a token without saying where to get one`,
    );
  }
  const { protocol } = new URL(realm);
  const plain =
    protocol === 'http:' && (registryOrigin.startsWith('http:') || originOf(realm) === registryOrigin);
  if (protocol === 'https:' || plain) return realm;
  throw new ModelcarError(
    'UNSUPPORTED',
    `${registryOrigin} asks for a token from ${withoutQuery(realm)}: credentials stay on TLS`,
  );
}

/**
 * Ours first, some servers read only the first; then what the registry asks for beyond it. The right to delete is
 * never asked for: accounts that may only push would be refused everything.
 */
function scopes({ challenge, scope }: TokenRequest): readonly string[] {
  const asked = challenge.parameters.scope?.split(' ') ?? [];
  const ours = scope.slice(0, scope.lastIndexOf(':') + 1);
  return [
    scope,
    ...asked.filter((other) => other !== '' && !other.startsWith(ours) && !/\bdelete\b/.test(other)),
  ];
}
