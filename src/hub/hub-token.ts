import { originOf } from '../http/origin.ts';
import { isPassing } from '../http/retry.ts';
import {
  discard,
  type HttpRequest,
  type HttpResponse,
  type Transport,
  type Wrapper,
} from '../http/transport.ts';

/** The token of a request. `refused`: the Hub refused the token, and requests continue without it. */
export type SentToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'sent' | 'refused'; readonly origin: string | undefined };

/** An optional token and whether the Hub has refused it. Shared by all requests to one Hub. */
export interface OptionalToken {
  readonly isRefused: boolean;
  refuse(): void;
}

/** @returns what to send instead of `refused`; the same where there is nothing newer */
export type RenewToken = (refused: string) => Promise<string>;

/** @param read what the token is now, such as the content of a file that was replaced */
export function createTokenRenewal(token: string, read: () => Promise<string | undefined>): RenewToken {
  let latest = token;
  let reading: Promise<string | undefined> | undefined;
  return async (refused) => {
    if (latest !== refused) return latest;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    latest = (await reading) || latest;
    return latest;
  };
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
  /** Undefined: the user set the token for this push, so never ask without it. */
  readonly optionalToken?: OptionalToken | undefined;
  /** Undefined: the token stays what it is. */
  readonly renewToken?: RenewToken | undefined;
}

export function sentToken({ token, tokenOrigin, optionalToken }: HubTokenOptions): SentToken {
  if (token === undefined) return { kind: 'none' };
  return { kind: optionalToken?.isRefused ? 'refused' : 'sent', origin: tokenOrigin };
}

/**
 * Sends the token only to the Hub: not to a CDN, not to the Hub behind a mirror. When the Hub refuses it,
 * ask again with the token that has replaced it, if there is one. The Hub refuses an expired token for public models too.
 * So when it refuses an optional token, ask again without it. If that helps, drop the token.
 *
 * @param home the origin of the Hub
 */
export function withHubToken(
  home: string,
  { token, optionalToken, renewToken = async (refused) => refused }: HubTokenOptions,
): Wrapper {
  let latest = token;
  return (transport) => async (request) => {
    const sent = latest;
    if (sent === undefined || optionalToken?.isRefused || originOf(request.url) !== home) {
      return transport(request);
    }
    const response = await transport(withToken(request, sent));
    if (response.status !== 401) return response;
    const renewed = await renewToken(sent);
    latest = renewed;
    const again =
      renewed === sent ? response : await askAgain(withToken(request, renewed), response, transport);
    if (again.status !== 401 || optionalToken === undefined) return again;
    return askWithout(request, again, transport, optionalToken);
  };
}

function withToken(request: HttpRequest, token: string): HttpRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

async function askAgain(
  request: HttpRequest,
  refusal: HttpResponse,
  transport: Transport,
): Promise<HttpResponse> {
  await discard(refusal);
  return transport(request);
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
    // The model is not public, so return the first answer.
    await discard(anonymous);
    return refusal;
  }
  if (!isPassing(anonymous.status)) optionalToken.refuse();
  await discard(refusal);
  return anonymous;
}
