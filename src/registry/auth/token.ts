import { ModelcarError } from '../../core/error.ts';
import type { Clock } from '../../core/ports.ts';
import type { Account, RegistryCredentials } from '../../core/registry-credentials.ts';
import { keepTls, originOf } from '../../http/origin.ts';
import { discard, type HttpResponse, readText, type Transport } from '../../http/transport.ts';
import { meaningOf, saidMeaning } from '../answer-meaning.ts';
import { readProblem, refusalError, refusalOf } from '../registry-error.ts';
import { parseTokenAnswer } from '../wire.ts';
import type { ShownChallenge } from './challenge.ts';

export interface Token {
  readonly value: string;
  /** On the clock's `now()`: from then on a new one is fetched before a request, not after its refusal. */
  readonly staleAt: number;
  /** On the clock's `now()`: its life is over, as far as we were told. */
  readonly deadAt: number;
  /** What the next exchange of an identity token is to be made with, where the server says so. */
  readonly refreshToken?: string | undefined;
}

export interface TokenRequest {
  readonly challenge: ShownChallenge;
  /** The refused authorization: the realm's URL may repeat it. */
  readonly spent?: string | undefined;
  /** The origin that sent the challenge. */
  readonly registryOrigin: string;
  /** What we need, such as `repository:acme/llama:pull,push`. */
  readonly scope: string;
  /** A registry token needs no exchange. */
  readonly credentials: Exclude<RegistryCredentials, { kind: 'bearer' }> | undefined;
  /** Whose they are. */
  readonly account?: Account | undefined;
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
  const { challenge, registryOrigin } = request;
  const realm = trustedRealm(challenge, registryOrigin);
  const sentAt = clock.now();
  const { response, exchanged } = await askRealm(realm, request, transport);
  const what = `get a token for ${registryOrigin} from ${keepTls(registryOrigin, response.redact(challenge.shownRealm))}`;
  if (response.status !== 200) throw await tokenRefused(what, { ...response, account: request.account });
  const answer = parseTokenAnswer(await readText(response));
  if (answer === undefined)
    throw new ModelcarError('UNSUPPORTED', `cannot ${what}: the answer holds no token`, {
      hint: 'This is a fault of the registry or of the token server that it names: report it there.',
    });
  // From when we asked, on our clock: an `issued_at` is by the clock of the server, which may be any.
  const lifeMs = answer.expiresIn * 1000;
  const deadAt = sentAt + lifeMs;
  const staleAt = deadAt - Math.min(MARGIN_MS, lifeMs / 4);
  return { value: answer.token, staleAt, deadAt, ...(exchanged && { refreshToken: answer.refreshToken }) };
}

/** A 403 of a token server may mean a wrong password (GitHub) or an account that may not push (GitLab). */
async function tokenRefused(what: string, response: HttpResponse): Promise<ModelcarError> {
  const problem = await readProblem(response);
  const refusal = refusalOf(problem);
  if (problem.status === 404 && saidMeaning(problem) === undefined) {
    // This URL names no repository.
    const hint = 'Correct the URL of the token server in the configuration of the registry.';
    return refusalError(what, { ...refusal, hint });
  }
  if (meaningOf(problem) !== 'no-right') return refusalError(what, refusal);
  return refusalError(what, {
    ...refusal,
    hint: 'Check the password, and whether the account may push to this repository.',
  });
}

/** An account asks with GET; an identity token is exchanged with POST, where the realm knows of that. */
async function askRealm(
  realm: string,
  request: TokenRequest,
  transport: Transport,
): Promise<{ readonly response: HttpResponse; readonly exchanged: boolean }> {
  const { credentials } = request;
  if (credentials?.kind !== 'identity') {
    return { response: await askWithAccount(realm, request, transport, credentials), exchanged: false };
  }
  const { username, identityToken } = credentials;
  const form = questions(
    request,
    new URLSearchParams({ grant_type: 'refresh_token', refresh_token: identityToken }),
  );
  const scope = form.getAll('scope').join(' ');
  form.set('scope', scope);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await transport({
    method: 'POST',
    url: realm,
    headers,
    body: Buffer.from(form.toString()),
    secrets: secretsOf(request),
  });
  if (response.status !== 404 && response.status !== 405) return { response, exchanged: true };
  await discard(response);
  const account = { username, password: identityToken };
  return { response: await askWithAccount(realm, request, transport, account), exchanged: false };
}

function askWithAccount(
  realm: string,
  request: TokenRequest,
  transport: Transport,
  account: { readonly username: string; readonly password: string } | undefined,
): Promise<HttpResponse> {
  const url = new URL(realm);
  questions(request, url.searchParams);
  if (account) url.searchParams.set('account', account.username);
  const headers: Record<string, string> = account ? { authorization: basicAuthorization(account) } : {};
  return transport({ method: 'GET', url: url.href, headers, secrets: secretsOf(request) });
}

/** What both ways of asking say. */
function questions(request: TokenRequest, parameters: URLSearchParams): URLSearchParams {
  const { service } = request.challenge.parameters;
  if (service !== undefined) parameters.set('service', service);
  for (const scope of scopes(request)) parameters.append('scope', scope);
  parameters.set('client_id', 'oci-modelcar');
  return parameters;
}

/** The layer's thread sent the refused token, so this transport does not know it. */
function secretsOf({ spent }: TokenRequest): readonly string[] {
  return spent === undefined ? [] : [spent.slice(spent.indexOf(' ') + 1)];
}

/** `Basic` and the account (RFC 7617). */
export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * The realm gets credentials, so its connection must be as safe as that of the registry. Replace an `http:` realm on the
 * registry's own host by its https origin: the registry does not know about the TLS proxy in front of it.
 */
function trustedRealm({ parameters, shownRealm }: ShownChallenge, registryOrigin: string): string {
  const realm = parameters.realm && keepTls(registryOrigin, parameters.realm);
  if (!realm || !URL.canParse(realm)) {
    throw new ModelcarError(
      'UNSUPPORTED',
      `${registryOrigin} asks for a token without saying where to get one`,
      { hint: 'This is a fault of the registry or of the token server that it names: report it there.' },
    );
  }
  const { protocol } = new URL(realm);
  const plain =
    protocol === 'http:' && (registryOrigin.startsWith('http:') || originOf(realm) === registryOrigin);
  if (protocol === 'https:' || plain) return realm;
  throw new ModelcarError(
    'UNSUPPORTED',
    `${registryOrigin} asks for a token from ${shownRealm}: credentials stay on TLS`,
    { hint: 'Give the token server of the registry an https URL.' },
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
