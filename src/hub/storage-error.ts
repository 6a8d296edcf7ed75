import { ModelcarError } from '../core/error.ts';
import { isForeignPage } from '../http/foreign-page.ts';
import { presentable, presentablePage, withStatus } from '../http/presentable.ts';
import { isPassing } from '../http/retry.ts';
import { type HttpResponse, readText } from '../http/transport.ts';

/** Why the storage behind the Hub did not send the bytes. */
export interface StorageFailure {
  /** `other range`: the URL serves only the range that it was minted for. */
  readonly kind: 'passing' | 'refused URL' | 'other range' | 'final';
  readonly error: ModelcarError;
}

/** An expired URL gets 403 as a rule; so does much else. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/** The storage refuses files of 411 GB (https://github.com/huggingface/huggingface_hub/issues/4330). */
const HUGE = 400e9;

/** @param what what we were doing, such as `read w.bin of acme/llama` */
export async function storageFailure(
  response: HttpResponse,
  what: string,
  fileSize: number,
): Promise<StorageFailure> {
  const { status, headers } = response;
  const body = await readText(response).catch(() => '');
  const isForeign = isForeignPage(body);
  const said = isForeign ? presentablePage(body, response) : presentable(body, response);
  const requestId = headers['x-amz-cf-id'] ?? headers['x-request-id'];
  const request = requestId === undefined ? '' : ` (request ${presentable(requestId, response)})`;
  const message = `cannot ${what} from the Hub's storage: ${withStatus(status, said)}${request}`;
  if (isPassing(status)) {
    const code = status === 429 ? 'RATE_LIMITED' : 'UNAVAILABLE';
    return {
      kind: 'passing',
      error: new ModelcarError(code, message, { hint: 'Run the same command again.' }),
    };
  }
  const error = new ModelcarError('UNSUPPORTED', message, {
    hint: isForeign ? FIREWALL : advice(status, fileSize),
  });
  if (!REFUSALS.has(status)) return { kind: 'final', error };
  return { kind: /\binvalid range\b/i.test(said) ? 'other range' : 'refused URL', error };
}

const FIREWALL =
  "Look for a proxy or firewall on the way to the Hub's storage, which has other host names than the Hub: the answer is a page.";

function advice(status: number, fileSize: number): string {
  if (status === 400 && fileSize >= HUGE) {
    return 'The storage does not serve files of 400 GB and more to plain HTTP: leave this one out with --ignore-patterns, or ask its owner for smaller ones.';
  }
  return REFUSALS.has(status)
    ? 'The storage refuses a fresh URL too; if it goes on, report the request to the Hub.'
    : 'The storage cannot serve this file; report the request to the Hub.';
}
