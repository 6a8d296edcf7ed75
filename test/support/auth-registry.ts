import type { RegistryCredentials } from '../../src/core/registry-credentials.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/http/transport.ts';
import { createAuthorization, withRegistryAuth } from '../../src/registry/auth/registry-auth.ts';
import { answer } from './answer.ts';
import { secret } from './secrets.ts';
import { type TestClock, testClock } from './test-clock.ts';

export const ORIGIN = 'https://r.test';
export const GET: HttpRequest = { method: 'GET', url: `${ORIGIN}/v2/` };
export const BEARER = 'Bearer realm="https://auth.test/token",service="r"';
const ada: RegistryCredentials = { kind: 'account', username: 'ada', password: secret('password') };
export const TOKEN: string = `${secret('registry token')}.`;
export const BASIC: string = `Basic ${Buffer.from(`ada:${secret('password')}`).toString('base64')}`;

export interface AuthRegistryOptions {
  readonly challenge?: string;
  readonly credentials?: RegistryCredentials | undefined;
  /** Asked each time instead of `credentials`. */
  readonly helper?: () => RegistryCredentials;
  /** Which authorization the registry takes; default: the newest token. */
  readonly accepts?: (authorization: string | undefined, newest: string) => boolean;
  /** What a refusal waits for. */
  readonly refusal?: (request: HttpRequest) => Promise<void> | undefined;
  readonly tokenAnswer?: (count: number, request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
}

export interface AuthRegistry {
  readonly send: Transport;
  readonly sent: readonly HttpRequest[];
  /** How often credentials were asked for. */
  readonly asked: readonly string[];
  readonly clock: TestClock;
  /** The requests to the token server so far. */
  tokens(): number;
  authorizations(): readonly (string | undefined)[];
}

/** A registry, and a token server beside it, as `withRegistryAuth` sees them. */
export function authRegistry({
  challenge = BEARER,
  accepts,
  refusal,
  tokenAnswer,
  ...options
}: AuthRegistryOptions = {}): AuthRegistry {
  const clock = testClock();
  const sent: HttpRequest[] = [];
  const asked: string[] = [];
  let tokens = 0;
  const authorization = createAuthorization({
    account: () => undefined,
    origin: ORIGIN,
    scope: 'repository:a:pull,push',
    async credentials() {
      asked.push('credentials');
      if (options.helper) return options.helper();
      return 'credentials' in options ? options.credentials : ada;
    },
    async tokens(request) {
      tokens += 1;
      return (
        tokenAnswer?.(tokens, request) ??
        answer(200, {}, JSON.stringify({ token: `${TOKEN}${tokens}`, expires_in: 300 }))
      );
    },
    clock,
  });
  const wrap = withRegistryAuth(ORIGIN, authorization);
  const taken = accepts ?? ((authorization, newest) => authorization === newest);
  const send = wrap(async (request) => {
    sent.push(request);
    if (!request.url.startsWith(ORIGIN)) return answer(200);
    if (taken(request.headers?.authorization, `Bearer ${TOKEN}${tokens}`)) return answer(200);
    await refusal?.(request);
    return answer(401, { 'www-authenticate': challenge });
  });
  return {
    send,
    sent,
    asked,
    clock,
    tokens: () => tokens,
    authorizations: () => sent.map(({ headers }) => headers?.authorization),
  };
}
