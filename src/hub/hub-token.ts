import { originOf } from '../http/origin.ts';
import { isPassing } from '../http/retry.ts';
import {
  discard,
  type HttpRequest,
  type HttpResponse,
  type Transport,
  type Wrapper,
} from '../http/transport.ts';

/** What the Hub was told about who asks. `refused`: the Hub refused the token, and requests go on without it. */
export type SentToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'sent' | 'refused'; readonly origin: string | undefined };

/** Shared by all who ask one Hub with one token that a push can do without. */
export interface OptionalToken {
  readonly isRefused: boolean;
  refuse(): void;
}

/** @param onRefused called once */
export function createOptionalToken(onRefused: () => void, isRefused: boolean = false): OptionalToken {
  return {
    get isRefused() {
      return isRefused;
    },
    refuse() {
      if (isRefused) return;
      isRefused = true;
      onRefused();
    },
  };
}

export interface HubTokenOptions {
  readonly token: string | undefined;
  /** Where the token comes from, for messages. */
  readonly tokenOrigin?: string | undefined;
  /** Undefined: the token was given for this push, so nothing is asked without it. */
  readonly optionalToken?: OptionalToken | undefined;
}

export function sentToken({ token, tokenOrigin, optionalToken }: HubTokenOptions): SentToken {
  if (token === undefined) return { kind: 'none' };
  return { kind: optionalToken?.isRefused ? 'refused' : 'sent', origin: tokenOrigin };
}

/**
 * Sends the token to the Hub and to nobody else: not to a CDN, not to the Hub behind a mirror. The Hub refuses an expired
 * token for public models too. So when it refuses an optional token, ask again without it. If that helps, drop the token.
 *
 * @param home the origin of the Hub
 */
export function withHubToken(home: string, { token, optionalToken }: HubTokenOptions): Wrapper {
  return (transport) => async (request) => {
    if (token === undefined || optionalToken?.isRefused || originOf(request.url) !== home) {
      return transport(request);
    }
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const response = await transport({ ...request, headers });
    if (response.status !== 401 || optionalToken === undefined) return response;
    return askWithout(request, response, transport, optionalToken);
  };
}

async function askWithout(
  request: HttpRequest,
  refusal: HttpResponse,
  transport: Transport,
  optionalToken: OptionalToken,
): Promise<HttpResponse> {
  const anonymous = await transport(request).catch(async (error) => {
    await discard(refusal);
    throw error;
  });
  if (anonymous.status === 401 || anonymous.status === 403) {
    // The model is not public, so the first answer is the one to act on.
    await discard(anonymous);
    return refusal;
  }
  if (!isPassing(anonymous.status)) optionalToken.refuse();
  await discard(refusal);
  return anonymous;
}
