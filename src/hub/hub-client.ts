import { fromBytes } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';
import { originOf } from '../http/origin.ts';
import { createPacer, type Pacer, withPacing } from '../http/pacing.ts';
import { presentable, shownUrl } from '../http/presentable.ts';
import { withRedirects } from '../http/redirect.ts';
import { type RetryPolicy, withRetry } from '../http/retry.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { type HttpRequest, type HttpResponse, readBytes, type Transport } from '../http/transport.ts';
import { type HubEndpoint, parseHubEndpoint } from './endpoint.ts';
import { createHubConnections, DEFAULT_CONNECTIONS, type HubConnections } from './hub-connections.ts';
import { allowanceOf, bucketOf } from './hub-quota.ts';
import { type HubTokenOptions, type SentToken, sentToken, withHubToken } from './hub-token.ts';
import { namingEndpoint } from './no-hub.ts';
import { parseErrorMessage } from './wire.ts';

export interface HubOptions extends HubTokenOptions {
  readonly endpoint: string;
  /** What forbids every request to the Hub, such as `HF_HUB_OFFLINE`. */
  readonly offline?: string | undefined;
  /** How long an answer to a question about the model may take to begin: `HF_HUB_ETAG_TIMEOUT`. */
  readonly metadataTimeoutMs: number;
  /** How long a download may bring no byte, its first included: `HF_HUB_DOWNLOAD_TIMEOUT`. */
  readonly stallTimeoutMs: number;
  readonly retries: number;
  readonly onRetry?: RetryPolicy['onRetry'];
  /** Shared by all who ask this Hub. */
  readonly pacer?: Pacer | undefined;
  /** Shared by all who read from this Hub. */
  readonly connections?: HubConnections | undefined;
  /** Whether the processors are at work: who waits then waits for them, and another connection is of no use. */
  readonly isBusy?: () => boolean;
  /** Bare: one request at a time, no retry, no redirects. */
  readonly transport: Transport;
  readonly clock: Clock;
}

/** What the parts of the adapter share. */
export interface HubClient {
  readonly endpoint: HubEndpoint;
  /** The token of the next request. */
  readonly token: SentToken;
  /** Metadata: with the token, retried, redirects followed. */
  readonly api: Transport;
  /** The same for an answer that may be a redirect, which is the answer then. */
  readonly ask: Transport;
  /** File bytes: with the token where it belongs, one request at a time; `hub-file.ts` does the rest. */
  readonly bytes: Transport;
  readonly connections: HubConnections;
  readonly isBusy: () => boolean;
  readonly retries: number;
  readonly clock: Clock;
}

/** 1000 entries with long paths and their hashes stay well below. */
export const PAGE_LIMIT: number = 16 * 2 ** 20;

export function createHubClient(options: HubOptions): HubClient {
  const { retries, onRetry, clock, metadataTimeoutMs, stallTimeoutMs } = options;
  const { pacer = createPacer({ clock }) } = options;
  const { isBusy = () => false, connections = createHubConnections({ most: DEFAULT_CONNECTIONS, clock }) } =
    options;
  const endpoint = parseHubEndpoint(options.endpoint);
  const waitMs = (response: HttpResponse) => hubWaitMs(response, clock.date());
  const paced = withPacing({ clock, pacer, bucketOf, allowanceOf, waitMs })(options.transport);
  const naming = namingEndpoint(endpoint);
  const home = originOf(endpoint.url);
  const authorized = options.offline
    ? offline(options.offline)
    : withHubToken(home, options)(uncompressed(naming.inner(paced)));
  const limited =
    (limits: Pick<HttpRequest, 'answerTimeoutMs' | 'stallTimeoutMs' | 'reusesMemory'>): Transport =>
    (request) =>
      authorized({ ...limits, ...request });
  const metadata = limited({ answerTimeoutMs: metadataTimeoutMs, stallTimeoutMs });
  const patient = withRetry({ retries, clock, waitMs, onRetry });
  return {
    endpoint,
    get token() {
      return sentToken(options);
    },
    api: naming.outer(patient(withRedirects(10)(readWhole(metadata)))),
    ask: naming.outer(patient(metadata)),
    bytes: limited({ answerTimeoutMs: stallTimeoutMs, stallTimeoutMs, reusesMemory: true }),
    connections,
    isBusy,
    retries,
    clock,
  };
}

/**
 * Metadata counts as answered when its last byte is here: cut off in the middle, it is asked for again.
 * @throws ModelcarError `UNSUPPORTED` when it goes on beyond {@link PAGE_LIMIT}
 */
function readWhole(transport: Transport): Transport {
  return async (request) => {
    const response = await transport(request);
    const bytes = await readBytes(response, PAGE_LIMIT);
    if (bytes.length < PAGE_LIMIT) {
      if (response.status === 200) refuseError(bytes, request.url, response);
      return { ...response, body: fromBytes(bytes).open() };
    }
    const what = `the Hub's answer to ${shownUrl(request.url, response)} is longer than ${PAGE_LIMIT / 2 ** 20} MiB`;
    throw new ModelcarError('UNSUPPORTED', `${what}: not read`, {
      hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.',
    });
  };
}

/** A Hub in trouble was seen to answer 200 with an error where the model was due: as passing as a 500. */
function refuseError(bytes: Uint8Array, url: string, response: HttpResponse): void {
  const text = Buffer.from(bytes).toString('utf8');
  const said = /^\s*\{\s*"error"/.test(text) ? parseErrorMessage(text) : undefined;
  if (said === undefined) return;
  const code = /rate limit/i.test(said) ? 'RATE_LIMITED' : 'UNAVAILABLE';
  const what = `GET ${shownUrl(url, response)} was answered with an error`;
  throw new ModelcarError(code, `${what}: ${presentable(said, response)}`, {
    hint: 'Run the same command again.',
  });
}

/** Compressed on the way, a file has neither a length nor ranges. */
function uncompressed(transport: Transport): Transport {
  return (request) =>
    transport({ ...request, headers: { 'accept-encoding': 'identity', ...request.headers } });
}

/**
 * How long the Hub wants us to wait. Its 429 often has no `Retry-After`; then `RateLimit: "resolvers";r=0;t=172` says
 * when the window ends (https://huggingface.co/docs/hub/rate-limits).
 */
export function hubWaitMs({ status, headers }: HttpResponse, date: number): number | undefined {
  const window = /;\s*r=0\s*;\s*t=(\d{1,6})/.exec(headers.ratelimit ?? '');
  const seconds = status === 429 && window ? `${Number(window[1]) + 1}` : headers['retry-after'];
  return parseRetryAfter(seconds, date);
}

function offline(by: string): Transport {
  return async () => {
    throw new ModelcarError('OFFLINE', `cannot reach the Hub: forbidden by ${by}`, {
      hint: `Unset ${by}, or push what hf download left here with --source cache.`,
    });
  };
}
